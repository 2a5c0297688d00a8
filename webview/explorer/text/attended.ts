/**
 * Which keys a query attends to, read from exact rows or from tiles. Pure arithmetic shared by the text strip and its list.
 */
import type { AttentionTile } from '../../../src/protocol/maps';
import { CODE_WEIGHTS } from '../../shared/attentionCode';
import { cellsOf } from '../../shared/mapCells';
import { placeOf } from '../../shared/mapView';

/**
 * Weights of one query position, decoded from a tile of probabilities. Cells of several keys give each the largest weight.
 * @param head a head of the tile, or null for the mean over its heads
 * @returns [T]; empty when the tile has no such row or head, or other numbers
 */
export function tileRow(tile: AttentionTile, head: number | null, query: number): Float64Array {
  const { S, T, window } = tile;
  const cells = cellsOf(tile, head);
  if (query >= S || cells?.coding.kind !== 'weights') return new Float64Array(0);
  return Float64Array.from({ length: T }, (_, key) => {
    const place = placeOf({ window, ...cells }, query, key);
    return place === null ? 0 : (CODE_WEIGHTS[cells.codes[place] ?? 0] ?? 0);
  });
}

/**
 * Weights that every query pays to one key position, decoded like `tileRow`.
 * @returns [S]; empty when the tile has no such column or head
 */
export function tileColumn(tile: AttentionTile, head: number | null, key: number): Float64Array {
  const { S, T, window } = tile;
  const cells = cellsOf(tile, head);
  if (key >= T || cells === null) return new Float64Array(0);
  return Float64Array.from({ length: S }, (_, query) => {
    const place = placeOf({ window, ...cells }, query, key);
    return place === null ? 0 : (CODE_WEIGHTS[cells.codes[place] ?? 0] ?? 0);
  });
}

/** The mean over heads of exact weights: of a row [heads, T], or of a column [heads, S]. @returns [T] or [S] */
export function meanRow(
  { heads, weights }: { heads: readonly number[]; weights: Float32Array },
  of: readonly number[],
): Float64Array {
  const T = weights.length / heads.length;
  const sums = new Float64Array(T);
  for (const head of of) {
    const start = heads.indexOf(head) * T;
    for (let key = 0; key < T; key++) sums[key] = (sums[key] ?? 0) + (weights[start + key] ?? 0) / of.length;
  }
  return sums;
}

/** The keys with the largest weights, largest first. */
export function topKeys(
  weights: ArrayLike<number>,
  count: number,
  skipFirst: boolean,
): { key: number; weight: number }[] {
  return Array.from(weights, (weight, key) => ({ key, weight }))
    .filter(({ key, weight }) => weight > 0 && !(skipFirst && key === 0))
    .sort((a, b) => b.weight - a.weight)
    .slice(0, count);
}
