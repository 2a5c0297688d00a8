/**
 * Measures a converted model, or a second checkpoint, against an original on windows of tokens (METHODS.md, "Measures of a
 * converted model").
 * Role: one original against as many others as wanted; its runs are kept between them while they fit. `compare`, the
 * comparison page and the sweep all measure here. How windows are weighed is measureTotals.ts.
 */
import { keepRun, type KeptRun } from '../model/keptRun';
import { compareRows, type RowNumbers } from '../model/logits';
import type { WeightSource } from '../model/spec';
import { GqaLensError } from '../protocol/errors';
import type { ConversionRequest, ModelMeasures, MovedToken, TextMeasures, Token } from '../protocol/model';
import type { TaskContext } from '../protocol/tasks';
import type { ReadyGpu } from './gpu';
import { totals, type Place, type SideNumbers, type WindowNumbers } from './measureTotals';
import type { ModelSizes } from './sizes';

/** Bytes of the original's runs that stay on the GPU between measurements. */
const keptBytes = 512 * 1024 * 1024;
/** Predictions told as most moved, and the tokens shown before each. */
const movedCount = 20;
const contextTokens = 8;

/** A model that is measured. */
export interface Measurable {
  name: string;
  conversion: ConversionRequest | null;
  source: WeightSource;
  sizes: ModelSizes;
}

/** What the measurements of one text have in common. */
export interface MeasuredText {
  /** Token ids of each window. */
  windows: readonly (readonly number[])[];
  /** Token ids as people read them. */
  token: (id: number) => Token;
}

/** An original on a text, against which others are measured. Must be destroyed. */
export class TextMeasurer {
  /** The original's run of each window; those that did not fit are absent and run again. */
  private readonly kept = new Map<number, KeptRun>();
  private bytes = 0;

  /** @throws GqaLensError input-invalid when there is nothing to measure on */
  constructor(
    private readonly gpu: ReadyGpu,
    private readonly original: Measurable,
    private readonly text: MeasuredText,
  ) {
    if (text.windows.some(({ length }) => length > 0)) return;
    throw new GqaLensError('input-invalid', 'The text has no tokens', { next: 'Choose another text.' });
  }

  /**
   * Measures another model on the text.
   * @throws GqaLensError input-invalid when the vocabularies differ; AbortError when cancelled
   */
  async measure(other: Measurable, task: TaskContext): Promise<TextMeasures> {
    this.checkVocabulary(other);
    const windows: WindowNumbers[] = [];
    const count = this.text.windows.length;
    for (const [window, ids] of this.text.windows.entries()) {
      task.signal.throwIfAborted();
      task.report(`Window ${window + 1} of ${count}`, window / count);
      windows.push(await this.measureWindow(other, window, ids, { signal: task.signal, report: () => undefined }));
    }
    const { tokens, klMean, klPerPosition, top1Agreement, moved, loss, perplexity } = totals(windows, movedCount);
    const side = (model: Measurable, key: 'a' | 'b'): ModelMeasures => ({
      name: model.name,
      conversion: model.conversion,
      G: model.source.spec.G,
      loss: loss[key],
      perplexity: perplexity[key],
      ...model.sizes,
      millisecondsPerToken: null,
    });
    return {
      a: side(this.original, 'a'),
      b: side(other, 'b'),
      windows: count,
      tokens,
      klMean,
      klPerPosition,
      top1Agreement,
      moved: moved.map((place) => this.movedToken(windows, place)),
      layers: null,
      adapter: this.gpu.name,
      computeType: 'f32',
    };
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
    ids: readonly number[],
    task: TaskContext,
  ): Promise<WindowNumbers> {
    const { context, weights } = this.gpu;
    const a = this.kept.get(window) ?? (await this.runOriginal(window, ids, task));
    try {
      const b = await this.run(other.source, ids, task);
      try {
        const targets = new Uint32Array(ids.length);
        targets.set(ids.slice(1));
        const numbers = await compareRows(context, weights, a, b, targets, task);
        return { ids, a: sideNumbers(numbers.a), b: sideNumbers(numbers.b), kl: numbers.kl };
      } finally {
        b.destroy();
      }
    } finally {
      if (this.kept.get(window) !== a) a.destroy();
    }
  }

  private async runOriginal(window: number, ids: readonly number[], task: TaskContext): Promise<KeptRun> {
    const run = await this.run(this.original.source, ids, task);
    if (this.bytes + run.bytes > keptBytes) return run;
    this.kept.set(window, run);
    this.bytes += run.bytes;
    return run;
  }

  private async run(source: WeightSource, ids: readonly number[], task: TaskContext): Promise<KeptRun> {
    const run = await keepRun(this.gpu.context, this.gpu.weights, source, ids, task);
    run.keepOutputOnly();
    return run;
  }

  private movedToken(windows: readonly WindowNumbers[], { window, position }: Place): MovedToken {
    const numbers = windows[window];
    if (!numbers) throw new Error(`there is no window ${window}`);
    const { ids, a, b, kl } = numbers;
    const { token } = this.text;
    const next = ids[position + 1];
    return {
      window,
      position,
      kl: kl[position] ?? NaN,
      context: ids.slice(Math.max(0, position + 1 - contextTokens), position + 1).map(token),
      next: next === undefined ? null : token(next),
      top: { a: token(a.top[position] ?? 0), b: token(b.top[position] ?? 0) },
      loss: next === undefined ? null : { a: a.loss[position] ?? NaN, b: b.loss[position] ?? NaN },
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

function sideNumbers({ logSumExp, targetLogit, argmax }: RowNumbers): SideNumbers {
  const loss = Float32Array.from(logSumExp.subarray(0, -1), (total, s) => total - (targetLogit[s] ?? 0));
  return { loss, top: argmax };
}
