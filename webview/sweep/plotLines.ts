/** The lines of the sweep's plot and their names beside them. Role: drawing; which lines there are is lines.ts. */
import { line as lineShape, symbol, type Selection } from 'd3';
import { spreadLabels, type DrawnLine, type Point } from './lines';
import { methodColor, methodDash, methodMarker } from './methodStyle';
import type { PlotSvg } from './plotAxes';
import { LABEL_GAP, LEADER, SAMPLE, type PlotSizes, type Scales } from './plotScales';

/** A line's name, where its text begins, its marker, and the path that ties them to the line or shows its dashes. */
interface Label {
  line: DrawnLine;
  text: { x: number; y: number };
  marker: { x: number; y: number };
  leader: string;
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

/** Names at the ends of the lines, moved apart, each tied to its line. */
function labelsAtEnds(lines: readonly DrawnLine[], { x, y }: Scales, { width, height }: PlotSizes): Label[] {
  const ends = lines.map(({ points }) => {
    const last = points.at(-1);
    return { x: x(last?.x ?? 0), y: y(last?.y ?? 0) };
  });
  const places = spreadLabels(
    ends.map((end) => end.y),
    LABEL_GAP,
    height,
  );
  return lines.map((line, index) => {
    const [end, place] = [ends[index] ?? { x: 0, y: 0 }, places[index] ?? 0];
    return {
      line,
      text: { x: width + LEADER + 5, y: place },
      marker: { x: width + LEADER - 4, y: place },
      leader: `M${end.x + 6},${end.y}L${width + 4},${end.y}L${width + LEADER - 10},${place}`,
    };
  });
}

/** Names below the plot, each after a piece of its line. */
function labelsBelow(lines: readonly DrawnLine[], places: readonly { x: number; y: number }[]): Label[] {
  const piece = SAMPLE - 6;
  return lines.map((line, index) => {
    const { x, y } = places[index] ?? { x: 0, y: 0 };
    return {
      line,
      text: { x: x + SAMPLE, y },
      marker: { x: x + piece / 2, y },
      leader: `M${x},${y}h${piece}`,
    };
  });
}

/**
 * The lines' names, where there is room for them.
 * @returns a node a label, to listen to
 */
export function drawLabels(svg: PlotSvg, lines: readonly DrawnLine[], scales: Scales, sizes: PlotSizes): LabelNodes {
  const data =
    sizes.labels.side === 'ends' ? labelsAtEnds(lines, scales, sizes) : labelsBelow(lines, sizes.labels.places);
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
    .classed('piece', sizes.labels.side === 'below')
    .attr('d', ({ leader }) => leader);
  labels
    .select('.marker')
    .attr('d', ({ line }) => symbol(methodMarker(line.merge), 44)() ?? '')
    .attr('transform', ({ marker }) => `translate(${marker.x},${marker.y})`);
  labels
    .select('text')
    .attr('x', ({ text }) => text.x)
    .attr('y', ({ text }) => text.y)
    .text(({ line }) => line.title);
  labels.select('title').text(({ line }) => line.description);
  return labels;
}
