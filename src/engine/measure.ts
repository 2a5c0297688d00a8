/**
 * Measures a converted model, or a second checkpoint, against an original on windows of tokens (METHODS.md, "Measures of a
 * converted model").
 * Role: one original against as many others as wanted; its runs are kept between them while they fit. `compare`, the
 * comparison page and the sweep all measure here. How windows are weighed is measureTotals.ts.
 */
import { decodeTimes, warmUpTokens } from '../model/decodeTime';
import { keepRun, type KeptRun } from '../model/keptRun';
import { layerDrift, type LayerDrift } from '../model/layerDrift';
import { compareRows, type RowNumbers } from '../model/rowNumbers';
import type { WeightSource } from '../model/weightSource';
import { decoderTokens, encoderTokens, targetRows, targetsOf, type Target } from '../model/tokens';
import type { ConversionRequest } from '../protocol/conversion';
import { GqaLensError } from '../protocol/errors';
import { isEncoderOnly } from '../protocol/layers';
import type { ModelMeasures, TextMeasures } from '../protocol/measures';
import { comparable, type Comparable } from '../protocol/sides';
import { partOf, type TaskContext } from '../protocol/tasks';
import type { Token, Tokens } from '../protocol/tokens';
import type { ReadyGpu } from './gpu';
import { movedTokens, totalLayers, totals, type SideNumbers, type WindowNumbers } from './measureTotals';
import type { ModelSizes } from './sizes';

/** Bytes of the original's runs that stay on the GPU between measurements. */
const keptBytes = 512 * 1024 * 1024;
/** Shares of a window's time, in progress: the run of each model, and with `detail` the layers. */
const phases = { a: [0, 0.3], b: [0.3, 0.6], layers: [0.6, 1] } as const;
/** Predictions told as most moved. */
const movedCount = 20;

/** A model that is measured. */
export interface Measurable {
  name: string;
  conversion: ConversionRequest | null;
  source: WeightSource;
  sizes: ModelSizes;
}

/** What all measurements against one original have in common. */
export interface Measurement {
  /** Token ids of each window. */
  windows: readonly Tokens[];
  /** Token ids as people read them. */
  token: (id: number) => Token;
  /** Compare the layers too. */
  detail: boolean;
  /** Decoded tokens whose time is taken; 0 takes none. */
  timedTokens: number;
}

/** An original on a text, against which others are measured. Must be destroyed. */
export class TextMeasurer {
  /** The original's run of each window; those that did not fit are absent and run again. */
  private readonly kept = new Map<number, KeptRun>();
  private bytes = 0;

  /**
   * @param budget bytes of the original's runs that stay on the GPU between measurements
   * @throws GqaLensError input-invalid when there is nothing to measure on
   */
  constructor(
    private readonly gpu: ReadyGpu,
    private readonly original: Measurable,
    private readonly measurement: Measurement,
    private readonly budget = keptBytes,
  ) {
    if (measurement.windows.some((tokens) => decoderTokens(tokens).length > 0)) return;
    throw new GqaLensError('input-invalid', 'The text has no tokens', { next: 'Choose another text.' });
  }

  /**
   * Measures another model on the text.
   * @throws GqaLensError input-invalid when the vocabularies differ; AbortError when cancelled
   */
  async measure(other: Measurable, task: TaskContext): Promise<TextMeasures> {
    this.checkVocabulary(other);
    const { windows, timedTokens } = this.measurement;
    const numbers: WindowNumbers[] = [];
    const drifts: LayerDrift[][] = [];
    for (const [window, tokens] of windows.entries()) {
      task.signal.throwIfAborted();
      const share = [window / windows.length, (window + 1) / windows.length] as const;
      const part = partOf(task, share, `Window ${window + 1} of ${windows.length}: `);
      const measured = await this.measureWindow(other, window, tokens, part);
      numbers.push(measured.numbers);
      if (measured.layers) drifts.push(measured.layers);
    }
    const decodes = ![this.original, other].some(({ source }) => isEncoderOnly(source.spec));
    const times = timedTokens > 0 && decodes ? await this.decodeTimes(other, task) : null;
    return this.summarise(other, numbers, drifts, times);
  }

  /** Frees what is kept on the GPU. */
  destroy(): void {
    for (const run of this.kept.values()) run.destroy();
    this.kept.clear();
    this.bytes = 0;
  }

