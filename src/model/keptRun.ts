/**
 * What stays on the GPU after a forward pass: each layer's input and the key/value caches. Maps are recomputed from them.
 * Role: the memory of a run and its freeing. (DESIGN idea: L·S·D floats are kept, never L·H·S² maps.)
 */
import type { GpuContext, Span } from '../gpu/context';
import type { TaskContext } from '../protocol/tasks';
import { forward, newCaches, type LayerCache } from './forward';
import type { GpuWeights } from './gpuWeights';
import type { WeightSource } from './spec';

export class KeptRun {
  /** Maps' queries of the layers looked at last, [S, H, pad4(K)], rotated. */
  readonly queries = new Map<number, Span>();

  constructor(
    readonly source: WeightSource,
    readonly ids: readonly number[],
    /** [L] of [S, pad4(D)]: hidden states before each layer. */
    public inputs: readonly Span[],
    /** [S, pad4(D)] after the last layer, before the final norm. */
    readonly output: Span,
    public caches: readonly LayerCache[],
    /** [L] of [S, pad4(D)]: the stream after each layer's attention, before its MLP; empty unless it was to be kept. */
    private attended: readonly Span[] = [],
  ) {}

  get S(): number {
    return this.ids.length;
  }

  /** What a layer's attention adds to the residual stream: the stream after it above the layer's input. */
  attention(layer: number): { rows: Span; base: Span } {
    const [rows, base] = [this.attended[layer], this.inputs[layer]];
    if (!rows || !base) throw new Error(`the run kept no attention of layer ${layer}`);
    return { rows, base };
  }

  /** [S, pad4(D)] the residual stream after a layer. */
  after(layer: number): Span {
    return this.inputs[layer + 1] ?? this.output;
  }

  /** Bytes on the GPU. */
  get bytes(): number {
    return this.spans().reduce((sum, { size }) => sum + size, 0);
  }

  /** Frees all but what logits are made from. Maps and continuations of the run can no longer be had. */
  keepOutputOnly(): void {
    for (const span of this.spans()) if (span !== this.output) span.buffer.destroy();
    this.inputs = this.attended = [];
    this.caches = [];
    this.queries.clear();
  }

  /** Frees the GPU memory. The run cannot be used afterwards. */
  destroy(): void {
    for (const { buffer } of this.spans()) buffer.destroy();
    this.queries.clear();
  }

  private spans(): Span[] {
    const caches = this.caches.flatMap(({ keys, values }) => [keys, values]);
    return [...this.inputs, ...this.attended, this.output, ...this.queries.values(), ...caches];
  }
}

/**
 * Runs the text once and keeps what looking at it needs. Frees everything when it fails or is cancelled.
 * @param keepAttention also keep what `attention` gives, another L·S·D floats
 */
export async function keepRun(
  context: GpuContext,
  weights: GpuWeights,
  source: WeightSource,
  ids: readonly number[],
  task: TaskContext,
  keepAttention = false,
): Promise<KeptRun> {
  const caches = newCaches(context, source.spec, ids.length);
  const inputs: Span[] = [];
  const attended: Span[] = [];
  try {
    const keepIn =
      (kept: Span[]) =>
      (layer: number, span: Span): void => {
        kept[layer] = span;
      };
    const keep = { keepInput: keepIn(inputs), ...(keepAttention ? { keepAttended: keepIn(attended) } : {}) };
    const output = await forward(context, weights, source, ids, { past: 0, caches, ...keep }, task);
    return new KeptRun(source, ids, inputs, output, caches, attended);
  } catch (error) {
    for (const { keys, values } of caches) {
      keys.buffer.destroy();
      values.buffer.destroy();
    }
    for (const { buffer } of [...inputs, ...attended]) buffer.destroy();
    throw error;
  }
}
