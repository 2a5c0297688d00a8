/**
 * The matrix of the similarity figure: a cell for every pair of heads, group blocks outlined, head numbers beside it.
 * Role: drawing cells and saying which one the pointer or the keyboard is on. What a cell means is similarity.ts.
 */
import type { Selection } from 'd3';
import type { SimilarityResult } from '../../src/protocol/model';
import { sequentialColor } from '../shared/colorScale';
import { groupColor, paintGroups } from '../shared/groupLook';
import { isDark } from '../shared/theme';
import type { MatrixLayout, MatrixScale } from './matrixLayout';

/** Two heads. */
export interface Pair {
  row: number;
  column: number;
}

interface MatrixCell extends Pair {
  x: number;
  y: number;
  value: number;
}

/** Room for head numbers left of the matrix and above it. */
export const MARGIN = 20;

type Svg = Selection<SVGSVGElement, unknown, null, undefined>;

export class SimilarityMatrix {
  readonly #svg: Svg;
  readonly #point: (pair: Pair | null) => void;
  #layout: MatrixLayout | null = null;
  /** Places in the order shown. */
  #keyboard = { row: 0, column: 0 };

  /** @param point called with the pair that the pointer or the keyboard is on */
  constructor(svg: Svg, point: (pair: Pair | null) => void) {
    this.#svg = svg;
    this.#point = point;
    for (const part of ['cells', 'blocks', 'names', 'cursor']) svg.append('g').attr('class', part);
    svg.attr('tabindex', 0);
    svg.on('pointerleave', () => point(null));
    svg.on('blur', () => this.#mark(null));
    svg.on('keydown', (event: KeyboardEvent) => this.#press(event));
  }

  draw(result: SimilarityResult, layout: MatrixLayout, scale: MatrixScale): void {
    this.#layout = layout;
    this.#svg.selectAll('.cells, .blocks, .cursor').attr('transform', `translate(${MARGIN},${MARGIN})`);
    this.#drawCells(result, layout, scale);
    this.#drawNames(result, layout);
    this.#svg.select('.cursor').selectAll('rect').remove();
  }

  /** Dims what is not looked at. @param isOn whether a head is */
  emphasise(isOn: (head: number) => boolean, isGroupOn: (group: number) => boolean): void {
    this.#svg.selectAll<SVGElement, number>('.names text').classed('dimmed', (head) => !isOn(head));
    this.#svg.selectAll<SVGElement, { group: number }>('.block').classed('dimmed', ({ group }) => !isGroupOn(group));
  }

  #drawCells(
    { matrix, n }: SimilarityResult,
    { order, offsets, cell, blocks }: MatrixLayout,
    scale: MatrixScale,
  ): void {
    const cells = order.flatMap((row, y) =>
      order.map((column, x): MatrixCell => ({
        row,
        column,
        x: offsets[x] ?? 0,
        y: offsets[y] ?? 0,
        value: matrix[row * n + column] ?? 0,
      })),
    );
    this.#svg
      .select('.cells')
      .selectAll<SVGRectElement, MatrixCell>('rect')
      .data(cells, ({ row, column }) => `${row}/${column}`)
      .join('rect')
      .attr('data-testid', 'similarity-cell')
      .attr('data-row', ({ row }) => row)
      .attr('data-column', ({ column }) => column)
      .attr('data-value', ({ value }) => value)
      .attr('x', ({ x }) => x)
      .attr('y', ({ y }) => y)
      .attr('width', cell)
      .attr('height', cell)
      .attr('rx', cell > 10 ? 1.5 : 0)
      .classed('self', ({ row, column }) => row === column)
      .style('fill', ({ row, column, value }) =>
        row === column ? null : sequentialColor(scale.position(value), isDark()),
      )
      .on('pointerenter', (_: Event, pair) => this.#point(pair));
    this.#svg
      .select('.blocks')
      .selectAll<SVGRectElement, MatrixLayout['blocks'][number]>('rect')
      .data(blocks, ({ group }) => group)
      .join('rect')
      .attr('class', 'block')
      .call(paintGroups, ({ group }: { group: number }) => group)
      .attr('x', ({ start }) => start - 1.5)
      .attr('y', ({ start }) => start - 1.5)
      .attr('width', ({ size }) => size + 2)
      .attr('height', ({ size }) => size + 2)
      .attr('rx', 2);
  }

  #drawNames({ groups }: SimilarityResult, { order, offsets, cell }: MatrixLayout): void {
    const every = Math.ceil(15 / Math.max(1, cell));
    const shown = order.filter((_, place) => place % every === 0);
    const offset = (head: number): number => MARGIN + (offsets[order.indexOf(head)] ?? 0) + cell / 2;
    const names = (side: 'row' | 'column') =>
      this.#svg
        .select('.names')
        .selectAll<SVGTextElement, number>(`.${side}`)
        .data(shown, (head) => head)
        .join('text')
        .attr('class', side)
        .style('fill', (head) => groupColor(groups[head] ?? 0))
        .text((head) => head);
    names('row')
      .attr('x', MARGIN - 7)
      .attr('y', offset);
    names('column')
      .attr('x', offset)
      .attr('y', MARGIN - 9);
  }

  #press(event: KeyboardEvent): void {
    const steps: Record<string, [number, number]> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
    };
    const step = steps[event.key];
    const n = this.#layout?.order.length ?? 0;
    if (event.key === 'Escape') this.#mark(null);
    if (step === undefined || n === 0) return;
    event.preventDefault();
    const within = (place: number): number => Math.min(n - 1, Math.max(0, place));
    const { row, column } = this.#keyboard;
    this.#keyboard = { row: within(row + step[0]), column: within(column + step[1]) };
    this.#mark(this.#keyboard);
  }

  #mark(place: Pair | null): void {
    const layout = this.#layout;
    if (layout === null) return;
    const { order, offsets, cell } = layout;
    this.#svg
      .select('.cursor')
      .selectAll('rect')
      .data(place === null ? [] : [place])
      .join('rect')
      .attr('x', ({ column }) => offsets[column] ?? 0)
      .attr('y', ({ row }) => offsets[row] ?? 0)
      .attr('width', cell)
      .attr('height', cell);
    this.#point(place === null ? null : { row: order[place.row] ?? 0, column: order[place.column] ?? 0 });
  }
}
