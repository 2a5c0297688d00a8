/** Figure: how a tensor's elements are distributed, between its minimum and its maximum. */
import { t } from '@vscode/l10n';
import { max, scaleLinear, select } from 'd3';
import type { TensorStatistics } from '../../src/protocol/structure';
import { formatInteger } from '../../src/protocol/numbers';
import { formatValue } from '../shared/format';

const width = 240;
const height = 84;
const axisHeight = 16;

/** Null where there is nothing to draw: no finite element, or all are equal. */
export function drawHistogram({ minimum, maximum, histogram }: TensorStatistics): SVGSVGElement | null {
  if (minimum === null || maximum === null || histogram.length === 0) return null;
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const bins = histogram.length;
  const x = scaleLinear([minimum, maximum], [0, width]);
  const y = scaleLinear([0, max(histogram) ?? 1], [0, height - axisHeight - 2]);
  const edge = (bin: number): number => minimum + ((maximum - minimum) * bin) / bins;
  const base = height - axisHeight;
  const root = select(svg)
    .attr('class', 'histogram')
    .attr('viewBox', `0 0 ${width} ${height}`)
    .attr('role', 'img')
    .attr('data-testid', 'histogram')
    .attr('aria-label', t('Histogram of {0} bins from {1} to {2}', bins, formatValue(minimum), formatValue(maximum)));
  const bars = root.selectAll('rect').data(histogram).join('rect');
  bars
    .attr('x', (_, bin) => (width * bin) / bins + 0.5)
    .attr('width', width / bins - 1)
    // A single element among millions is still something to see.
    .attr('y', (count) => base - (count === 0 ? 0 : Math.max(1, y(count))))
    .attr('height', (count) => (count === 0 ? 0 : Math.max(1, y(count))));
  bars
    .append('title')
    .text((count, bin) => `${formatValue(edge(bin))} to ${formatValue(edge(bin + 1))}: ${formatInteger(count)}`);
  root.append('line').attr('class', 'base').attr('x2', width).attr('y1', base).attr('y2', base);
  const labels: [at: number, anchor: string, text: string][] = [
    [0, 'start', formatValue(minimum)],
    [width, 'end', formatValue(maximum)],
  ];
  const zero = x(0);
  // Zero is labelled where the ends leave room for it.
  if (zero > 60 && zero < width - 60) labels.push([zero, 'middle', '0']);
  root
    .selectAll('text')
    .data(labels)
    .join('text')
    .attr('x', ([at]) => at)
    .attr('y', height - 3)
    .attr('text-anchor', ([, anchor]) => anchor)
    .text(([, , text]) => text);
  return svg;
}
