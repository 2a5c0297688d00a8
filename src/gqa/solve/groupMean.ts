/**
 * The mean of each group's K and V blocks, and its rescaling to the members' size.
 * Role: pooling of heads in memory, for merges that also turn or rescale. Lazy pooling of k and v is merges/pool.ts.
 */
import type { Gauge } from './gauge';
import type { LayerHeads } from './layerHeads';

/**
 * Pools K and V by their means; q and o are those given.
 * @param renormalise rescale each mean to the members' mean norm: every plane of K by itself, other rows of K and V as a block
 */
export function poolGroups(
  heads: LayerHeads,
  groups: readonly (readonly number[])[],
  gauge: Gauge,
  renormalise: boolean,
): LayerHeads {
  const { sizes, W } = heads;
  const { K } = sizes;
  const all = Array.from({ length: K }, (_, row) => row);
  const keyParts = [...gauge.planes, ...[gauge.free, gauge.fixed].filter((rows) => rows.length > 0)];
  const pool = (data: Float64Array, parts: readonly (readonly number[])[]): Float64Array => {
    const pooled = new Float64Array(groups.length * K * W);
    groups.forEach((members, group) => {
      for (const rows of parts) poolRows(data, pooled, members, group, rows, { K, W, renormalise });
    });
    return pooled;
  };
  return { ...heads, sizes: { ...sizes, G: groups.length }, k: pool(heads.k, keyParts), v: pool(heads.v, [all]) };
}

function poolRows(
  data: Float64Array,
  pooled: Float64Array,
  members: readonly number[],
  group: number,
  rows: readonly number[],
  { K, W, renormalise }: { K: number; W: number; renormalise: boolean },
): void {
  const squares = members.map(() => 0);
  let pooledSquare = 0;
  for (const row of rows) {
    for (let d = 0; d < W; d++) {
      let sum = 0;
      members.forEach((member, a) => {
        const value = data[(member * K + row) * W + d] ?? 0;
        sum += value;
        squares[a] = (squares[a] ?? 0) + value ** 2;
      });
      const mean = sum / members.length;
      pooled[(group * K + row) * W + d] = mean;
      pooledSquare += mean ** 2;
    }
  }
  if (!renormalise || pooledSquare === 0) return;
  const norm = squares.reduce((sum, square) => sum + Math.sqrt(square), 0) / members.length;
  const factor = norm / Math.sqrt(pooledSquare);
  for (const row of rows) {
    const start = (group * K + row) * W;
    for (let d = 0; d < W; d++) pooled[start + d] = (pooled[start + d] ?? 0) * factor;
  }
}
