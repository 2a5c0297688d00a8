/**
 * What GQA Lens does, in one process: opens, runs, looks at and compares models.
 * Role: the calls behind the extension, the command line and the tests alike. It knows no process border (service.ts),
 * no editor and no terminal.
 */
import { mostProbable } from '../gqa/measures';
import { describeMethods } from '../gqa/registry';
import { groupings, groupingView } from '../gqa/grouping';
import { merges } from '../gqa/merge';
import { describeSimilarities } from '../gqa/similarity';
import { families } from '../model/families';
import { continueGreedily } from '../model/greedy';
import { keepRun } from '../model/keptRun';
import { compareRows, readFinalHidden, readLogits, reduceRows, unpad } from '../model/logits';
import { readColumn, readStatistics } from '../model/mapNumbers';
import { readDivergence, readMaps, readRow } from '../model/maps';
import { readTile } from '../model/mapTile';
import { layerStarts, outputStack } from '../model/spec';
import { decoderTokens, encoderTokens, sameTokens, targetRows, targetsOf } from '../model/tokens';
import type { ConversionRequest, FileGrouping, GroupingView } from '../protocol/conversion';
import type { HeadDamage, HeadDamageRequest } from '../protocol/damage';
import { GqaLensError } from '../protocol/errors';
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
  MapWindow,
} from '../protocol/maps';
import type { CompareSummary, HeadDivergence, MeasuredModel, MeasureRequest, TextMeasures } from '../protocol/measures';
import type { Registries } from '../protocol/methods';
import type { LayerView, ModelSummary } from '../protocol/model';
import type { ReportRequest, ReportSummary } from '../protocol/report';
import type { Continuation, Prediction, RunRequest, RunSummary } from '../protocol/runs';
import { comparable } from '../protocol/sides';
import type { SimilarityRequest, SimilarityResult } from '../protocol/similarity';
import type { SweepFormat, SweepRequest, SweepResult } from '../protocol/sweep';
import type { TaskContext } from '../protocol/tasks';
import type { RunInput, Token, Tokens } from '../protocol/tokens';
import { Answers } from './answers';
import { Conversions, type PreparedConversion } from './conversions';
import { exportConversion, exportFormats } from './exports';
import { EngineGpu, type GpuOptions } from './gpu';
import { readInput } from './inputs';
import { TextMeasurer, type Measurable } from './measure';
import { readGroupingFile, writeGroupingFile } from './groupingFiles';
import { ModelRegistry, type OpenedModel } from './models';
import { writeReport } from './report/report';
import { RunRegistry, type StoredRun } from './runs';
import { Similarities } from './similarity';
import { modelSizes } from './sizes';
import { formatSweep, openSweepFile, readSweepFile, sweepFormat, type Existing } from './sweep/file';
import { prepareSweep } from './sweep/prepare';
import { runSweep } from './sweep/run';
import { Structures } from './structures';
import { checkTogether } from './together';

/** Bytes of logits that are on the CPU at once where all of a run's are looked at. */
const logitBytes = 16 * 1024 * 1024;

export class EngineCore {
  private readonly gpu: EngineGpu;
  private readonly models = new ModelRegistry();
  private readonly conversions: Conversions;
  private readonly runs = new RunRegistry();
  private readonly answers: Answers;
  private readonly similarities: Similarities;
  /** Weight files as they are, beside the models. */
  readonly structures = new Structures();

  constructor(options: GpuOptions) {
    this.gpu = new EngineGpu(options, () => this.runs.releaseAll());
    this.conversions = new Conversions(this.gpu);
    this.answers = new Answers(this.gpu);
    this.similarities = new Similarities(this.gpu, this.conversions, this.runs);
  }

