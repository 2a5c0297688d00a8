/** Exact numbers of one query in heads of a layer, and what maps show of them: a head's own, a mean, a head minus a mean. Pure. */
import type { AttentionRow } from '../../src/protocol/maps';

/** [T] A head's own numbers; empty where the row has none of it. */
export function ownRow({ heads, weights }: AttentionRow, head: number): ArrayLike<number> {
  const T = weights.length / heads.length;
  const place = heads.indexOf(head);
  return place < 0 ? [] : weights.subarray(place * T, (place + 1) * T);
}

/** [T] The mean of some heads. A score that is -Infinity, of a key that is not seen, stays so. */
export function meanRow(row: AttentionRow, heads: readonly number[]): Float64Array {
  const rows = heads.map((head) => ownRow(row, head));
  const T = row.weights.length / row.heads.length;
  return Float64Array.from({ length: T }, (_, key) =>
    rows.reduce((sum, own) => sum + (own[key] ?? 0) / rows.length, 0),
  );
}

/** [T] Each number of one row minus that of another; NaN for keys that neither sees. */
export function minusRow(row: ArrayLike<number>, other: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: row.length }, (_, key) => (row[key] ?? 0) - (other[key] ?? 0));
}
