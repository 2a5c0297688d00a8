/**
 * Reading the cells of tiles: which are whose, and what the code at a query and key stands for. Pure; asking is mapTiles.ts.
 */
import type { AttentionTile, CellCoding, MapCells } from '../../src/protocol/maps';
import { CODE_WEIGHTS } from './attentionCode';
import { placeOf } from './mapView';

/** The code of differences that stands for 0. */
export const NO_DIFFERENCE = 128;

/** One map of a tile: cells of a head, or of the mean for null; null when the tile has none. The mean of one head is its own. */
export function cellsOf({ heads, mean, members }: AttentionTile, head: number | null): MapCells | null {
  if (head === null) return mean;
  const place = heads.indexOf(head);
  if (place < 0) return null;
  if (members === null) return heads.length === 1 ? mean : null;
  const size = members.rows * members.columns;
  return { ...members, codes: members.codes.subarray(place * size, (place + 1) * size) };
}

/** The number that a code stands for; NaN for what is masked (protocol/maps.ts, CellCoding). */
export function decode(code: number, coding: CellCoding): number {
  switch (coding.kind) {
    case 'weights':
      return CODE_WEIGHTS[code] ?? 0;
    case 'scores':
      return code === 0 ? NaN : coding.low + ((code - 1) / 254) * (coding.high - coding.low);
    case 'differences':
      return code === 0 ? NaN : Math.sign(code - NO_DIFFERENCE) * coding.largest * ((code - NO_DIFFERENCE) / 127) ** 2;
  }
}

/** What the finest of some tiles of one map says of a cell; null when none has it. */
export function numberAt(
  tiles: readonly (AttentionTile | null)[],
  head: number | null,
  query: number,
  key: number,
): number | null {
  for (const tile of tiles) {
    const cells = tile && cellsOf(tile, head);
    const place = tile && cells && placeOf({ window: tile.window, ...cells }, query, key);
    if (cells !== null && place !== null) return decode(cells.codes[place] ?? 0, cells.coding);
  }
  return null;
}
