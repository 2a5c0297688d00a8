/**
 * Figure (b): is the grouping sensible? A matrix of the similarity of every pair of K (or V) heads, group blocks
 * outlined, and beside each row how similar that head is to the pooled head that replaces it. The floor (what unrelated
 * heads would have) is marked on the legend and on the bars.
 */
import { select } from 'd3';
import type { SimilarityResult } from '../../src/protocol/model';
import { sequentialColor } from '../shared/colorScale';
import { Picker, Segmented } from '../shared/controls';
import { element, groupColor, watchWidth } from '../shared/dom';
import type { Figure } from '../shared/figure';
import { formatNumber } from '../shared/format';
import { layerTitle } from '../shared/labels';
import { isDark } from '../shared/theme';
import type { ExplorerData } from './data';
import { layoutMatrix, matrixScaleTop, type MatrixLayout } from './matrixLayout';
import { panel } from './panel';
import { focusedGroup, focusedHead, similarityRequest, type Actions, type ExplorerView } from './view';

interface MatrixCell {
  row: number;
  column: number;
  x: number;
  y: number;
  value: number;
}

/** Left and top margin for head numbers, and the widths of what stands right of the matrix. */
const MARGIN = 20;
const BARS = 76;
const LEGEND = 46;
const LARGEST_MATRIX = 250;

export class Similarity implements Figure<ExplorerView> {
  readonly element: HTMLElement;
  readonly #title = element('span');
  readonly #stage = element('div', { class: 'similarity-stage' });
  readonly #readout = element('p', { class: 'similarity-readout', 'aria-live': 'polite' });
  readonly #explanation = element('p', { class: 'muted note' });
  readonly #target: Segmented;
  readonly #measure: Picker;
  readonly #actions: Actions;
  readonly #data: ExplorerData;
  readonly #svg = select(this.#stage).append('svg').attr('role', 'img');
  #view: ExplorerView | null = null;
  #shown: SimilarityResult | null = null;
  #width = 0;

  constructor(actions: Actions, data: ExplorerData) {
    this.#actions = actions;
    this.#data = data;
    this.#target = new Segmented(
      'target-picker',
      'Which heads are compared',
      [
        { value: 'k', title: 'K', description: 'Key heads' },
        { value: 'v', title: 'V', description: 'Value heads' },
      ],
      (value) => actions.choose({ similarityTarget: value === 'v' ? 'v' : 'k' }),
    );
    this.#measure = new Picker('measure-picker', 'Measure', (value) => actions.choose({ similarityMeasure: value }));
    const controls = element('div', { class: 'controls' }, this.#target.element, this.#measure.element);
    this.element = panel('similarity', this.#title, controls, this.#stage, this.#readout, this.#explanation);
    for (const part of ['cells', 'blocks', 'names', 'bars', 'legend', 'cursor'])
      this.#svg.append('g').attr('class', part);
    this.#svg.on('pointerleave', () => this.#point(null));
    watchWidth(this.#stage, (width) => {
      this.#width = width;
      if (this.#view !== null) this.render(this.#view);
    });
  }

  render(view: ExplorerView): void {
    this.#view = view;
    const { ui, snapshot } = view;
    this.#title.textContent = `Similarity · ${layerTitle(snapshot.model, ui.layer)}`;
    this.#target.show(ui.similarityTarget);
    this.#measure.show(
      snapshot.registries.similarities
        .filter(({ on }) => on.includes('weights'))
        .map(({ id, title, description }) => ({ value: id, title, description })),
      ui.similarityMeasure,
    );
    const answer = this.#data.similarities.get(similarityRequest(view, ui.layer));
    this.element.classList.toggle('loading', answer.state === 'loading');
    this.element.setAttribute('aria-busy', String(answer.state === 'loading'));
    this.#explanation.classList.toggle('failed', answer.state === 'failed');
    if (answer.state === 'failed') this.#explanation.textContent = answer.error.message;
    if (answer.state !== 'ready') return;
    this.#shown = answer.value;
    this.#explanation.textContent = explain(answer.value);
    this.#draw(answer.value);
    this.emphasise(view);
  }

  emphasise(view: ExplorerView): void {
    this.#view = view;
    const n = this.#shown?.n ?? 0;
    const R = view.snapshot.model.H / Math.max(1, n);
    const head = focusedHead(view);
    const source = head === null ? null : Math.floor(head / R);
    const group = focusedGroup(view);
    const groups = this.#shown?.groups ?? [];
    const isOn = (place: number) => (source === null ? group === null || groups[place] === group : place === source);
    this.#svg.selectAll<SVGElement, number>('.names text, .pooled').classed('dimmed', (place) => !isOn(place));
    this.#svg
      .selectAll<SVGElement, { group: number }>('.block')
      .classed('dimmed', (block) => source === null && group !== null && block.group !== group);
  }