  registries(): Registries {
    return {
      families: describeMethods(families),
      groupings: describeMethods(groupings),
      merges: describeMethods(merges),
      similarities: describeSimilarities(),
    };
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
    const model = this.models.get(modelId);
    const given = readInput(model, input, maxTokens);
    return 'unanswered' in given ? this.answers.complete(model, given.unanswered, task) : given.tokens;
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
    const model = this.models.get(request.modelId);
    const { source, grouping, calibration, notes } = await this.conversions.prepare(model, request.conversion, task);
    const given = readInput(model, request.input, request.maxTokens);
    task.report('Preparing the GPU', null);
    const { context, weights, name } = await this.gpu.ready();
    task.signal.throwIfAborted();
    const tokens = 'unanswered' in given ? await this.answers.complete(model, given.unanswered, task) : given.tokens;
    const start = performance.now();
    const kept = await keepRun(context, weights, source, tokens, task);
    try {
      const { ids } = kept;
      const targets = targetsOf(source.spec, tokens);
      const numbers = await reduceRows(context, weights, kept, targetRows(targets, ids.length), task);
      const milliseconds = performance.now() - start;
      const lossPerToken = Float32Array.from(
        targets,
        ({ position: s }) => (numbers.logSumExp[s] ?? 0) - (numbers.targetLogit[s] ?? 0),
      );
      const loss =
        targets.length > 0 ? lossPerToken.reduce((sum, value) => sum + value, 0) / lossPerToken.length : null;
      const summary: RunSummary = {
        runId: this.runs.newId(),
        modelId: request.modelId,
        modelName: model.summary.name,
        conversion: request.conversion,
        grouping: groupingView(model.runnable.spec, grouping),
        calibration,
        notes,
        tokens: tokensOf(model, ids),
        encoderTokens: kept.encoded && tokensOf(model, kept.encoded.ids),
        droppedTokens: given.dropped,
        loss,
        perplexity: loss === null ? null : Math.exp(loss),
        lossPerToken,
        ...modelSizes(model, source),
        adapter: name,
        computeType: 'f32',
        milliseconds,
      };
      this.runs.add({ summary, kept });
      return summary;
    } catch (error) {
      kept.destroy();
      throw error;
    }
  }

  release(runId: string): void {
    this.runs.release(runId);
  }

  async attention(request: AttentionRequest, task: TaskContext): Promise<AttentionTile> {
    const { runId, layer, heads } = request;
    const { context, weights, run } = await this.look(runId, layer, heads);
    const window = windowOf(request, run.kept.rowsOf(layer), run.kept.keysOf(layer));
    const other = request.minus === undefined ? null : this.corresponding(request.minus, runId, layer)[0].kept;
    return readTile(context, weights, run.kept, window === undefined ? request : { ...request, window }, task, other);
  }

  async attentionRow(request: AttentionRowRequest, task: TaskContext): Promise<AttentionRow> {
    const { runId, layer, heads, query } = request;
    const { context, weights, run } = await this.look(runId, layer, heads);
    checkIndex('query position', query, run.kept.rowsOf(layer));
    return readRow(context, weights, run.kept, request, task);
  }

  async attentionColumn(request: AttentionColumnRequest, task: TaskContext): Promise<AttentionColumn> {
    const { runId, layer, heads, key } = request;
    const { context, weights, run } = await this.look(runId, layer, heads);
    checkIndex('key position', key, run.kept.keysOf(layer));
    const column = await readColumn(context, weights, run.kept, layer, heads, key, task);
    return { layer, heads, key, weights: column };
  }

  async headStatistics({ runId, layer }: HeadStatisticsRequest, task: TaskContext): Promise<HeadStatistics> {
    const { context, weights, run } = await this.look(runId, layer, [0]);
    return readStatistics(context, weights, run.kept, layer, task);
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
    const [a, b] = this.pair(runA, runB);
    const { context, weights } = await this.gpu.ready();
    const numbers = await compareRows(context, weights, a.kept, b.kept, new Uint32Array(a.kept.S), task);
    const agreeing = numbers.a.argmax.filter((token, s) => token === numbers.b.argmax[s]).length;
    return {
      a: a.summary,
      b: b.summary,
      klMean: numbers.kl.reduce((sum, value) => sum + value, 0) / numbers.kl.length,
      klPerToken: numbers.kl,
      top1Agreement: agreeing / numbers.kl.length,
    };
  }

  /** Measures a converted model, or a second checkpoint, against an original on windows of tokens. */
  async measure({ a, b, ...text }: MeasureRequest, task: TaskContext): Promise<TextMeasures> {
    const original = await this.measurable(a, task);
    const other = await this.measurable(b, task);
    const { tokenizer } = this.models.get(a.modelId);
    const token = (id: number): Token => ({ id, text: tokenizer?.tokenText(id) ?? `#${id}` });
    const measurer = new TextMeasurer(await this.gpu.ready(), original, { ...text, token });
    try {
      return await measurer.measure(other, task);
    } finally {
      measurer.destroy();
    }
  }