  private async measureWindow(
    other: Measurable,
    window: number,
    tokens: Tokens,
    task: TaskContext,
  ): Promise<{ numbers: WindowNumbers; layers: LayerDrift[] | null }> {
    const { context, weights } = this.gpu;
    const a = this.kept.get(window) ?? (await this.runOriginal(window, tokens, partOf(task, phases.a)));
    try {
      // The original beside itself need not run twice.
      const b = other.source === a.source ? a : await this.run(other.source, tokens, partOf(task, phases.b));
      try {
        const { ids } = a;
        const targets = targetsOf(a.source.spec, tokens);
        const { kl, ...rows } = await compareRows(context, weights, a, b, targetRows(targets, a.S), task);
        const numbers = { ids, targets, a: sideNumbers(rows.a, targets), b: sideNumbers(rows.b, targets), kl };
        const parts = this.comparedParts(other);
        return { numbers, layers: parts && (await this.drift(a, b, parts, partOf(task, phases.layers))) };
      } finally {
        if (b !== a) b.destroy();
      }
    } finally {
      if (this.kept.get(window) !== a) a.destroy();
    }
  }

  private async drift(a: KeptRun, b: KeptRun, parts: Comparable, task: TaskContext): Promise<LayerDrift[]> {
    const layers: LayerDrift[] = [];
    const { L } = a.source.spec;
    for (let layer = 0; layer < L; layer++) {
      task.report(`comparing layer ${layer + 1} of ${L}`, layer / L);
      layers.push(await layerDrift(this.gpu.context, this.gpu.weights, a, b, layer, parts, task));
    }
    return layers;
  }

  /** What of the layers is compared; null compares none. */
  private comparedParts({ source }: Measurable): Comparable | null {
    const parts = comparable(this.original.source.spec, source.spec);
    return this.measurement.detail && (parts.heads || parts.streams) ? parts : null;
  }

  private async runOriginal(window: number, tokens: Tokens, task: TaskContext): Promise<KeptRun> {
    const run = await this.run(this.original.source, tokens, task);
    if (this.bytes + run.bytes > this.budget) return run;
    this.kept.set(window, run);
    this.bytes += run.bytes;
    return run;
  }

  private async run(source: WeightSource, tokens: Tokens, task: TaskContext): Promise<KeptRun> {
    const { detail } = this.measurement;
    const run = await keepRun(this.gpu.context, this.gpu.weights, source, tokens, task, detail);
    if (!detail) run.keepOutputOnly();
    return run;
  }

  /** Times decoding after the first window, or as much of it as leaves room in a table of positions. */
  private async decodeTimes(other: Measurable, task: TaskContext): Promise<Record<'a' | 'b', number>> {
    const { context, weights } = this.gpu;
    const { windows, timedTokens } = this.measurement;
    const sources = [this.original.source, other.source];
    const room = Math.min(...sources.map(({ spec }) => spec.maxPositions ?? Infinity)) - warmUpTokens - timedTokens;
    const first = windows.find((tokens) => decoderTokens(tokens).length > 0) ?? [];
    const prompt = encoderTokens(first) ? first : decoderTokens(first).slice(0, Math.max(1, room));
    const runs: KeptRun[] = [];
    try {
      const quiet = { signal: task.signal, report: () => undefined };
      for (const source of sources) runs.push(await keepRun(context, weights, source, prompt, quiet));
      const [a = NaN, b = NaN] = await decodeTimes(context, weights, runs, timedTokens, task);
      return { a, b };
    } finally {
      for (const run of runs) run.destroy();
    }
  }

  private summarise(
    other: Measurable,
    numbers: readonly WindowNumbers[],
    drifts: readonly (readonly LayerDrift[])[],
    times: Record<'a' | 'b', number> | null,
  ): TextMeasures {
    const { loss, perplexity, moved, ...overall } = totals(numbers, movedCount);
    const side = (model: Measurable, key: 'a' | 'b'): ModelMeasures => ({
      model: model.name,
      conversion: model.conversion,
      G: model.source.spec.G,
      loss: loss[key],
      perplexity: perplexity[key],
      ...model.sizes,
      millisecondsPerToken: times?.[key] ?? null,
    });
    const titles = this.original.source.spec.layers.map(({ title }) => title);
    return {
      a: side(this.original, 'a'),
      b: side(other, 'b'),
      windows: numbers.length,
      ...overall,
      moved: movedTokens(numbers, moved, this.measurement.token),
      layers: drifts.length > 0 ? totalLayers(drifts, titles) : null,
      adapter: this.gpu.name,
      computeType: 'f32',
    };
  }

  private checkVocabulary(other: Measurable): void {
    const [V, otherV] = [this.original.source.spec.V, other.source.spec.V];
    if (V === otherV) return;
    throw new GqaLensError('input-invalid', 'The two models have different vocabularies', {
      expected: `${V} tokens, as ${this.original.name}`,
      found: `${otherV} tokens in ${other.name}`,
    });
  }
}

function sideNumbers({ logSumExp, targetLogit, argmax }: RowNumbers, targets: readonly Target[]): SideNumbers {
  const loss = Float32Array.from(targets, ({ position: s }) => (logSumExp[s] ?? NaN) - (targetLogit[s] ?? 0));
  return { loss, top: argmax };
}
