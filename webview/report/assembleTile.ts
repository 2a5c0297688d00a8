/** A tile of any heads of a layer, put together from the tiles that were recorded of its groups. Pure. */
import type { AttentionTile, CellCoding, MapCells } from '../../src/protocol/maps';
import { codeOfWeight } from '../shared/attentionCode';
import { cellsOf, decode } from '../shared/mapCells';

/**
 * The tile of some heads. Its mean map is the recorded one where these heads are a recorded group, else it is made from the
 * heads' codes, and may be a code beside the exact mean.
 * @param recorded tiles of the whole map that have each head of the layer once
 * @returns null when a head is in none of them
 */
export function assembleTile(recorded: readonly AttentionTile[], heads: readonly number[]): AttentionTile | null {
  const same = recorded.find((tile) => tile.heads.join() === heads.join());
  if (same !== undefined) return same;
  const maps: MapCells[] = [];
  const statistics: AttentionTile['statistics'] = [];
  for (const head of heads) {
    const tile = recorded.find((own) => own.heads.includes(head));
    const cells = tile && cellsOf(tile, head);
    if (!tile || !cells) return null;
    maps.push(cells);
    statistics.push(...tile.statistics.filter((own) => own.head === head));
  }
  const [first] = recorded;
  const [one] = maps;
  if (first === undefined || one === undefined) return null;
  const coding = commonCoding(maps);
  const size = one.rows * one.columns;
  const codes = new Uint8Array(maps.length * size);
  const mean = new Float64Array(size);
  for (const [place, cells] of maps.entries()) {
    for (let cell = 0; cell < size; cell++) {
      const number = decode(cells.codes[cell] ?? 0, cells.coding);
      codes[place * size + cell] = encode(number, coding);
      mean[cell] = (mean[cell] ?? 0) + number / maps.length;
    }
  }
  return {
    ...first,
    heads: [...heads],
    members: { ...one, codes, coding },
    mean: { ...one, codes: Uint8Array.from(mean, (number) => encode(number, coding)), coding },
    statistics,
  };
}

/** A map that is added to another one, or taken from it; null where it is not known. */
export interface Term {
  cells: MapCells | null;
  sign: 1 | -1;
}

/**
 * A tile whose members are differences. Only maps that are not pooled can be taken from each other.
 * @param terms what is taken from a head's map, and added to it
 * @returns null where that cannot be said
 */
export function differencesOf(tile: AttentionTile, terms: (head: number) => readonly Term[]): AttentionTile | null {
  const { mean, S, T, heads } = tile;
  const size = S * T;
  const numbers = new Float64Array(heads.length * size);
  for (const [place, head] of heads.entries()) {
    for (const { cells, sign } of [{ cells: cellsOf(tile, head), sign: 1 }, ...terms(head)]) {
      if (cells?.codes.length !== size) return null;
      for (let cell = 0; cell < size; cell++) {
        const at = place * size + cell;
        numbers[at] = (numbers[at] ?? 0) + sign * decode(cells.codes[cell] ?? 0, cells.coding);
      }
    }
  }
  const largest = numbers.reduce((most, number) => Math.max(most, Number.isNaN(number) ? 0 : Math.abs(number)), 0);
  const coding: CellCoding = { kind: 'differences', largest };
  return { ...tile, members: { ...mean, codes: Uint8Array.from(numbers, (number) => encode(number, coding)), coding } };
}

/** A coding that has room for the numbers of all maps. */
function commonCoding(maps: readonly MapCells[]): CellCoding {
  const scores = maps.flatMap(({ coding }) => (coding.kind === 'scores' ? [coding] : []));
  if (scores.length === 0) return { kind: 'weights' };
  return {
    kind: 'scores',
    low: Math.min(...scores.map(({ low }) => low)),
    high: Math.max(...scores.map(({ high }) => high)),
  };
}

/** The code nearest to a number: the inverse of `decode`. */
function encode(number: number, coding: CellCoding): number {
  if (Number.isNaN(number)) return 0;
  switch (coding.kind) {
    case 'weights':
      return Math.round(codeOfWeight(number));
    case 'scores':
      return 1 + Math.round((254 * (number - coding.low)) / (coding.high - coding.low || 1));
    case 'differences':
      return 128 + Math.sign(number) * Math.round(127 * Math.sqrt(Math.abs(number) / (coding.largest || 1)));
  }
}