  #draw(result: SimilarityResult): void {
    if (this.#width === 0) return;
    const room = Math.min(LARGEST_MATRIX, this.#width - MARGIN - BARS - LEGEND - 12);
    const layout = layoutMatrix(result.groups, room);
    const top = matrixScaleTop(result.matrix, result.n);
    const color = (value: number) => sequentialColor(value / top, isDark());
    this.#svg
      .attr('width', MARGIN + layout.size + BARS + LEGEND + 12)
      .attr('height', MARGIN + layout.size + 16)
      .attr('aria-label', `${result.target.toUpperCase()} similarity of ${result.n} heads`);
    this.#svg.selectAll('.cells, .blocks, .cursor').attr('transform', `translate(${MARGIN},${MARGIN})`);
    this.#drawCells(result, layout, color);
    this.#drawNames(result, layout);
    this.#drawBars(result, layout);
    this.#drawLegend(result, layout, top);
  }

  #drawCells(result: SimilarityResult, layout: MatrixLayout, color: (value: number) => string): void {
    const cells = layout.order.flatMap((row, y) =>
      layout.order.map((column, x): MatrixCell => ({
        row,
        column,
        x: layout.offsets[x] ?? 0,
        y: layout.offsets[y] ?? 0,
        value: result.matrix[row * result.n + column] ?? 0,
      })),
    );
    this.#svg
      .select('.cells')
      .selectAll<SVGRectElement, MatrixCell>('rect')
      .data(cells, (cell) => `${cell.row}/${cell.column}`)
      .join('rect')
      .attr('data-testid', 'similarity-cell')
      .attr('data-row', (cell) => cell.row)
      .attr('data-column', (cell) => cell.column)
      .attr('data-value', (cell) => cell.value)
      .attr('x', (cell) => cell.x)
      .attr('y', (cell) => cell.y)
      .attr('width', layout.cell)
      .attr('height', layout.cell)
      .attr('rx', layout.cell > 10 ? 1.5 : 0)
      .classed('self', (cell) => cell.row === cell.column)
      .style('fill', (cell) => (cell.row === cell.column ? null : color(cell.value)))
      .on('pointerenter', (_: Event, cell) => this.#point(cell));
    this.#svg
      .select('.blocks')
      .selectAll<SVGRectElement, MatrixLayout['blocks'][number]>('rect')
      .data(layout.blocks, (block) => block.group)
      .join('rect')
      .attr('class', 'block')
      .style('stroke', (block) => groupColor(block.group))
      .attr('x', (block) => block.start - 1.5)
      .attr('y', (block) => block.start - 1.5)
      .attr('width', (block) => block.size + 2)
      .attr('height', (block) => block.size + 2)
      .attr('rx', 2);
  }

  #drawNames(result: SimilarityResult, layout: MatrixLayout): void {
    const middle = layout.cell / 2;
    const every = Math.ceil(15 / Math.max(1, layout.cell));
    const names = (side: 'row' | 'column') =>
      this.#svg
        .select('.names')
        .selectAll<SVGTextElement, number>(`.${side}`)
        .data(
          layout.order.filter((_, place) => place % every === 0),
          (head) => head,
        );
    const offset = (head: number) => MARGIN + (layout.offsets[layout.order.indexOf(head)] ?? 0) + middle;
    const fill = (head: number) => groupColor(result.groups[head] ?? 0);
    names('row')
      .join('text')
      .attr('class', 'row')
      .attr('x', MARGIN - 7)
      .attr('y', offset)
      .style('fill', fill)
      .text((head) => head);
    names('column')
      .join('text')
      .attr('class', 'column')
      .attr('x', offset)
      .attr('y', MARGIN - 9)
      .style('fill', fill)
      .text((head) => head);
  }

