/** The lines across a chart at its values, with the values at their left. Role: drawing what KL's strip and drift have alike. */
import type { BaseType, ScaleLinear, Selection } from 'd3';

export interface ValueGrid {
  y: ScaleLinear<number, number>;
  ticks: readonly number[];
  /** Where the lines begin and end, in pixels. */
  left: number;
  right: number;
  label: (value: number, index: number) => string;
}

/** Pixels from a value to its line. */
const labelGap = 6;

export function drawValueGrid<Datum>(
  grid: Selection<BaseType, Datum, null, undefined>,
  { y, ticks, left, right, label }: ValueGrid,
): void {
  grid.selectAll('line').data(ticks).join('line').attr('x1', left).attr('x2', right).attr('y1', y).attr('y2', y);
  grid
    .selectAll('.value')
    .data(ticks)
    .join('text')
    .attr('class', 'value')
    .attr('x', left - labelGap)
    .attr('y', y)
    .text(label);
}
