/**
 * What GQA Lens does, in one process: opens, runs, looks at and compares models.
 * Role: the calls behind the extension, the command line and the tests alike, each in the words of one part of src/engine,
 * which does the work; nothing is computed here. It knows no process border (service.ts), no editor and no terminal.
 */
import type { ConversionRequest, FileGrouping, GroupingView } from '../protocol/conversion';
import type { HeadDamage, HeadDamageRequest } from '../protocol/damage';
import type { ExportFormatChoice, ExportRequest, ExportSummary } from '../protocol/exports';
import type { GpuDiagnostics } from '../protocol/gpu';
import type {
  AttentionColumn,
  AttentionColumnRequest,
  AttentionRequest,
  AttentionRow,
  AttentionRowRequest,
  AttentionTile,
  HeadStatistics,
  HeadStatisticsRequest,
} from '../protocol/maps';
import type { CompareSummary, HeadDivergence, MeasureRequest, TextMeasures } from '../protocol/measures';
import type { Registries } from '../protocol/methods';
import type { LayerView, ModelSummary } from '../protocol/model';
import type { ReportRequest, ReportSummary } from '../protocol/report';
import type { Continuation, Prediction, RunRequest, RunSummary } from '../protocol/runs';
import type { SimilarityRequest, SimilarityResult } from '../protocol/similarity';
import type { SweepFormat, SweepRequest, SweepResult } from '../protocol/sweep';
import type { TaskContext } from '../protocol/tasks';
import type { RunInput, Tokens } from '../protocol/tokens';
import { Answers } from './answers';
import { Conversions, type PreparedConversion } from './conversions';
import { exportConversion, exportFormats } from './exports';
import { EngineGpu, type GpuOptions } from './gpu';
import { readGroupingFile, writeGroupingFile } from './groupingFiles';
import { measureModels } from './measureModels';
import { ModelRegistry, type OpenedModel } from './models';
import { describeRegistries } from './registries';
import { writeReport } from './report/report';
import { RunMaps } from './runMaps';
import { comparePair, runPair } from './runPairs';
import { RunPredictions } from './runPredictions';
import { RunRegistry } from './runs';
import { runText, tokensFor } from './runText';
import { Similarities } from './similarity';
import { Structures } from './structures';
import { formatSweep, readSweepFile } from './sweep/file';
import { prepareSweep } from './sweep/prepare';
import { sweepToFile, type SweepOutput } from './sweep/toFile';
import { checkTogether } from './together';

export class EngineCore {
  private readonly gpu: EngineGpu;
  private readonly models = new ModelRegistry();
  private readonly conversions: Conversions;
  private readonly runs = new RunRegistry();
  private readonly answers: Answers;
  private readonly similarities: Similarities;
  private readonly runMaps: RunMaps;
  private readonly runPredictions: RunPredictions;
  /** Weight files as they are, beside the models. */
  readonly structures = new Structures();

  constructor(options: GpuOptions) {
    this.gpu = new EngineGpu(options, () => this.runs.releaseAll());
    this.conversions = new Conversions(this.gpu);
    this.answers = new Answers(this.gpu);
    this.similarities = new Similarities(this.gpu, this.conversions, this.runs);
    this.runMaps = new RunMaps(this.gpu, this.runs);
    this.runPredictions = new RunPredictions(this.gpu, this.models, this.runs);
  }

  registries(): Registries {
    return describeRegistries();
  }

  diagnostics(): Promise<GpuDiagnostics> {
    return this.gpu.diagnostics();
  }

  async open(path: string, task: TaskContext): Promise<ModelSummary> {
    return (await this.models.open(path, task)).summary;
  }

  async close(modelId: string): Promise<void> {
    this.runs.releaseModel(modelId);
    const model = await this.models.close(modelId);
    if (!model) return;
    const gpu = await this.gpu.opened();
    for (const source of this.conversions.sources(model)) gpu?.weights.drop(source);
    if (model.isRunnable) gpu?.weights.drop(model.runnable.source);
  }