  /** Bars run from 0 to 1; the dashed line is the floor of the pooled similarity. */
  #drawBars(result: SimilarityResult, layout: MatrixLayout): void {
    const left = MARGIN + layout.size + 12;
    const length = BARS - 34;
    const printed = layout.cell >= 9;
    const bars = this.#svg
      .select('.bars')
      .attr('transform', `translate(${left},${MARGIN})`)
      .selectAll<SVGGElement, number>('.pooled')
      .data(layout.order, (head) => head)
      .join((enter) => {
        const made = enter.append('g').attr('class', 'pooled');
        made.append('rect').attr('class', 'track');
        made.append('rect').attr('class', 'bar').attr('data-testid', 'pooled-bar');
        made.append('text');
        made.append('title');
        return made;
      })
      .attr('transform', (_, place) => `translate(0,${layout.offsets[place] ?? 0})`);
    const height = Math.max(1, Math.min(10, layout.cell - 2));
    const value = (head: number) => result.toPooled[head] ?? 0;
    bars
      .selectAll<SVGRectElement, number>('rect')
      .attr('y', (layout.cell - height) / 2)
      .attr('height', height)
      .attr('width', length);
    bars
      .select('.bar')
      .attr('data-head', (head) => head)
      .attr('data-value', value)
      .attr('width', (head) => Math.max(0, Math.min(1, value(head))) * length)
      .style('fill', (head) => groupColor(result.groups[head] ?? 0));
    bars
      .select('text')
      .attr('x', length + 6)
      .attr('y', layout.cell / 2)
      .text((head) => (printed ? formatNumber(value(head), 2) : ''));
    bars
      .select('title')
      .text(
        (head) =>
          `Head ${head}: ${formatNumber(value(head), 3)} to the pooled head of KV ${result.groups[head] ?? 0}; floor ${formatNumber(result.pooledFloor, 2)}`,
      );
    const floor = Math.max(0, result.pooledFloor) * length;
    this.#svg
      .select('.bars')
      .selectAll('line.floor')
      .data([floor])
      .join('line')
      .attr('class', 'floor')
      .attr('x1', floor)
      .attr('x2', floor)
      .attr('y1', -4)
      .attr('y2', layout.size + 2)
      .raise();
    this.#svg
      .select('.bars')
      .selectAll('text.caption')
      .data(['to pooled'])
      .join('text')
      .attr('class', 'caption')
      .attr('x', 0)
      .attr('y', -9)
      .text((text) => text);
    this.#svg
      .select('.bars')
      .selectAll('text.floor-caption')
      .data([floor])
      .join('text')
      .attr('class', 'caption floor-caption')
      .attr('x', floor)
      .attr('y', layout.size + 11)
      .text('floor');
  }

  #drawLegend(result: SimilarityResult, layout: MatrixLayout, top: number): void {
    const left = MARGIN + layout.size + BARS + 16;
    const place = (value: number) => (1 - value / top) * layout.size;
    const legend = this.#svg.select('.legend').attr('transform', `translate(${left},${MARGIN})`);
    const steps = 32;
    legend
      .selectAll('rect')
      .data(Array.from({ length: steps }, (_, step) => step))
      .join('rect')
      .attr('width', 8)
      .attr('height', layout.size / steps + 0.6)
      .attr('y', (step) => (step / steps) * layout.size)
      .style('fill', (step) => sequentialColor(1 - (step + 0.5) / steps, isDark()));
    const floor = Math.max(0, result.floor);
    const near = (value: number) => Math.abs(place(value) - place(floor)) < 11;
    const ticks = [
      { value: top, text: top.toFixed(2), isFloor: false },
      { value: 0, text: '0', isFloor: false },
    ].filter((tick) => !near(tick.value));
    ticks.push({ value: floor, text: formatNumber(result.floor, 2), isFloor: true });
    legend
      .selectAll('text')
      .data(ticks)
      .join('text')
      .attr('class', (tick) => (tick.isFloor ? 'floor-tick' : ''))
      .attr('x', 12)
      .attr('y', (tick) => place(tick.value))
      .text((tick) => tick.text);
    legend
      .selectAll('line')
      .data([floor])
      .join('line')
      .attr('class', 'floor')
      .attr('x1', -2)
      .attr('x2', 10)
      .attr('y1', place)
      .attr('y2', place)
      .raise();
  }

  #point(cell: MatrixCell | null): void {
    const result = this.#shown;
    const view = this.#view;
    if (result === null || view === null) return;
    const R = view.snapshot.model.H / result.n;
    this.#actions.hover(
      cell === null ? { head: null, group: null } : { head: cell.row * R, group: result.groups[cell.row] ?? 0 },
    );
    this.#readout.textContent =
      cell === null
        ? ''
        : cell.row === cell.column
          ? `${result.target.toUpperCase()}${cell.row} with itself: 1`
          : `${result.target.toUpperCase()}${cell.row} and ${result.target.toUpperCase()}${cell.column}: ${formatNumber(cell.value, 3)} · floor ${formatNumber(result.floor, 2)}`;
  }
}

/** One line on what is seen. */
function explain(result: SimilarityResult): string {
  const isPooled = new Set(result.groups).size < result.n;
  const floor = `Floor ${formatNumber(result.floor, 2)}: random heads of the same shape.`;
  return result.measure === 'cosine'
    ? `Raw cosine is near 0 for every pair: heads live in different bases. Try aligned. ${floor}`
    : `${floor} ${isPooled ? 'Bars: each head to the pooled head that replaces it.' : 'Nothing is pooled: every head stays as it is.'}`;
}
