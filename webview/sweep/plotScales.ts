/** How large the parts of the sweep's plot are, and where its numbers lie. Pure; drawing is plotAxes.ts and its neighbours. */
import { extent, scaleLinear, scaleLog, type ScaleContinuousNumeric } from 'd3';
import type { SweepUi } from '../../src/protocol/sweepView';
import { axes, measures, type Point } from './lines';

export const MARGIN = { top: 14, bottom: 56, left: 58 };
/** Pixels between the lines' labels. */
export const LABEL_GAP = 16;
/** Pixels from the end of a line to the text of its label. */
export const LEADER = 26;
const PLOT_HEIGHT = 380;
/** What a letter of a label takes, and what is left free after its text. */
const CHARACTER = 6.6;
const AFTER_LABEL = 12;
/** What a plot needs at least, beside its labels. */
const LEAST_WIDTH = 240;
/** What of labels that are cut off must be seen. */
const LEAST_LABEL = 40;

/** Pixels of the part that the scales span. */
export interface PlotSizes {
  width: number;
  height: number;
  /** Whether the lines' labels have room beside it: all of them, or enough of the longest to read its beginning. */
  hasLabels: boolean;
}

export interface Scales {
  x: ScaleContinuousNumeric<number, number>;
  y: ScaleContinuousNumeric<number, number>;
}

/** @param titles those of the lines, which are written at the right of the plot @param available pixels of the page */
export function plotSizes(titles: readonly string[], available: number): PlotSizes {
  const wanted = Math.max(0, ...titles.map((title) => title.length)) * CHARACTER + LEADER + AFTER_LABEL;
  const right = Math.min(wanted, Math.max(0, available - MARGIN.left - LEAST_WIDTH));
  return {
    width: available - MARGIN.left - right,
    height: Math.max(PLOT_HEIGHT, titles.length * LABEL_GAP),
    hasLabels: right === wanted || right - LEADER > LEAST_LABEL,
  };
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