  /** The opened model itself, for callers in this process (the command line's convert and forward). */
  model(modelId: string): OpenedModel {
    return this.models.get(modelId);
  }

  grouping(modelId: string, conversion: ConversionRequest | null, task: TaskContext): Promise<GroupingView> {
    return this.conversions.grouping(this.models.get(modelId), conversion, task);
  }

  /** What a grouping file means for a model: the number of groups and the assignment of a `manual` conversion. */
  async readGrouping(modelId: string, file: string): Promise<FileGrouping> {
    const { G, groupOfKvHead } = await readGroupingFile(file, this.models.get(modelId).runnable.spec);
    return { G, assignment: groupOfKvHead.map((groups) => [...groups]) };
  }

  /** Writes the grouping of a conversion as a file that `readGrouping` takes. */
  async writeGrouping(modelId: string, conversion: ConversionRequest, file: string, task: TaskContext): Promise<void> {
    const model = this.models.get(modelId);
    const { source } = model.runnable;
    const grouping = await this.conversions.grouping(model, conversion, task);
    const origin = { source: model.summary.name, sourceKvHeads: source.spec.G, grouping: conversion.grouping };
    await writeGroupingFile(file, grouping, origin);
  }

  /** A conversion's weights, solved if need be, for callers in this process (the command line's convert). */
  prepare(modelId: string, conversion: ConversionRequest | null, task: TaskContext): Promise<PreparedConversion> {
    return this.conversions.prepare(this.models.get(modelId), conversion, task);
  }

  /** The tokens that an input means for a model, for callers who run several models on them. Throws as `run` does. */
  async tokens(modelId: string, input: RunInput, maxTokens: number, task: TaskContext): Promise<Tokens> {
    return tokensFor(this.models.get(modelId), input, maxTokens, this.answers, task);
  }

  /** Writes a conversion as a folder that Hugging Face transformers loads. */
  exportConversion(request: ExportRequest, task: TaskContext): Promise<ExportSummary> {
    const tools = {
      conversions: this.conversions,
      openFolders: this.models.folders(),
      measure: (asked: MeasureRequest, context: TaskContext) => this.measure(asked, context),
    };
    return exportConversion(this.models.get(request.modelId), request, tools, task);
  }

  /** The formats that a model with G KV heads can be written in. */
  exportFormats(modelId: string, G: number): ExportFormatChoice[] {
    return exportFormats(this.models.get(modelId), G);
  }

  /** A forward pass over all tokens; keeps what maps, logits and continuations need. */
  async run(request: RunRequest, task: TaskContext): Promise<RunSummary> {
    const { gpu, conversions, answers, runs } = this;
    return runText(this.models.get(request.modelId), request, { gpu, conversions, answers, runs }, task);
  }

  release(runId: string): void {
    this.runs.release(runId);
  }

  attention(request: AttentionRequest, task: TaskContext): Promise<AttentionTile> {
    return this.runMaps.tile(request, task);
  }

  attentionRow(request: AttentionRowRequest, task: TaskContext): Promise<AttentionRow> {
    return this.runMaps.row(request, task);
  }

  attentionColumn(request: AttentionColumnRequest, task: TaskContext): Promise<AttentionColumn> {
    return this.runMaps.column(request, task);
  }

  headStatistics(request: HeadStatisticsRequest, task: TaskContext): Promise<HeadStatistics> {
    return this.runMaps.statistics(request, task);
  }

  /** [H, S, T] float32 attention probabilities of a layer. */
  maps(runId: string, layer: number, task: TaskContext): Promise<Float32Array> {
    return this.runMaps.whole(runId, layer, task);
  }

  headDivergence(runA: string, runB: string, layer: number, task: TaskContext): Promise<HeadDivergence> {
    return this.runMaps.divergence(runA, runB, layer, task);
  }

