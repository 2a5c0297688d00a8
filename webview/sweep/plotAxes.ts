/** The axes of the sweep's plot with their ticks, names and grid. Role: drawing; where numbers lie is plotScales.ts. */
import { axisBottom, axisLeft, type Selection } from 'd3';
import type { SweepResult } from '../../src/protocol/sweep';
import type { SweepUi } from '../../src/protocol/sweepView';
import { axes, headsTitle, measures } from './lines';
import { apart, MARGIN, type PlotSizes, type Scales } from './plotScales';

export type PlotSvg = Selection<SVGSVGElement, unknown, null, undefined>;

/** Draws both axes and the lines across the plot. */
export function drawAxes(
  svg: PlotSvg,
  result: SweepResult,
  ui: Pick<SweepUi, 'x' | 'y'>,
  { x, y }: Scales,
  { width, height }: PlotSizes,
): void {
  const axis = axes[ui.x];
  const places = [...new Set(result.rows.flatMap((row) => axis.value(row) ?? []))];
  // Every number of KV heads has its tick; where they crowd, the axis chooses.
  const ticks = ui.x === 'time' ? x.ticks(6) : apart(places, x, ui.x === 'cache' ? 64 : 34);
  const bottom = svg.select<SVGGElement>('.x-axis');
  bottom.attr('transform', `translate(${MARGIN.left},${MARGIN.top + height})`);
  bottom.call(
    axisBottom(x)
      .tickValues(ticks)
      .tickFormat((value) => axis.format(Number(value)))
      .tickSizeOuter(0),
  );
  bottom
    .selectAll('text.name')
    .data(ui.x === 'heads' ? ticks.filter((G) => G === result.model.G || G === 1) : [])
    .join('text')
    .attr('class', 'name')
    .attr('x', (G) => x(G))
    .attr('y', 31)
    .text((G) => headsTitle(G, result.model));
  bottom
    .selectAll('text.title')
    .data([axis.title])
    .join('text')
    .attr('class', 'title')
    .attr('x', width / 2)
    .attr('y', 46)
    .text((title) => title);
  const { format, unit } = measures[ui.y];
  const left = svg.select<SVGGElement>('.y-axis');
  left.call(
    axisLeft(y)
      .ticks(6)
      .tickFormat((value) => trimmed(format(Number(value))))
      .tickSizeOuter(0),
  );
  left
    .selectAll('text.title')
    .data([unit])
    .join('text')
    .attr('class', 'title')
    .attr('transform', 'rotate(-90)')
    .attr('x', -height / 2)
    .attr('y', -46)
    .text((title) => title);
  svg
    .select('.grid')
    .selectAll('line')
    .data(y.ticks(6))
    .join('line')
    .attr('x1', 0)
    .attr('x2', width)
    .attr('y1', (value) => y(value))
    .attr('y2', (value) => y(value));
}

/** Ticks need no zeros behind the point. */
function trimmed(text: string): string {
  return text.replace(/(\.\d*?)0+(?=\D|$)/, '$1').replace(/\.(?=\D|$)/, '');
}
