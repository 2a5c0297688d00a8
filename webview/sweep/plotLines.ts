/** The lines of the sweep's plot and their names beside them. Role: drawing; which lines there are is lines.ts. */
import { line as lineShape, symbol, type Selection } from 'd3';
import { spreadLabels, type DrawnLine, type Point } from './lines';
import { methodColor, methodDash, methodMarker } from './methodStyle';
import type { PlotSvg } from './plotAxes';
import { LABEL_GAP, LEADER, type PlotSizes, type Scales } from './plotScales';

/** A line's name, where the line ends, and the height that the name has found, in pixels. */
interface Label {
  line: DrawnLine;
  end: { x: number; y: number };
  place: number;
}

type LineNodes = Selection<SVGPathElement, DrawnLine, SVGGElement, unknown>;
type LabelNodes = Selection<SVGGElement, Label, SVGGElement, unknown>;

/** @returns a path a line, to listen to */
export function drawLines(svg: PlotSvg, lines: readonly DrawnLine[], { x, y }: Scales): LineNodes {
  const shape = lineShape<Point>(
    (point) => x(point.x),
    (point) => y(point.y),
  );
  return svg
    .select<SVGGElement>('.lines')
    .selectAll<SVGPathElement, DrawnLine>('path')
    .data(lines, ({ key }) => key)
    .join('path')
    .attr('class', 'line')
    .attr('data-testid', 'sweep-line')
    .attr('data-line', ({ key }) => key)
    .style('--method', ({ merge }) => methodColor(merge))
    .attr('stroke-dasharray', ({ grouping }) => methodDash(grouping))
    .attr('d', ({ points }) => shape(points));
}

/**
 * Names at the ends of the lines, moved apart, each tied to its line; none where there is no room.
 * @returns a node a label, to listen to
 */
export function drawLabels(
  svg: PlotSvg,
  lines: readonly DrawnLine[],
  { x, y }: Scales,
  { width, height, hasLabels }: PlotSizes,
): LabelNodes {
  const ends = lines.map(({ points }) => {
    const last = points.at(-1);
    return { x: x(last?.x ?? 0), y: y(last?.y ?? 0) };
  });
  const places = spreadLabels(
    ends.map((end) => end.y),
    LABEL_GAP,
    height,
  );
  const data: Label[] = hasLabels
    ? lines.map((line, index) => ({ line, end: ends[index] ?? { x: 0, y: 0 }, place: places[index] ?? 0 }))
    : [];
  const labels = svg
    .select<SVGGElement>('.labels')
    .selectAll<SVGGElement, Label>('g')
    .data(data, ({ line }) => line.key)
    .join((enter) => {
      const made = enter.append('g').attr('class', 'label');
      made.append('path').attr('class', 'leader');
      made.append('path').attr('class', 'marker');
      made.append('text');
      made.append('title');
      return made;
    })
    .attr('data-testid', 'sweep-label')
    .attr('data-line', ({ line }) => line.key)
    .style('--method', ({ line }) => methodColor(line.merge));
  labels
    .select('.leader')
    .attr('stroke-dasharray', ({ line }) => methodDash(line.grouping))
    .attr('d', ({ end, place }) => `M${end.x + 6},${end.y}L${width + 4},${end.y}L${width + LEADER - 10},${place}`);
  labels
    .select('.marker')
    .attr('d', ({ line }) => symbol(methodMarker(line.merge), 44)() ?? '')
    .attr('transform', ({ place }) => `translate(${width + LEADER - 4},${place})`);
  labels
    .select('text')
    .attr('x', width + LEADER + 5)
    .attr('y', ({ place }) => place)
    .text(({ line }) => line.title);
  labels.select('title').text(({ line }) => line.description);
  return labels;
}
