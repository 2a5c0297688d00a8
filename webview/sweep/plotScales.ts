/** How large the parts of the sweep's plot are, and where its numbers lie. Pure; drawing is plotAxes.ts and its neighbours. */
import { extent, scaleLinear, scaleLog, type ScaleContinuousNumeric } from 'd3';
import type { SweepUi } from '../../src/protocol/sweepView';
import { axes, measures, type Point } from './lines';

export const MARGIN = { top: 14, bottom: 56, left: 58 };
/** Pixels between the lines' labels. */
export const LABEL_GAP = 16;
/** Pixels from the end of a line to the text of its label. */
export const LEADER = 26;
/** Pixels of a line that stands before its name below the plot, with the space up to the name. */
export const SAMPLE = 30;
const PLOT_HEIGHT = 380;
/** What a letter of a label takes, and what is left free after its text. */
const CHARACTER = 6.6;
const AFTER_LABEL = 12;
/** What a plot needs at least, beside its labels. */
const LEAST_WIDTH = 280;
/** Right of a plot without labels: half of a number on the axis. */
const LEAST_RIGHT = 14;
/** Pixels from the bottom of the axis's title to the first row of names. */
const BEFORE_NAMES = 8;
/** Pixels between names that stand beside each other. */
const BETWEEN_NAMES = 18;

/** Where the lines' names are written: at their ends, or below the plot, where each has a place of its own. */
export type LabelPlaces = { side: 'ends' } | { side: 'below'; places: readonly { x: number; y: number }[] };

/** Pixels of the part that the scales span, and what is around it. */
export interface PlotSizes {
  width: number;
  height: number;
  /** Of the whole drawing. */
  total: number;
  labels: LabelPlaces;
}

export interface Scales {
  x: ScaleContinuousNumeric<number, number>;
  y: ScaleContinuousNumeric<number, number>;
}

/**
 * Names are written at the ends of the lines while the plot keeps enough room; else below it, and the plot has all of it.
 * @param titles those of the lines @param available pixels of the page
 */
export function plotSizes(titles: readonly string[], available: number): PlotSizes {
  const beside = Math.max(0, ...titles.map((title) => title.length)) * CHARACTER + LEADER + AFTER_LABEL;
  if (available - MARGIN.left - beside >= LEAST_WIDTH) {
    const height = Math.max(PLOT_HEIGHT, titles.length * LABEL_GAP);
    const total = MARGIN.top + height + MARGIN.bottom;
    return { width: available - MARGIN.left - beside, height, total, labels: { side: 'ends' } };
  }
  const [height, top] = [PLOT_HEIGHT, PLOT_HEIGHT + MARGIN.bottom + BEFORE_NAMES];
  const places = namesBelow(titles, available).map(({ x, row }) => ({ x: x - MARGIN.left, y: top + row * LABEL_GAP }));
  const last = Math.max(top, ...places.map(({ y }) => y));
  const width = Math.max(1, available - MARGIN.left - LEAST_RIGHT);
  return { width, height, total: MARGIN.top + last + LABEL_GAP / 2, labels: { side: 'below', places } };
}

/** Names in columns, as many as fit. */
function namesBelow(titles: readonly string[], available: number): { x: number; row: number }[] {
  const widest = SAMPLE + Math.max(0, ...titles.map(({ length }) => length)) * CHARACTER;
  const step = widest + BETWEEN_NAMES;
  const columns = Math.max(1, Math.floor((available + BETWEEN_NAMES) / step));
  return titles.map((_, place) => ({ x: (place % columns) * step, row: Math.floor(place / columns) }));
}

/** Scales that hold the points, with the original at the left. */
export function makeScales(
  points: readonly Point[],
  ui: Pick<SweepUi, 'x' | 'y'>,
  { width, height }: Pick<PlotSizes, 'width' | 'height'>,
): Scales {
  const [low = 0, high = 1] = extent([...points.map((point) => point.y), ...measures[ui.y].includes]) as number[];
  const room = (high - low || 1) * 0.04;
  const isBound = (value: number): boolean => measures[ui.y].includes.includes(value);
  const y = scaleLinear([isBound(low) ? low : low - room, isBound(high) ? high : high + room], [height, 0]).nice(10);
  const [least = 1, most = 2] = extent(points, (point) => point.x) as number[];
  const inset = [12, width - 12];
  if (axes[ui.x].scale === 'log2') {
    return { y, x: scaleLog([most, least === most ? most / 2 : least], inset).base(2) };
  }
  return { y, x: scaleLinear([most, ui.x === 'cache' ? 0 : least === most ? 0 : least], inset) };
}

/** The places that have room for a label, the ends first. */
export function apart(places: readonly number[], scale: (value: number) => number, gap: number): number[] {
  const sorted = places.toSorted((a, b) => scale(a) - scale(b));
  const order = [...new Set([sorted[0], sorted.at(-1), ...sorted])].filter((place) => place !== undefined);
  return order.reduce<number[]>(
    (kept, place) => (kept.every((other) => Math.abs(scale(other) - scale(place)) >= gap) ? [...kept, place] : kept),
    [],
  );
}
