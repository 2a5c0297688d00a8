/** The reference levels in the sweep's plot. Role: drawing; which levels there are is references.ts. */
import type { PlotSvg } from './plotAxes';
import type { Scales } from './plotScales';
import type { Reference } from './references';

/** The original's level is written at the right, where its line does not run; that of MQA at the left. */
export function drawReferences(svg: PlotSvg, references: readonly Reference[], { y }: Scales, width: number): void {
  const [bottom = 0] = y.range();
  const group = svg.select('.reference');
  group
    .selectAll('line')
    .data(references)
    .join('line')
    .attr('class', ({ id }) => id)
    .attr('data-testid', ({ id }) => (id === 'original' ? 'sweep-reference' : 'sweep-reference-mqa'))
    .attr('data-value', ({ value }) => value)
    .attr('x1', 0)
    .attr('x2', width)
    .attr('y1', ({ value }) => y(value))
    .attr('y2', ({ value }) => y(value));
  // Below the level, unless the axis is there; above the lines, which would cross it out.
  svg
    .select('.reference-names')
    .selectAll('text')
    .data(references)
    .join('text')
    .attr('class', ({ id }) => id)
    .attr('x', ({ id }) => (id === 'original' ? width - 4 : 14))
    .attr('y', ({ value }) => (y(value) > bottom - 18 ? y(value) - 7 : y(value) + 14))
    .text(({ title }) => title);
}
