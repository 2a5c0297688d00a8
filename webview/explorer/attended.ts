/**
 * Which keys a query attends to, read from tiles. Pure arithmetic shared by the text strip and its list.
 */
import type { AttentionTile } from '../../src/protocol/model';
import { CODE_WEIGHTS } from '../shared/attentionCode';

/**
 * Weights of one query position, decoded from a tile.
 * @param head a head of the tile, or null for the mean over its heads
 * @returns [T]; empty when the tile has no such row or head
 */
export function tileRow(tile: AttentionTile, head: number | null, query: number): Float64Array {
  const { S, T, heads, codes, meanCodes } = tile;
  const place = head === null ? 0 : heads.indexOf(head);
  if (query >= S || place < 0) return new Float64Array(0);
  const start = (place * S + query) * T;
  const row = (head === null ? meanCodes : codes).subarray(start, start + T);
  return Float64Array.from(row, (code) => CODE_WEIGHTS[code] ?? 0);
}

/** The keys with the largest weights, largest first. */
export function topKeys(weights: Float64Array, count: number, skipFirst: boolean): { key: number; weight: number }[] {
  return Array.from(weights, (weight, key) => ({ key, weight }))
    .filter(({ key, weight }) => weight > 0 && !(skipFirst && key === 0))
    .sort((a, b) => b.weight - a.weight)
    .slice(0, count);
}