  /** The `count` most probable next tokens after a position, most probable first. */
  predictions(runId: string, position: number, count: number, task: TaskContext): Promise<Prediction[]> {
    return this.runPredictions.after(runId, position, count, task);
  }

  /** The same after every position. */
  everyPrediction(runId: string, count: number, task: TaskContext): Promise<Prediction[][]> {
    return this.runPredictions.afterEach(runId, count, task);
  }

  continuation(runId: string, count: number, task: TaskContext): Promise<Continuation> {
    return this.runPredictions.continuation(runId, count, task);
  }

  /** [S, V] float32. */
  logits(runId: string, task: TaskContext): Promise<Float32Array> {
    return this.runPredictions.logits(runId, task);
  }

  /** [S, D] float32 hidden states of a stack as transformers numbers them: 0 the embeddings, the last after the norm. */
  hidden(runId: string, index: number, task: TaskContext, stack?: LayerView['stack']): Promise<Float32Array> {
    return this.runPredictions.hidden(runId, index, task, stack);
  }

  similarity(request: SimilarityRequest, task: TaskContext): Promise<SimilarityResult> {
    return this.similarities.similarity(this.models.get(request.modelId), request, task);
  }

  headDamage(request: HeadDamageRequest, task: TaskContext): Promise<HeadDamage> {
    return this.similarities.damage(this.models.get(request.modelId), request, task);
  }

  /**
   * Checks that another model can be compared with one on its tokens.
   * @param texts what they were made of; none where token ids were given
   * @throws GqaLensError input-invalid saying what differs: kind, vocabulary, tokenizer, length
   */
  checkTogether(modelId: string, otherId: string, tokens: Tokens, texts: readonly string[]): void {
    checkTogether(this.models.get(modelId), this.models.get(otherId), tokens, texts);
  }

  /** Compares two runs on the same tokens, of one model or of two with the same vocabulary. */
  async compare(runA: string, runB: string, task: TaskContext): Promise<CompareSummary> {
    const pair = runPair(this.runs, runA, runB);
    return comparePair(await this.gpu.ready(), pair, task);
  }

  /** Measures a converted model, or a second checkpoint, against an original on windows of tokens. */
  measure(request: MeasureRequest, task: TaskContext): Promise<TextMeasures> {
    const { gpu, models, conversions } = this;
    return measureModels(request, { gpu, models, conversions }, task);
  }

  /** What a sweep would do: its rows (all missing), its texts, its identity. Runs nothing. */
  async planSweep(modelId: string, request: SweepRequest): Promise<SweepResult> {
    return (await prepareSweep(this.models.get(modelId), request)).result;
  }

  /**
   * Measures every combination of groups and methods; a cancelled sweep goes on from its file.
   * @param out where the result is written after every row, and what to do with what is there; null writes nothing
   * @param finished is told the result as far as it has come, at first and after every row
   */
  async sweep(
    modelId: string,
    request: SweepRequest,
    out: SweepOutput['out'],
    finished: (result: SweepResult) => void,
    task: TaskContext,
  ): Promise<SweepResult> {
    const { gpu, conversions } = this;
    return sweepToFile({ gpu, conversions, model: this.models.get(modelId) }, request, { out, finished }, task);
  }

  /** A result from a JSON file that a sweep has written. */
  readSweep(file: string): Promise<SweepResult> {
    return readSweepFile(file);
  }

  /** A result as the text of a file. */
  formatSweep(result: SweepResult, format: SweepFormat, language?: string): string {
    return formatSweep(result, format, language);
  }

  /** Writes what panels show as a page that needs nobody to answer it. */
  report(request: ReportRequest, task: TaskContext): Promise<ReportSummary> {
    return writeReport(this, request, task);
  }

  /** Frees the GPU. The process may still need an explicit exit: see src/gpu/dawn.ts. */
  destroy(): void {
    this.runs.releaseAll();
    this.gpu.destroy();
  }
}
