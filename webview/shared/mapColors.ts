/**
 * The colours of maps that are looked at together: one scale for all of them, whatever their codes stand for, and its legend.
 * Role: pure arithmetic on tiles. Ramps of weights are colorScale.ts; a page's two comparison colours are given.
 */
import type { AttentionTile, CellCoding } from '../../src/protocol/maps';
import type { ColorScale } from '../../src/protocol/views';
import { addCells } from './attentionCode';
import {
  fitScale,
  packColor,
  pixelTable,
  scaleTicks,
  sequentialColor,
  type MapScale,
  type PixelTable,
} from './colorScale';
import { formatTick, formatWeight } from './format';
import { decode } from './mapCells';

/** Colours of what is less and what is more. */
export interface ComparisonColors {
  less: string;
  more: string;
}

export interface MapLegend {
  kind: CellCoding['kind'];
  /** CSS colours from one end to the other. */
  colors: string[];
  /** Position on the ramp, 0 to 1. */
  ticks: { text: string; position: number }[];
}

export interface MapColors {
  /** The pixels of codes. The same table for the same coding. */
  table(coding: CellCoding): PixelTable;
  /** One for each kind of number that is drawn. */
  legends: MapLegend[];
}

interface Look {
  scale: ColorScale;
  skipFirstKey: boolean;
  dark: boolean;
  comparison: ComparisonColors;
}

/** Share of scores that may lie below the lowest colour, and above the highest: outliers would eat the ramp. */
const SCORE_CUT = { low: 0.02, high: 0.002 };

/** Share of differences that may exceed the strongest colour: those at the diagonal and the first tokens are few and large. */
const DIFFERENCE_CUT = 0.004;

/** Fits colours to tiles that are drawn together. */
export function fitColors(tiles: readonly AttentionTile[], look: Look): MapColors {
  const spreads = tiles.flatMap((tile) =>
    (tile.members === null ? [tile.mean] : [tile.mean, tile.members]).map((cells): Spread => {
      const histogram = new Uint32Array(256);
      addCells(histogram, tile, cells, look.skipFirstKey);
      return { coding: cells.coding, histogram, isMember: cells === tile.members };
    }),
  );
  const spread = (kind: CellCoding['kind']): Spread[] => {
    const own = spreads.filter(({ coding }) => coding.kind === kind);
    // A mean is smoother than its members: where those are drawn, they alone say how far numbers reach.
    const members = own.filter(({ isMember }) => isMember);
    return members.length > 0 ? members : own;
  };
  const kinds = [...new Set(spreads.map(({ coding }) => coding.kind))];
  const weights = fitScale(sumOf(spread('weights')), look.scale);
  const scores = scoreRange(spread('scores'));
  const largest = largestOf(spread('differences'));
  const tables = new Map<string, PixelTable>();
  const make = (coding: CellCoding): PixelTable => {
    if (coding.kind === 'weights') return pixelTable(weights, look.dark);
    return Uint32Array.from({ length: 256 }, (_, code) => {
      const value = decode(code, coding);
      if (Number.isNaN(value)) return 0;
      if (coding.kind === 'differences')
        return packColor(value < 0 ? look.comparison.less : look.comparison.more, differenceShare(value, largest));
      return packColor(sequentialColor((value - scores.low) / (scores.high - scores.low), look.dark), 1);
    });
  };
  return {
    table: (coding) => {
      const key = JSON.stringify(coding);
      const table = tables.get(key) ?? make(coding);
      tables.set(key, table);
      return table;
    },
    legends: kinds.map((kind) => legendOf(kind, { weights, scores, largest }, look)),
  };
}

/** How often each code occurs in a tile, and what the codes are. */
interface Spread {
  coding: CellCoding;
  histogram: Uint32Array;
  isMember: boolean;
}

function sumOf(spreads: readonly Spread[]): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, code) =>
    spreads.reduce((sum, { histogram }) => sum + (histogram[code] ?? 0), 0),
  );
}

/** The numbers that occur, with how often, from low to high. */
function numbersOf(spreads: readonly Spread[]): { value: number; count: number }[] {
  return spreads
    .flatMap(({ coding, histogram }) =>
      Array.from(histogram, (count, code) => ({ value: decode(code, coding), count })),
    )
    .filter(({ value, count }) => count > 0 && !Number.isNaN(value))
    .sort((one, other) => one.value - other.value);
}

function scoreRange(spreads: readonly Spread[]): { low: number; high: number } {
  const numbers = numbersOf(spreads);
  const total = numbers.reduce((sum, { count }) => sum + count, 0);
  const at = (share: number): number => {
    let below = 0;
    return numbers.find(({ count }) => (below += count) > share * total)?.value ?? numbers.at(-1)?.value ?? 0;
  };
  const [low, high] = [at(SCORE_CUT.low), at(1 - SCORE_CUT.high)];
  return high > low ? { low, high } : { low: low - 1, high: low + 1 };
}

/** The difference that has the full colour: the few that are larger have no more. */
function largestOf(spreads: readonly Spread[]): number {
  const sizes = numbersOf(spreads).map(({ value, count }) => ({ size: Math.abs(value), count }));
  sizes.sort((one, other) => other.size - one.size);
  let above = DIFFERENCE_CUT * sizes.reduce((sum, { count }) => sum + count, 0);
  return Math.max(1e-6, sizes.find(({ count }) => (above -= count) < 0)?.size ?? 0);
}

/** Opacity of a difference: it grows with the root, because most differences are small and the eye should still find them. */
function differenceShare(value: number, largest: number): number {
  return Math.sqrt(Math.min(1, Math.abs(value) / largest));
}

const STOPS = 9;

function legendOf(
  kind: CellCoding['kind'],
  { weights, scores, largest }: { weights: MapScale; scores: { low: number; high: number }; largest: number },
  { dark, comparison }: Look,
): MapLegend {
  const stops = Array.from({ length: STOPS }, (_, stop) => stop / (STOPS - 1));
  const ramp = stops.map((stop) => sequentialColor(stop, dark));
  if (kind === 'weights') {
    const ticks = scaleTicks(weights).map(({ weight, position }) => ({ text: formatTick(weight), position }));
    return { kind, colors: ramp, ticks };
  }
  if (kind === 'scores') {
    const { low, high } = scores;
    const ends = [low, high].map((value) => ({ text: formatScore(value), position: value === low ? 0 : 1 }));
    const zero = -low / (high - low);
    return { kind, colors: ramp, ticks: zero > 0.15 && zero < 0.85 ? [...ends, { text: '0', position: zero }] : ends };
  }
  const colors = stops.map((stop) => {
    const percent = Math.round(Math.abs(2 * stop - 1) * 100);
    return `color-mix(in srgb, ${stop < 0.5 ? comparison.less : comparison.more} ${percent}%, transparent)`;
  });
  const ticks = [-largest, 0, largest].map((value, place) => ({ text: formatWeight(value), position: place / 2 }));
  return { kind, colors, ticks };
}

/** A score in as few digits as tell it from others. */
function formatScore(value: number): string {
  const text = Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(1);
  return text.replace('-', '−');
}
