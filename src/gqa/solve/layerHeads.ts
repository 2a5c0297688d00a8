/**
 * A layer's attention weights cut into heads, as merges that change several roles work on them.
 * Role: reading and putting back. What happens to the heads in between is in the other files of this folder.
 */
import type { ModelSpec } from '../../model/spec';
import type { Weight } from '../../model/weightSource';
import type { SolvedLayer, SourceLayer } from '../merge';

/** Sizes of the layer: G is the source's own number of KV heads. */
export type LayerSizes = Pick<ModelSpec, 'D' | 'H' | 'G' | 'K'>;

/**
 * The four projections of attention, row-major float64. Biases are a last column: a projection of width W = D + 1 works
 * on (x, 1). W is D where none of q, k, v has a bias.
 */
export interface LayerHeads {
  /** G is the number of heads in `k` and `v`. */
  sizes: LayerSizes;
  W: number;
  /** [H·K, W] */
  q: Float64Array;
  /** [G·K, W] */
  k: Float64Array;
  /** [G·K, W] */
  v: Float64Array;
  /** [D, H·K]; its bias is nobody's business here. */
  o: Float64Array;
}

type Projection = 'q' | 'k' | 'v';

/** Reads a layer's heads. */
export async function readLayerHeads(source: SourceLayer, signal?: AbortSignal): Promise<LayerHeads> {
  const { D, H, G, K } = source.spec;
  const W = (['q', 'k', 'v'] as const).some((name) => source.has(`${name}.bias`)) ? D + 1 : D;
  const read = async (name: Projection): Promise<Float64Array> => {
    const { data } = await source.read(`${name}.weight`, signal);
    const bias = source.has(`${name}.bias`) ? (await source.read(`${name}.bias`, signal)).data : null;
    return withColumn(data, D, W, bias);
  };
  return {
    sizes: { D, H, G, K },
    W,
    q: await read('q'),
    k: await read('k'),
    v: await read('v'),
    o: Float64Array.from((await source.read('o.weight', signal)).data),
  };
}

/** The weights of a merged layer by role. Roles that the source does not have are left out. */
export function toWeights(heads: LayerHeads, source: SourceLayer): SolvedLayer {
  const { sizes, W, o } = heads;
  const { D, H, K } = sizes;
  const solved: SolvedLayer = { 'o.weight': { data: Float32Array.from(o), rows: D, columns: H * K } };
  for (const name of ['q', 'k', 'v'] as const) {
    const rows = heads[name].length / W;
    const at = (row: number, column: number): number => heads[name][row * W + column] ?? 0;
    const matrix = Float32Array.from({ length: rows * D }, (_, index) => at(Math.floor(index / D), index % D));
    solved[`${name}.weight`] = { data: matrix, rows, columns: D };
    if (!source.has(`${name}.bias`)) continue;
    solved[`${name}.bias`] = { data: Float32Array.from({ length: rows }, (_, row) => at(row, D)), rows, columns: 1 };
  }
  return solved;
}

/** [rows, D] to [rows, W], with the bias (or 0) in the column that W may have more. */
function withColumn(data: Weight['data'], D: number, W: number, bias: Float32Array | null): Float64Array {
  if (W === D) return Float64Array.from(data);
  const rows = data.length / D;
  const result = new Float64Array(rows * W);
  for (let row = 0; row < rows; row++) {
    result.set(data.subarray(row * D, (row + 1) * D), row * W);
    result[row * W + D] = bias?.[row] ?? 0;
  }
  return result;
}

/** The members of each group: source KV heads. */
export function membersOf(groupOfKvHead: readonly number[], G: number): number[][] {
  return Array.from({ length: G }, (_, group) =>
    groupOfKvHead.flatMap((headGroup, head) => (headGroup === group ? [head] : [])),
  );
}

/** The query heads that read a source KV head. */
export function queriesOf({ H, G }: Pick<LayerSizes, 'H' | 'G'>, kvHead: number): number[] {
  const R = H / G;
  return Array.from({ length: R }, (_, r) => kvHead * R + r);
}
