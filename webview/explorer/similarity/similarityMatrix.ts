/**
 * The matrix of the similarity figure: a cell for every pair of heads, group blocks outlined, head numbers beside it. A grid for
 * keyboards and screen readers: arrow keys move, Enter chooses.
 * Role: drawing cells and saying which one is pointed at or chosen. What a cell means is similarity.ts.
 */
import type { Selection } from 'd3';
import type { SimilarityResult } from '../../../src/protocol/similarity';
import { sequentialColor } from '../../shared/colorScale';
import { groupColor, paintGroups } from '../../shared/groupLook';
import { isDark } from '../../shared/theme';
import type { MatrixLayout, MatrixScale } from './matrixLayout';

/** Two heads. */
export interface Pair {
  row: number;
  column: number;
}

export interface MatrixEvents {
  /** The pointer or the keyboard is on a pair, or on none. */
  point(pair: Pair | null): void;
  choose(pair: Pair): void;
}

/** What is drawn, besides the numbers. */
export interface MatrixPicture {
  layout: MatrixLayout;
  scale: MatrixScale;
  /** Room above for a tree. */
  top: number;
  label: string;
  /** A pair in words, as in the readout. */
  describe: (pair: Pair) => string;
  /** Shown large elsewhere. */
  chosen: Pair | null;
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
  readonly #events: MatrixEvents;
  readonly #grid: Selection<SVGGElement, unknown, null, undefined>;
  #picture: MatrixPicture | null = null;
  /** Places in the order shown. */
  #keyboard = { row: 0, column: 0 };

  constructor(svg: Svg, events: MatrixEvents) {
    this.#svg = svg;
    this.#events = events;
    for (const part of ['cells', 'blocks', 'names', 'cursor']) svg.append('g').attr('class', part);
    svg.select('.names').attr('aria-hidden', 'true');
    this.#grid = svg.select<SVGGElement>('.cells');
    this.#grid.attr('role', 'grid').attr('tabindex', 0).attr('data-testid', 'similarity-grid');
    svg.on('pointerleave', () => events.point(null));
    this.#grid.on('focus', () => this.#mark(this.#keyboard)).on('blur', () => this.#mark(null));
    this.#grid.on('keydown', (event: KeyboardEvent) => this.#press(event));
  }

  draw(result: SimilarityResult, picture: MatrixPicture): void {
    this.#picture = picture;
    const { order } = picture.layout;
    this.#svg.selectAll('.cells, .blocks, .cursor').attr('transform', `translate(${MARGIN},${picture.top})`);
    this.#grid.attr('aria-label', picture.label).attr('aria-rowcount', order.length);
    this.#drawCells(result, picture);
    this.#drawNames(result, picture);
    this.#drawMarks();
  }

  /** Takes the focus, with the cell that had it last. */
  focus(): void {
    this.#grid.node()?.focus();
  }

  /** Dims what is not looked at. @param isOn whether a head is */
  emphasise(isOn: (head: number) => boolean, isGroupOn: (group: number) => boolean): void {
    this.#svg.selectAll<SVGElement, number>('.names text').classed('dimmed', (head) => !isOn(head));
    this.#svg.selectAll<SVGElement, { group: number }>('.block').classed('dimmed', ({ group }) => !isGroupOn(group));
  }

