/**
 * Reading the one-byte attention codes of AttentionTile (src/protocol/maps.ts).
 * Role: code to weight and histograms of codes. It knows nothing of colours (colorScale.ts) or drawing (heatmap.ts).
 */

import type { AttentionTile, MapCells } from '../../src/protocol/maps';
import { visibleColumns } from './mapView';

/** Codes an octave (a factor of two) is divided into. */
export const CODES_PER_OCTAVE = 12;

/** The probability that a code stands for: 0 for code 0, else 2^((code - 255) / 12). */
export function weightOfCode(code: number): number {
  return code === 0 ? 0 : 2 ** ((code - 255) / CODES_PER_OCTAVE);
}

/** The (fractional) code of a probability, at least 0. Inverse of weightOfCode up to rounding. */
export function codeOfWeight(weight: number): number {
  return weight <= 0 ? 0 : Math.max(0, 255 + CODES_PER_OCTAVE * Math.log2(weight));
}

/** [256] the weight of every code, so that drawing and statistics never call pow. */
export const CODE_WEIGHTS: Float64Array = Float64Array.from({ length: 256 }, (_, code) => weightOfCode(code));

/** Queries by keys; in a causal map a query sees keys up to its own position only. */
export interface MapShape {
  S: number;
  T: number;
  causal: boolean;
}

/**
 * Adds how often each code occurs among the visible cells of a map to `histogram` ([256]).
 * @param codes [S, T]; the masked upper triangle of a causal map is left out
 * @param skipFirstKey leaves column 0 out, as views do that hide the first token
 */
export function addToHistogram(
  histogram: Uint32Array,
  codes: Uint8Array,
  { S, T, causal }: MapShape,
  skipFirstKey: boolean,
): void {
  const cells = { rows: S, columns: T, codes };
  addCells(histogram, { window: { q0: 0, q1: S, k0: 0, k1: T }, causal }, cells, skipFirstKey);
}

/** The same of all maps of a tile's cells. The first column is left out where it is the first key's own. */
export function addCells(
  histogram: Uint32Array,
  { window, causal }: Pick<AttentionTile, 'window' | 'causal'>,
  { rows, columns, codes }: Pick<MapCells, 'rows' | 'columns' | 'codes'>,
  skipFirstKey: boolean,
): void {
  const begin = skipFirstKey && window.k0 === 0 && columns === window.k1 ? 1 : 0;
  const size = rows * columns;
  const ends = Array.from({ length: rows }, (_, row) => visibleColumns({ window, rows, columns }, row, causal));
  for (let start = 0; start < codes.length; start += size) {
    for (let row = 0; row < rows; row++) {
      const first = start + row * columns;
      const end = first + (ends[row] ?? 0);
      for (let place = first + begin; place < end; place++) {
        const code = codes[place] ?? 0;
        histogram[code] = (histogram[code] ?? 0) + 1;
      }
    }
  }
}

/**
 * Shrinks a map to at most `size` cells a side by taking of each block the code furthest from `zero`, so that a single
 * strong weight stays visible at any size. Returns the map itself when it is small enough.
 * @param codes [S, T]
 * @param zero the code that stands for nothing: 0 for attention, the middle for differences
 */
export function shrinkMap(
  codes: Uint8Array,
  S: number,
  T: number,
  size: number,
  zero = 0,
): { codes: Uint8Array; S: number; T: number } {
  if (S <= size && T <= size) return { codes, S, T };
  const rows = Math.min(S, size);
  const columns = Math.min(T, size);
  const small = new Uint8Array(rows * columns).fill(zero);
  for (let query = 0; query < S; query++) {
    const row = Math.floor((query * rows) / S);
    for (let key = 0; key < T; key++) {
      const cell = row * columns + Math.floor((key * columns) / T);
      const code = codes[query * T + key] ?? zero;
      // Of signed numbers, code 0 is none at all.
      if (zero !== 0 && code === 0) continue;
      if (Math.abs(code - zero) > Math.abs((small[cell] ?? zero) - zero)) small[cell] = code;
    }
  }
  return { codes: small, S: rows, T: columns };
}
