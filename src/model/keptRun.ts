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
  ) {}

  get S(): number {
    return this.ids.length;
  }

  /** Bytes on the GPU. */
  get bytes(): number {
    return this.spans().reduce((sum, { size }) => sum + size, 0);
  }

  /** Frees all but what logits are made from. Maps and continuations of the run can no longer be had. */
  keepOutputOnly(): void {
    for (const span of this.spans()) if (span !== this.output) span.buffer.destroy();
    this.inputs = [];
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
    return [...this.inputs, this.output, ...this.queries.values(), ...caches];
  }
}

/** Runs the text once and keeps what looking at it needs. Frees everything when it fails or is cancelled. */
export async function keepRun(
  context: GpuContext,
  weights: GpuWeights,
  source: WeightSource,
  ids: readonly number[],
  task: TaskContext,
): Promise<KeptRun> {
  const caches = newCaches(context, source.spec, ids.length);
  const inputs: Span[] = [];
  try {
    const keepInput = (layer: number, input: Span): void => {
      inputs[layer] = input;
    };
    const output = await forward(context, weights, source, ids, { past: 0, caches, keepInput }, task);
    return new KeptRun(source, ids, inputs, output, caches);
  } catch (error) {
    for (const { keys, values } of caches) {
      keys.buffer.destroy();
      values.buffer.destroy();
    }
    for (const { buffer } of inputs) buffer.destroy();
    throw error;
  }
}
