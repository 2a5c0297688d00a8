/**
 * One checkpoint in the engine: the calls about it, with its id there, opened again when the engine is a new one.
 * Role: what a session asks for without keeping it. Text, conversion and runs are session.ts.
 */
import type { ConversionRequest, FileGrouping, GroupingView } from '../protocol/conversion';
import type { HeadDamage, HeadDamageRequest } from '../protocol/damage';
import type { ExportFormatChoice } from '../protocol/exports';
import type {
  AttentionColumn,
  AttentionColumnRequest,
  AttentionRequest,
  AttentionRow,
  AttentionRowRequest,
  AttentionTile,
  HeadStatistics,
  HeadStatisticsRequest,
  MapQuestions,
} from '../protocol/maps';
import type { CompareSummary, HeadDivergence, MeasureRequest, TextMeasures } from '../protocol/measures';
import type { ModelSummary } from '../protocol/model';
import type { Continuation, Prediction, RunSummary } from '../protocol/runs';
import type { SimilarityRequest, SimilarityResult } from '../protocol/similarity';
import type { SweepRequest, SweepResult } from '../protocol/sweep';
import type { TaskId } from '../protocol/tasks';
import type { RunInput, Tokens } from '../protocol/tokens';
import type { Engine } from './engineChild';
import type { CallOptions, EngineProcess } from './engineProcess';

/** A checkpoint that an engine has opened. */
export interface OpenedIn {
  engine: Engine;
  model: ModelSummary;
}

export class EngineModel implements MapQuestions {
  private current: OpenedIn;

  constructor(
    readonly path: string,
    protected readonly process: EngineProcess,
    { engine, model }: OpenedIn,
  ) {
    this.current = { engine, model };
  }

  get model(): ModelSummary {
    return this.current.model;
  }

  /** The id of this checkpoint in the engine as it runs now. */
  modelId(options: CallOptions = {}): Promise<string> {
    return this.call((_engine, modelId) => Promise.resolve(modelId), options);
  }

  /** The grouping that a conversion means; null is the checkpoint as it is. */
  groupingOf(conversion: ConversionRequest | null, options: CallOptions = {}): Promise<GroupingView> {
    return this.call((engine, modelId, task) => engine.grouping(modelId, conversion, task), options);
  }

  /** Runs the checkpoint or a conversion of it; who asks releases the run. */
  forward(
    input: RunInput,
    conversion: ConversionRequest | null,
    maxTokens: number,
    options: CallOptions = {},
  ): Promise<RunSummary> {
    return this.call((engine, modelId, task) => engine.run({ modelId, input, conversion, maxTokens }, task), options);
  }

  /** Frees runs in the engine. */
  release(runs: readonly (RunSummary | null)[]): void {
    for (const run of runs) if (run !== null) this.current.engine.release.asEvent(run.runId).catch(() => undefined);
  }

  attention(request: AttentionRequest): Promise<AttentionTile> {
    return this.call((engine, _modelId, task) => engine.attention(request, task));
  }

  attentionRow(request: AttentionRowRequest): Promise<AttentionRow> {
    return this.call((engine, _modelId, task) => engine.attentionRow(request, task));
  }

  attentionColumn(request: AttentionColumnRequest): Promise<AttentionColumn> {
    return this.call((engine, _modelId, task) => engine.attentionColumn(request, task));
  }

  headStatistics(request: HeadStatisticsRequest): Promise<HeadStatistics> {
    return this.call((engine, _modelId, task) => engine.headStatistics(request, task));
  }

  /** The request's own model id is not used: it may be one of an engine that has ended. */
  similarity(request: SimilarityRequest, options: CallOptions = {}): Promise<SimilarityResult> {
    return this.call((engine, modelId, task) => engine.similarity({ ...request, modelId }, task), options);
  }

  /** What a conversion does to each head of a layer; the model id as in `similarity`. */
  headDamage(request: HeadDamageRequest, options: CallOptions = {}): Promise<HeadDamage> {
    return this.call((engine, modelId, task) => engine.headDamage({ ...request, modelId }, task), options);
  }

  /** What a grouping file means for this checkpoint. */
  readGrouping(file: string): Promise<FileGrouping> {
    return this.call((engine, modelId, task) => engine.readGrouping(modelId, file, task));
  }

  /** The formats that the checkpoint can be written in with G KV heads. */
  exportFormatsWith(G: number): Promise<ExportFormatChoice[]> {
    return this.call((engine, modelId) => engine.exportFormats(modelId, G));
  }

  /** Throws when another checkpoint cannot be compared with this one on its tokens, which were made of `texts`. */
  checkTogether(otherId: string, tokens: Tokens, texts: readonly string[], options: CallOptions = {}): Promise<void> {
    return this.call((engine, modelId) => engine.checkTogether(modelId, otherId, tokens, texts), options);
  }

  /** Compares two runs on the same tokens, of whichever checkpoints. */
  compareRuns(runA: string, runB: string, options: CallOptions = {}): Promise<CompareSummary> {
    return this.call((engine, _modelId, task) => engine.compare(runA, runB, task), options);
  }

  headDivergence(runA: string, runB: string, layer: number): Promise<HeadDivergence> {
    return this.call((engine, _modelId, task) => engine.headDivergence(runA, runB, layer, task));
  }

  /** Measures one model against another. */
  measure(request: MeasureRequest, options: CallOptions): Promise<TextMeasures> {
    return this.call((engine, _modelId, task) => engine.measure(request, task), options);
  }

  /** What a sweep of this checkpoint would do. */
  planSweep(request: SweepRequest, options: CallOptions): Promise<SweepResult> {
    return this.call((engine, modelId, task) => engine.planSweep(modelId, request, task), options);
  }

  /** Sweeps this checkpoint; the result is in the file as far as it has come. */
  sweep(request: SweepRequest, file: string, options: CallOptions): Promise<SweepResult> {
    return this.call((engine, modelId, task) => engine.sweep(modelId, request, file, task), options);
  }

  predictions(runId: string, position: number, count: number): Promise<Prediction[]> {
    return this.call((engine, _modelId, task) => engine.predictions(runId, position, count, task));
  }

  continuation(runId: string, count: number): Promise<Continuation> {
    return this.call((engine, _modelId, task) => engine.continuation(runId, count, task));
  }

  /** Calls the engine with this model's id there, opening the checkpoint again if the engine is a new one. */
  protected call<T>(
    work: (engine: Engine, modelId: string, task: TaskId) => Promise<T>,
    options: CallOptions = {},
  ): Promise<T> {
    return this.process.call(async (engine, task) => {
      if (this.current.engine !== engine) {
        this.current = { engine, model: await engine.open(this.path, task) };
        this.reopened();
      }
      return work(engine, this.model.modelId, task);
    }, options);
  }

  /** Closes the checkpoint in the engine, with all that it holds of it. */
  protected close(): void {
    this.current.engine.close.asEvent(this.model.modelId).catch(() => undefined);
  }

  /** Another engine has opened the checkpoint. */
  protected reopened(): void {
    // Nothing depends on the engine here.
  }
}
