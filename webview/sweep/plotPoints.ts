/** The points of the sweep's plot, one a row. Role: drawing; what pointing at one or pressing it does is plot.ts. */
import { symbol, type Selection } from 'd3';
import { countKvHeads, type Measure } from './lines';
import { methodColor, methodMarker } from './methodStyle';
import type { PlotSvg } from './plotAxes';
import { pointKey, type PlacedPoint } from './plotPlaces';
import type { Scales } from './plotScales';

export type PointNodes = Selection<SVGPathElement, PlacedPoint, SVGGElement, unknown>;

/**
 * @param focused key of the point that Tab reaches
 * @param canOpen points are buttons that open their row; the original's has nothing to open
 * @returns a node a point, to listen to
 */
export function drawPoints(
  svg: PlotSvg,
  points: readonly PlacedPoint[],
  {
    measure,
    scales: { x, y },
    focused,
    canOpen,
  }: { measure: Measure; scales: Scales; focused: string; canOpen: boolean },
): PointNodes {
  const { format, unit } = measure;
  return svg
    .select<SVGGElement>('.points')
    .selectAll<SVGPathElement, PlacedPoint>('path')
    .data(points, pointKey)
    .join('path')
    .attr('class', ({ row }) => (row.merge === null ? 'point original' : 'point'))
    .classed('openable', ({ row }) => canOpen && row.merge !== null)
    .attr('data-testid', 'sweep-point')
    .attr('data-key', pointKey)
    .attr('data-line', ({ line }) => line)
    .attr('data-g', ({ row }) => row.G)
    .attr('data-value', (point) => point.y)
    .attr('role', canOpen ? 'button' : 'img')
    .attr('aria-label', (point) => {
      const heads = countKvHeads(point.row.G);
      return `${point.title}, ${heads}: ${format(point.y)} ${unit}`;
    })
    .attr('tabindex', (point) => (pointKey(point) === focused ? 0 : -1))
    .style('--method', ({ merge }) => (merge < 0 ? 'var(--ink)' : methodColor(merge)))
    .attr('d', ({ merge }) => symbol(methodMarker(Math.max(0, merge)), 64)() ?? '')
    .attr('transform', (point) => `translate(${x(point.x)},${y(point.y)})`);
}
