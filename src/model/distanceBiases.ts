/**
 * The numbers that a run's layers add to scores by the distance of key and query, on the GPU.
 * Role: one table for all layers that share it. What a table is, is gpu/operations/attention.ts (DistanceBias).
 */
import type { GpuContext } from '../gpu/context';
import type { DistanceBias } from '../gpu/operations/attention';
import { bucketOf, type BucketSpec } from './distanceBuckets';
import { layerOf, positionOf } from './specFacts';
import type { LayerSpec } from './spec';
import type { WeightSource } from './weightSource';

export class DistanceBiases {
  private readonly known = new Map<LayerSpec['stack'], Promise<DistanceBias>>();

  /** For S queries after `past` others, and the keys that they see in their own stack. */
  constructor(
    private readonly context: GpuContext,
    private readonly source: WeightSource,
    private readonly past: number,
    private readonly S: number,
    private readonly signal: AbortSignal,
  ) {}

  /** The table of a layer; null where scores depend on queries and keys alone. */
  async of(layer: number): Promise<DistanceBias | null> {
    const position = positionOf(this.source.spec, layer);
    if (position.kind !== 'buckets' && position.kind !== 'slopes') return null;
    const { stack } = layerOf(this.source.spec, layer);
    const made = (): Promise<DistanceBias> =>
      position.kind === 'buckets' ? this.fromBuckets(stack, position) : this.fromSlopes(position.slopes);
    const table = this.known.get(stack) ?? made();
    this.known.set(stack, table);
    return table;
  }

  destroy(): void {
    for (const table of this.known.values()) {
      table.then(
        ({ span }) => span.buffer.destroy(),
        () => undefined,
      );
    }
    this.known.clear();
  }

  /** The stored number of each distance's bucket and head. */
  private async fromBuckets(stack: LayerSpec['stack'], spec: BucketSpec): Promise<DistanceBias> {
    const { H } = this.source.spec;
    const { data } = await this.source.read(`${stack}.buckets`, null, this.signal);
    const bothSides = stack === 'encoder';
    return this.upload(H, bothSides, (head, distance) => data[bucketOf(distance, spec, bothSides) * H + head] ?? 0);
  }

  /** ALiBi (Press et al. 2021): less with every position that a key lies before the query. */
  private fromSlopes(slopes: readonly number[]): Promise<DistanceBias> {
    return Promise.resolve(this.upload(slopes.length, false, (head, distance) => (slopes[head] ?? 0) * distance));
  }

  private upload(H: number, bothSides: boolean, value: (head: number, distance: number) => number): DistanceBias {
    const zero = this.past + this.S - 1;
    const width = zero + (bothSides ? this.S : 1);
    const table = new Float32Array(H * width);
    for (let head = 0; head < H; head++) {
      for (let place = 0; place < width; place++) table[head * width + place] = value(head, place - zero);
    }
    return { span: this.context.upload(table, 'distance bias'), width, zero };
  }
}