  #drawCells({ matrix, n }: SimilarityResult, { layout, scale, describe, chosen }: MatrixPicture): void {
    const { order, offsets, cell, blocks } = layout;
    const dark = isDark();
    const isChosen = (pair: Pair): boolean => pair.row === chosen?.row && pair.column === chosen.column;
    this.#grid
      .selectAll<SVGGElement, number>('g')
      .data(order, (row) => row)
      .join((enter) => enter.append('g').attr('role', 'row'))
      .selectAll<SVGRectElement, MatrixCell>('rect')
      .data(
        (row, y) =>
          order.map((column, x): MatrixCell => ({
            row,
            column,
            x: offsets[x] ?? 0,
            y: offsets[y] ?? 0,
            value: matrix[row * n + column] ?? 0,
          })),
        ({ column }) => column,
      )
      .join((enter) =>
        enter
          .append('rect')
          .attr('role', 'gridcell')
          .attr('data-testid', 'similarity-cell')
          .attr('id', cellId)
          .on('pointerenter', (_: Event, pair) => this.#events.point(pair))
          .on('click', (_: Event, pair) => this.#choose(pair)),
      )
      .attr('data-row', ({ row }) => row)
      .attr('data-column', ({ column }) => column)
      .attr('data-value', ({ value }) => value)
      .attr('aria-label', describe)
      .attr('aria-selected', (pair) => String(isChosen(pair)))
      .attr('x', ({ x }) => x)
      .attr('y', ({ y }) => y)
      .attr('width', cell)
      .attr('height', cell)
      .attr('rx', cell > 10 ? 1.5 : 0)
      .classed('self', ({ row, column }) => row === column)
      .style('fill', ({ row, column, value }) =>
        row === column ? null : sequentialColor(scale.position(value), dark),
      );
    this.#svg
      .select('.blocks')
      .selectAll<SVGRectElement, MatrixLayout['blocks'][number]>('rect')
      .data(blocks)
      .join('rect')
      .attr('class', 'block')
      .call(paintGroups, ({ group }: { group: number }) => group)
      .attr('x', ({ start }) => start - 1.5)
      .attr('y', ({ start }) => start - 1.5)
      .attr('width', ({ size }) => size + 2)
      .attr('height', ({ size }) => size + 2)
      .attr('rx', 2);
  }

  #drawNames({ groups }: SimilarityResult, { layout: { order, offsets, cell }, top }: MatrixPicture): void {
    const every = Math.ceil(15 / Math.max(1, cell));
    const shown = order.filter((_, place) => place % every === 0);
    const offset = (head: number): number => (offsets[order.indexOf(head)] ?? 0) + cell / 2;
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
      .attr('y', (head) => top + offset(head));
    names('column')
      .attr('x', (head) => MARGIN + offset(head))
      .attr('y', top - 9);
  }

  /** The outline of the chosen pair, and of the keyboard's. */
  #drawMarks(): void {
    const picture = this.#picture;
    if (picture === null) return;
    const { order, offsets, cell } = picture.layout;
    const { chosen } = picture;
    const isFocused = document.activeElement === this.#grid.node();
    const places = [
      ...(chosen === null
        ? []
        : [{ kind: 'chosen', row: order.indexOf(chosen.row), column: order.indexOf(chosen.column) }]),
      ...(isFocused ? [{ kind: 'keyboard', ...this.#keyboard }] : []),
    ];
    this.#svg
      .select('.cursor')
      .selectAll('rect')
      .data(places)
      .join('rect')
      .attr('class', ({ kind }) => kind)
      .attr('x', ({ column }) => (offsets[column] ?? 0) - 1)
      .attr('y', ({ row }) => (offsets[row] ?? 0) - 1)
      .attr('width', cell + 2)
      .attr('height', cell + 2);
  }

  #press(event: KeyboardEvent): void {
    const steps: Record<string, [number, number]> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
    };
    const n = this.#picture?.layout.order.length ?? 0;
    if (n === 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const { row, column } = this.#keyboard;
    const step = steps[event.key];
    const within = (place: number): number => Math.min(n - 1, Math.max(0, place));
    if (step !== undefined) this.#mark({ row: within(row + step[0]), column: within(column + step[1]) });
    else if (event.key === 'Home') this.#mark({ row, column: 0 });
    else if (event.key === 'End') this.#mark({ row, column: n - 1 });
    else if (event.key === 'Enter' || event.key === ' ') this.#choose(this.#pairAt(this.#keyboard));
    else return;
    event.preventDefault();
  }

  #choose(pair: Pair): void {
    const { order = [] } = this.#picture?.layout ?? {};
    this.#keyboard = { row: order.indexOf(pair.row), column: order.indexOf(pair.column) };
    this.#events.choose({ row: pair.row, column: pair.column });
  }

  #mark(place: Pair | null): void {
    if (place !== null) this.#keyboard = place;
    const pair = place === null ? null : this.#pairAt(place);
    this.#grid.attr('aria-activedescendant', pair === null ? null : cellId(pair));
    this.#drawMarks();
    this.#events.point(pair);
  }

  /** The heads at a place in the order shown. */
  #pairAt({ row, column }: Pair): Pair {
    const { order = [] } = this.#picture?.layout ?? {};
    return { row: order[row] ?? 0, column: order[column] ?? 0 };
  }
}

const cellId = ({ row, column }: Pair): string => `similarity-${row}-${column}`;