  private async measurable({ modelId, conversion }: MeasuredModel, task: TaskContext): Promise<Measurable> {
    const model = this.models.get(modelId);
    const { source } = await this.conversions.prepare(model, conversion, task);
    return { name: model.summary.name, conversion, source, sizes: modelSizes(model, source) };
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
    out: { file: string; existing: Existing } | null,
    finished: (result: SweepResult) => void,
    task: TaskContext,
  ): Promise<SweepResult> {
    const model = this.models.get(modelId);
    // A wrong ending must not come to light after hours.
    if (out) sweepFormat(out.file);
    task.report('Reading the text', null);
    const prepared = await prepareSweep(model, request);
    const file = out && (await openSweepFile(out.file, prepared.result.identity, out.existing));
    const tools = { model, conversions: this.conversions, gpu: this.gpu };
    const tell = async (result: SweepResult): Promise<void> => {
      await file?.write(result);
      finished(result);
    };
    return runSweep(tools, prepared, file?.rows ?? [], tell, task);
  }

  /** A result from a JSON file that a sweep has written. */
  readSweep(file: string): Promise<SweepResult> {
    return readSweepFile(file);
  }

  /** A result as the text of a file. */
  formatSweep(result: SweepResult, format: SweepFormat, language?: string): string {
    return formatSweep(result, format, language);
  }

  async headDivergence(runA: string, runB: string, layer: number, task: TaskContext): Promise<HeadDivergence> {
    const [a, b] = this.corresponding(runA, runB, layer);
    const { context, weights } = await this.gpu.ready();
    return readDivergence(context, weights, a.kept, b.kept, layer, task);
  }

  /** The `count` most probable next tokens after a position, most probable first. */
  async predictions(runId: string, position: number, count: number, task: TaskContext): Promise<Prediction[]> {
    const { kept, summary } = this.runs.get(runId);
    checkIndex('position', position, kept.S);
    const { context, weights } = await this.gpu.ready();
    const logits = await readLogits(context, weights, kept, task, [position, position + 1]);
    return this.mostProbable(summary.modelId, logits, count);
  }

  /** The same after every position. */
  async everyPrediction(runId: string, count: number, task: TaskContext): Promise<Prediction[][]> {
    const { kept, summary } = this.runs.get(runId);
    const { V } = kept.source.spec;
    const { context, weights } = await this.gpu.ready();
    const rows = Math.max(1, Math.floor(logitBytes / (V * 4)));
    const predictions: Prediction[][] = [];
    for (let first = 0; first < kept.S; first += rows) {
      const end = Math.min(kept.S, first + rows);
      const logits = await readLogits(context, weights, kept, task, [first, end]);
      for (let row = 0; row < end - first; row++) {
        predictions.push(this.mostProbable(summary.modelId, logits.subarray(row * V, (row + 1) * V), count));
      }
      task.report('Predicting', end / kept.S);
    }
    return predictions;
  }

  /** @param logits [V] */
  private mostProbable(modelId: string, logits: Float32Array, count: number): Prediction[] {
    const { tokenizer } = this.models.get(modelId);
    return mostProbable(logits, count).map(({ id, probability }) => ({
      token: { id, text: tokenizer?.tokenText(id) ?? `#${id}` },
      probability,
    }));
  }

  async continuation(runId: string, count: number, task: TaskContext): Promise<Continuation> {
    const { kept, summary } = this.runs.get(runId);
    const { context, weights } = await this.gpu.ready();
    const ids = await continueGreedily(context, weights, kept, count, task);
    const { tokenizer } = this.models.get(summary.modelId);
    return { ids, text: tokenizer ? tokenizer.decode(ids) : ids.join(', ') };
  }

  /** [S, V] float32. */
  async logits(runId: string, task: TaskContext): Promise<Float32Array> {
    const { context, weights } = await this.gpu.ready();
    return readLogits(context, weights, this.runs.get(runId).kept, task);
  }

  /** [H, S, T] float32 attention probabilities of a layer. */
  async maps(runId: string, layer: number, task: TaskContext): Promise<Float32Array> {
    const { kept } = this.runs.get(runId);
    const heads = Array.from({ length: kept.source.spec.H }, (_, head) => head);
    const { context, weights } = await this.look(runId, layer, heads);
    return readMaps(context, weights, kept, layer, heads, [0, kept.rowsOf(layer)], task);
  }

