/**
 * Which lines of attention are drawn between two columns of tokens, and where. Pure, in pixels.
 */

/** Weights below these are not drawn: of a token that is looked at, and of all tokens at once. */
export const LEAST_WEIGHT = 0.02;
export const LEAST_OF_ALL = 0.1;
/** More lines than this tell nothing and take time: the weakest are left out. */
const MOST_LINES = 900;

/** Height of a token's row. */
export const ROW = 18;

export interface Line<Series> {
  query: number;
  key: number;
  weight: number;
  series: Series;
}

/** Lines that are drawn, and what was left out. */
export interface Lines<Series> {
  lines: Line<Series>[];
  /** Weight of the lines that were too weak, as a share of all weight. */
  leftOut: number;
  /** Lines strong enough, but too many. */
  dropped: number;
}

/** Chooses among all weights the lines that are drawn, the strongest first. @param least of a line that is drawn */
export function chooseLines<Series>(all: Iterable<Line<Series>>, least: number): Lines<Series> {
  const lines: Line<Series>[] = [];
  let total = 0;
  let weak = 0;
  for (const line of all) {
    total += line.weight;
    if (line.weight >= least) lines.push(line);
    else weak += line.weight;
  }
  lines.sort((a, b) => b.weight - a.weight);
  const kept = lines.slice(0, MOST_LINES);
  return { lines: kept, leftOut: total > 0 ? weak / total : 0, dropped: lines.length - kept.length };
}

/**
 * Height of a line's end: the middle of its token's row, the series beside each other.
 * @param place which series it is of how many
 */
export function lineEnd(token: number, place: number, count: number): number {
  const step = Math.min(3, (ROW - 5) / Math.max(1, count));
  return (token + 0.5) * ROW + (place - (count - 1) / 2) * step;
}

/** A curve from the left column to the right one. */
export function linePath(y1: number, y2: number, width: number): string {
  const round = (value: number): number => Math.round(value * 10) / 10;
  const half = round(width / 2);
  return `M0,${round(y1)}C${half},${round(y1)} ${half},${round(y2)} ${round(width)},${round(y2)}`;
}

/** How wide and how opaque a weight is: a third must look like more than a tenth, and a tenth must be seen. */
export function lineLook(weight: number): { width: number; opacity: number } {
  return { width: 1 + 4.5 * weight, opacity: 0.25 + 0.75 * Math.sqrt(weight) };
}

/** Lines whose far end is above or below what is in sight. */
export function linesOutOfSight(
  ends: readonly number[],
  scrollTop: number,
  height: number,
): { above: number; below: number } {
  const middle = (token: number): number => (token + 0.5) * ROW;
  return {
    above: ends.filter((token) => middle(token) < scrollTop).length,
    below: ends.filter((token) => middle(token) > scrollTop + height).length,
  };
}
