/**
 * A layer's attention weights cut into heads, as merges that change several roles work on them.
 * Role: reading and putting back. What happens to the heads in between is in the other files of this folder.
 */
import type { LayerRole, ModelSpec, Weight } from '../../model/spec';
import type { SourceLayer } from '../merge';

/** Sizes of the layer: G is the source's own number of KV heads. */
export type LayerSizes = Pick<ModelSpec, 'D' | 'H' | 'G' | 'K'>;

/** Every weight that a merge may change; biases are null where the model has none. All row-major float64. */
export interface LayerHeads {
  sizes: LayerSizes;
  /** [H·K, D] */
  q: Float64Array;
  qBias: Float64Array | null;
  /** [G·K, D] */
  k: Float64Array;
  kBias: Float64Array | null;
  /** [G·K, D] */
  v: Float64Array;
  vBias: Float64Array | null;
  /** [D, H·K] */
  o: Float64Array;
  oBias: Float64Array | null;
}

/** Reads a layer's heads. */
export async function readLayerHeads(source: SourceLayer, signal?: AbortSignal): Promise<LayerHeads> {
  const matrix = async (role: LayerRole): Promise<Float64Array> =>
    Float64Array.from((await source.read(role, signal)).data);
  const bias = async (role: LayerRole): Promise<Float64Array | null> => (source.has(role) ? matrix(role) : null);
  const { D, H, G, K } = source.spec;
  return {
    sizes: { D, H, G, K },
    q: await matrix('q.weight'),
    qBias: await bias('q.bias'),
    k: await matrix('k.weight'),
    kBias: await bias('k.bias'),
    v: await matrix('v.weight'),
    vBias: await bias('v.bias'),
    o: await matrix('o.weight'),
    oBias: await bias('o.bias'),
  };
}

/** The weights of a merged layer by role, ready for a weight source. `heads.k` and `heads.v` have `G` heads by now. */
export function toWeights(heads: LayerHeads): Partial<Record<LayerRole, Weight>> {
  const { D, H, K } = heads.sizes;
  const matrix = (data: Float64Array, columns: number): Weight => ({
    data: Float32Array.from(data),
    rows: data.length / columns,
    columns,
  });
  const { q, qBias, k, kBias, v, vBias, o, oBias } = heads;
  return {
    'q.weight': matrix(q, D),
    ...(qBias ? { 'q.bias': matrix(qBias, 1) } : {}),
    'k.weight': matrix(k, D),
    ...(kBias ? { 'k.bias': matrix(kBias, 1) } : {}),
    'v.weight': matrix(v, D),
    ...(vBias ? { 'v.bias': matrix(vBias, 1) } : {}),
    'o.weight': matrix(o, H * K),
    ...(oBias ? { 'o.bias': matrix(oBias, 1) } : {}),
  };
}

/** The members of each group: source KV heads. */
export function membersOf(groupOfKvHead: readonly number[], G: number): number[][] {
  return Array.from({ length: G }, (_, group) =>
    groupOfKvHead.flatMap((headGroup, head) => (headGroup === group ? [head] : [])),
  );
}

/** The query heads that read a source KV head. */
export function queriesOf({ H, G }: LayerSizes, kvHead: number): number[] {
  const R = H / G;
  return Array.from({ length: R }, (_, r) => kvHead * R + r);
}