  /** [S, D] float32 hidden states of a stack as transformers numbers them: 0 the embeddings, the last after the norm. */
  async hidden(runId: string, index: number, task: TaskContext, asked?: LayerView['stack']): Promise<Float32Array> {
    const { kept } = this.runs.get(runId);
    const last = outputStack(kept.source.spec);
    const stack = asked ?? last;
    const { context, weights } = await this.gpu.ready();
    const { D, layers } = kept.source.spec;
    const starts = layerStarts(layers, stack);
    checkIndex('hidden state', index, starts.length + 1);
    const layer = starts[index];
    if (layer === undefined && stack === last) return readFinalHidden(context, weights, kept, task);
    const rows = layer === undefined ? kept.encoded?.memory : kept.inputs[layer];
    if (!rows) throw new Error(`the run has no ${stack}`);
    return unpad(await context.readFloat32(rows), kept.rowsOf(layer ?? starts[0] ?? 0), D);
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

  private async look(runId: string, layer: number, heads: readonly number[]) {
    const run = this.runs.get(runId);
    const { L, H } = run.kept.source.spec;
    checkIndex('layer', layer, L);
    if (heads.length === 0) throw new GqaLensError('input-invalid', 'No head was asked for');
    for (const head of heads) checkIndex('head', head, H);
    const { context, weights } = await this.gpu.ready();
    return { context, weights, run };
  }

  /** Two runs whose maps of a layer can be compared head by head. */
  private corresponding(runA: string, runB: string, layer: number): [StoredRun, StoredRun] {
    const [a, b] = this.pair(runA, runB);
    const [one, two] = [a.kept.source.spec, b.kept.source.spec];
    checkIndex('layer', layer, one.L);
    if (!comparable(one, two).heads) {
      throw new GqaLensError('input-invalid', 'The heads of the two models do not correspond', {
        expected: `${one.L} layers of ${one.H} query heads, as in ${a.summary.modelName}`,
        found: `${two.L} layers of ${two.H} in ${b.summary.modelName}`,
      });
    }
    return [a, b];
  }

  private pair(runA: string, runB: string): [StoredRun, StoredRun] {
    const a = this.runs.get(runA);
    const b = this.runs.get(runB);
    const [V, otherV] = [a.kept.source.spec.V, b.kept.source.spec.V];
    if (V !== otherV) {
      throw new GqaLensError('input-invalid', 'Two runs can be compared on the same vocabulary only', {
        expected: `${V} tokens, as ${a.summary.modelName}`,
        found: `${otherV} tokens in ${b.summary.modelName}`,
        next: 'Choose a checkpoint with the same tokenizer.',
      });
    }
    if (!sameTokens(a.kept.tokens, b.kept.tokens)) {
      throw new GqaLensError('input-invalid', 'Two runs can be compared on the same tokens only', {
        expected: describeTokens(a.kept.tokens),
        found: describeTokens(b.kept.tokens),
        next: 'Run both on the same text.',
      });
    }
    return [a, b];
  }
}

function checkIndex(what: string, index: number, count: number): void {
  if (Number.isInteger(index) && index >= 0 && index < count) return;
  throw new GqaLensError('input-invalid', `There is no ${what} ${String(index)}`, { expected: `0 to ${count - 1}` });
}

/** The part of a map that is asked for. @throws GqaLensError input-invalid for an empty one and for sizes that are none */
function windowOf({ window, size, memberSize }: AttentionRequest, S: number, T: number): MapWindow | undefined {
  for (const side of [size, memberSize]) {
    if (side === undefined || (Number.isInteger(side) && side > 0)) continue;
    throw new GqaLensError('input-invalid', `A map cannot have ${side} cells a side`, { expected: 'at least 1' });
  }
  if (window === undefined) return undefined;
  const { q0, q1, k0, k1 } = window;
  const cut = { q0: Math.max(0, q0), q1: Math.min(S, q1), k0: Math.max(0, k0), k1: Math.min(T, k1) };
  if (Object.values(cut).every(Number.isInteger) && cut.q0 < cut.q1 && cut.k0 < cut.k1) return cut;
  throw new GqaLensError('input-invalid', 'The map has no such part', {
    expected: `queries within 0 to ${S}, keys within 0 to ${T}`,
    found: `queries ${q0} to ${q1}, keys ${k0} to ${k1}`,
  });
}

function tokensOf(model: OpenedModel, ids: readonly number[]): Token[] {
  return ids.map((id) => ({ id, text: model.tokenizer?.tokenText(id) ?? `#${id}` }));
}

function describeTokens(tokens: Tokens): string {
  const encoder = encoderTokens(tokens);
  const ids = [...decoderTokens(tokens).slice(0, 6), '…'].join(', ');
  return `${decoderTokens(tokens).length} tokens (${ids})${encoder ? `, ${encoder.length} in the encoder` : ''}`;
}
