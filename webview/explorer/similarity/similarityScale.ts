/**
 * What stands right of the similarity matrix: a bar beside each row, how alike that head is to its pooled head, and the
 * colour scale, both with the floor of random heads on them.
 */
import { t } from '@vscode/l10n';
import type { Selection } from 'd3';
import type { SimilarityResult } from '../../../src/protocol/similarity';
import { sequentialColor } from '../../shared/colorScale';
import { paintGroups } from '../../shared/groupLook';
import { formatNumber } from '../../shared/format';
import { isDark } from '../../shared/theme';
import type { MatrixLayout, MatrixScale } from './matrixLayout';
import { MARGIN } from './similarityMatrix';

type Svg = Selection<SVGSVGElement, unknown, null, undefined>;

/** Widths of the bars and of the colour scale. */
export const BARS = 76;
export const LEGEND = 46;

/** @param top of the matrix. Bars run from 0 to 1; the dashed line is the floor of the pooled similarity. */
export function drawBars(svg: Svg, result: SimilarityResult, layout: MatrixLayout, top: number): void {
  const left = MARGIN + layout.size + 12;
  const length = BARS - 34;
  const printed = layout.cell >= 9;
  const group = svg.selectAll<SVGGElement, null>('g.bars').data([null]).join('g').attr('class', 'bars');
  const bars = group
    .attr('transform', `translate(${left},${top})`)
    .selectAll<SVGGElement, number>('.pooled')
    .data(layout.order, (head) => head)
    .join((enter) => {
      const made = enter.append('g').attr('class', 'pooled');
      made.append('rect').attr('class', 'track');
      made.append('rect').attr('class', 'bar').attr('data-testid', 'pooled-bar');
      // Over the bar, which tells the length also where the rhythm has a gap.
      made.append('line').attr('class', 'bar-rhythm');
      made.append('text');
      made.append('title');
      return made;
    })
    .call(paintGroups, (head: number) => result.groups[head] ?? 0)
    .attr('transform', (_, place) => `translate(0,${layout.offsets[place] ?? 0})`);
  const height = Math.max(1, Math.min(10, layout.cell - 2));
  const value = (head: number): number => result.toPooled[head] ?? 0;
  const extent = (share: number): number => Math.max(0, Math.min(1, share)) * length;
  bars
    .selectAll<SVGRectElement, number>('rect')
    .attr('y', (layout.cell - height) / 2)
    .attr('height', height)
    .attr('width', length);
  bars
    .select('.bar')
    .attr('data-head', (head) => head)
    .attr('data-value', value)
    .attr('width', (head) => extent(value(head)));
  bars
    .select('.bar-rhythm')
    .attr('y1', layout.cell / 2)
    .attr('y2', layout.cell / 2)
    .attr('x2', (head) => extent(value(head)))
    .attr('stroke-width', height);
  bars
    .select('text')
    .attr('x', length + 6)
    .attr('y', layout.cell / 2)
    .text((head) => (printed ? formatNumber(value(head), 2) : ''));
  bars.select('title').text((head) => describePooled(result, head));
  const floor = extent(result.pooledFloor);
  group
    .selectAll('line.floor')
    .data([floor])
    .join('line')
    .attr('class', 'floor')
    .attr('x1', floor)
    .attr('x2', floor)
    .attr('y1', -4)
    .attr('y2', layout.size + 2)
    .raise();
  const captions = [
    { text: t('to pooled'), x: 0, y: -9, kind: 'caption' },
    { text: t('floor'), x: floor, y: layout.size + 11, kind: 'caption floor-caption' },
  ];
  group
    .selectAll('text.caption')
    .data(captions)
    .join('text')
    .attr('class', ({ kind }) => kind)
    .attr('x', ({ x }) => x)
    .attr('y', ({ y }) => y)
    .text(({ text }) => text);
}

/** A head beside the pooled head that replaces it, in words. */
export function describePooled({ toPooled, groups, pooledFloor }: SimilarityResult, head: number): string {
  return t(
    'Head {0}: {1} to the pooled head of KV {2}; floor {3}',
    head,
    formatNumber(toPooled[head] ?? 0, 3),
    groups[head] ?? 0,
    formatNumber(pooledFloor, 2),
  );
}

/** The most alike is at the top; the line is the floor of pairs. */
export function drawLegend(
  svg: Svg,
  result: SimilarityResult,
  layout: MatrixLayout,
  scale: MatrixScale,
  top: number,
): void {
  const left = MARGIN + layout.size + BARS + 16;
  const place = (value: number): number => (1 - scale.position(value)) * layout.size;
  const legend = svg.selectAll<SVGGElement, null>('g.legend').data([null]).join('g').attr('class', 'legend');
  legend.attr('transform', `translate(${left},${top})`);
  const steps = 32;
  legend
    .selectAll('rect')
    .data(Array.from({ length: steps }, (_, step) => step))
    .join('rect')
    .attr('width', 8)
    .attr('height', layout.size / steps + 0.6)
    .attr('y', (step) => (step / steps) * layout.size)
    .style('fill', (step) => sequentialColor(1 - (step + 0.5) / steps, isDark()));
  const floor = place(result.floor);
  const ends = [scale.low, scale.high].map((value) => ({ value, text: String(value), isFloor: false }));
  const ticks = [
    ...ends.filter(({ value }) => Math.abs(place(value) - floor) >= 11),
    { value: result.floor, text: formatNumber(result.floor, 2), isFloor: true },
  ];
  legend
    .selectAll('text')
    .data(ticks)
    .join('text')
    .attr('class', ({ isFloor }) => (isFloor ? 'floor-tick' : ''))
    .attr('x', 12)
    .attr('y', ({ value }) => place(value))
    .text(({ text }) => text);
  legend
    .selectAll('line')
    .data([floor])
    .join('line')
    .attr('class', 'floor')
    .attr('x1', -2)
    .attr('x2', 10)
    .attr('y1', floor)
    .attr('y2', floor)
    .raise();
}
