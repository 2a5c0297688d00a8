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
  const grid = { window, ...cells };
  return filled(T, (key) => weightAt(cells.codes, placeOf(grid, query, key)));
}

/**
 * Weights that every query pays to one key position, decoded like `tileRow`.
 * @returns [S]; empty when the tile has no such column or head
 */
export function tileColumn(tile: AttentionTile, head: number | null, key: number): Float64Array {
  const { S, T, window } = tile;
  const cells = cellsOf(tile, head);
  if (key >= T || cells === null) return new Float64Array(0);
  const grid = { window, ...cells };
  return filled(S, (query) => weightAt(cells.codes, placeOf(grid, query, key)));
}

/** Rows and columns are read anew at every move of the pointer: without an object for each of a thousand places. */
function filled(length: number, valueAt: (place: number) => number): Float64Array {
  const values = new Float64Array(length);
  for (let place = 0; place < length; place++) values[place] = valueAt(place);
  return values;
}

function weightAt(codes: Uint8Array, place: number | null): number {
  return place === null ? 0 : (CODE_WEIGHTS[codes[place] ?? 0] ?? 0);
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

/** The keys with the largest weights, largest first; of equal ones the earlier first. */
export function topKeys(
  weights: ArrayLike<number>,
  count: number,
  skipFirst: boolean,
): { key: number; weight: number }[] {
  const top: { key: number; weight: number }[] = [];
  for (let key = skipFirst ? 1 : 0; key < weights.length; key++) {
    const weight = weights[key] ?? 0;
    const last = top.length < count ? 0 : (top.at(-1)?.weight ?? 0);
    if (weight <= last) continue;
    const place = top.findIndex((other) => other.weight < weight);
    top.splice(place < 0 ? top.length : place, 0, { key, weight });
    if (top.length > count) top.pop();
  }
  return top;
}
