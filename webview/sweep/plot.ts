/**
 * The plot of a sweep: quality against KV heads, cache or decode time, one line a method, all starting at the original.
 * Role: draws plain rows. It asks nobody for anything, so the panel and standalone pages draw with it alike.
 */
import { t } from '@vscode/l10n';
import {
  axisBottom,
  axisLeft,
  extent,
  line as lineShape,
  scaleLinear,
  scaleLog,
  select,
  symbol,
  type ScaleContinuousNumeric,
} from 'd3';
import type { SweepResult, SweepRow } from '../../src/protocol/sweep';
import type { SweepUi } from '../../src/protocol/sweepView';
import { element, watchWidth } from '../shared/dom';
import {
  axes,
  countKvHeads,
  headsTitle,
  linesOf,
  measures,
  originalOf,
  pointsOf,
  spreadLabels,
  type Line,
  type Point,
} from './lines';
import { referencesOf, type Reference } from './references';
import { methodColor, methodDash, methodMarker } from './methodStyle';

/** What the plot tells. */
export interface PlotEvents {
  /** A row is pointed at, or none any more. `at` is a place on the screen. */
  point: (row: SweepRow | null, at: { x: number; y: number }) => void;
  /** A row was chosen; null where nothing follows from that. */
  open: ((row: SweepRow) => void) | null;
}

interface Scales {
  x: ScaleContinuousNumeric<number, number>;
  y: ScaleContinuousNumeric<number, number>;
}

/** A line with the places of its rows, in pixels. */
interface DrawnLine extends Line {
  points: Point[];
}

const MARGIN = { top: 14, bottom: 56, left: 58 };
const PLOT_HEIGHT = 380;
/** Pixels between the lines' labels, and what a label's text may take. */
const LABEL_GAP = 16;
const LEADER = 26;
const CHARACTER = 6.6;
/** What a plot needs at least, beside its labels. */
const LEAST_WIDTH = 240;

export class Plot {
  readonly element = element('div', { class: 'sweep-plot', 'data-testid': 'sweep-plot' });
  readonly #events: PlotEvents;
  readonly #svg = select(this.element).append('svg').attr('role', 'group');
  #shown: { result: SweepResult; ui: SweepUi } | null = null;
  #width = 0;
  /** The point that Tab reaches; arrow keys move it. */
  #focused = '';

  constructor(events: PlotEvents) {
    this.#events = events;
    for (const layer of ['grid', 'x-axis', 'y-axis', 'reference', 'lines', 'labels', 'points']) {
      this.#svg.append('g').attr('class', layer);
    }
    watchWidth(this.element, (width) => {
      this.#width = width;
      if (this.#shown !== null) this.render(this.#shown.result, this.#shown.ui);
    });
  }

  /** The drawing itself, for export. */
  get svg(): SVGSVGElement | null {
    return this.#svg.node();
  }

  render(result: SweepResult, ui: SweepUi): void {
    this.#shown = { result, ui };
    if (this.#width === 0) return;
    const lines = linesOf(result).map((line): DrawnLine => ({ ...line, points: pointsOf(line.rows, ui.x, ui.y) }));
    const drawn = lines.filter(({ points }) => points.length > 0);
    const original = originalOf(result);
    const start = original === null ? [] : pointsOf([original], ui.x, ui.y);
    const labels = Math.max(0, ...drawn.map(({ title }) => title.length)) * CHARACTER + LEADER + 12;
    const right = Math.min(labels, Math.max(0, this.#width - MARGIN.left - LEAST_WIDTH));
    const plotWidth = this.#width - MARGIN.left - right;
    const plotHeight = Math.max(PLOT_HEIGHT, drawn.length * LABEL_GAP);
    const scales = makeScales([...start, ...drawn.flatMap(({ points }) => points)], ui, plotWidth, plotHeight);
    this.#svg
      .attr('width', this.#width)
      .attr('height', plotHeight + MARGIN.top + MARGIN.bottom)
      .attr('aria-label', t('{0}. Arrow keys go from point to point.', measures[ui.y].title));
    this.#svg.selectAll(':scope > g').attr('transform', `translate(${MARGIN.left},${MARGIN.top})`);
    this.#drawAxes(result, ui, scales, plotWidth, plotHeight);
    this.#drawReferences(start.length === 0 ? [] : referencesOf(result, ui.y), scales, plotWidth);
    this.#drawLines(drawn, scales);
    this.#drawLabels(drawn, scales, plotWidth, plotHeight, right - LEADER > 40);
    this.#drawPoints(start, drawn, result, ui, scales);
  }

  #drawAxes(result: SweepResult, ui: SweepUi, { x, y }: Scales, width: number, height: number): void {
    const axis = axes[ui.x];
    const places = [...new Set(result.rows.flatMap((row) => axis.value(row) ?? []))];
    // Every number of KV heads has its tick; where they crowd, the axis chooses.
    const ticks = ui.x === 'time' ? x.ticks(6) : apart(places, x, ui.x === 'cache' ? 64 : 34);
    const bottom = this.#svg.select<SVGGElement>('.x-axis');
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
    const left = this.#svg.select<SVGGElement>('.y-axis');
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
    this.#svg
      .select('.grid')
      .selectAll('line')
      .data(y.ticks(6))
      .join('line')
      .attr('x1', 0)
      .attr('x2', width)
      .attr('y1', (value) => y(value))
      .attr('y2', (value) => y(value));
  }

  /** The original's level is written at the right, where its line does not run; that of MQA at the left. */
  #drawReferences(references: readonly Reference[], { y }: Scales, width: number): void {
    const [bottom = 0] = y.range();
    const group = this.#svg.select('.reference');
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
    // Below the level, unless the axis is there.
    group
      .selectAll('text')
      .data(references)
      .join('text')
      .attr('class', ({ id }) => id)
      .attr('x', ({ id }) => (id === 'original' ? width - 4 : 14))
      .attr('y', ({ value }) => (y(value) > bottom - 18 ? y(value) - 7 : y(value) + 14))
      .text(({ title }) => title);
  }

  #drawLines(lines: readonly DrawnLine[], { x, y }: Scales): void {
    const shape = lineShape<Point>(
      (point) => x(point.x),
      (point) => y(point.y),
    );
    this.#svg
      .select('.lines')
      .selectAll<SVGPathElement, DrawnLine>('path')
      .data(lines, ({ key }) => key)
      .join('path')
      .attr('class', 'line')
      .attr('data-testid', 'sweep-line')
      .attr('data-line', ({ key }) => key)
      .style('--method', ({ merge }) => methodColor(merge))
      .attr('stroke-dasharray', ({ grouping }) => methodDash(grouping))
      .attr('d', ({ points }) => shape(points))
      .on('pointerenter', (_: Event, { key }) => this.#emphasise(key))
      .on('pointerleave', () => this.#emphasise(null));
  }

  /** Names at the ends of the lines, moved apart, each tied to its line. */
  #drawLabels(lines: readonly DrawnLine[], { x, y }: Scales, width: number, height: number, isRoom: boolean): void {
    const ends = lines.map(({ points }) => {
      const last = points.at(-1);
      return { x: x(last?.x ?? 0), y: y(last?.y ?? 0) };
    });
    const places = spreadLabels(
      ends.map((end) => end.y),
      LABEL_GAP,
      height,
    );
    const data = isRoom
      ? lines.map((line, index) => ({ line, end: ends[index] ?? { x: 0, y: 0 }, place: places[index] ?? 0 }))
      : [];
    const labels = this.#svg
      .select('.labels')
      .selectAll<SVGGElement, (typeof data)[number]>('g')
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
      .style('--method', ({ line }) => methodColor(line.merge))
      .on('pointerenter', (_: Event, { line }) => this.#emphasise(line.key))
      .on('pointerleave', () => this.#emphasise(null));
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
  }

  #drawPoints(
    start: readonly Point[],
    lines: readonly DrawnLine[],
    result: SweepResult,
    ui: SweepUi,
    { x, y }: Scales,
  ): void {
    const converted = lines.flatMap((line) =>
      line.points
        .filter(({ row }) => row.merge !== null)
        .map((point) => ({ ...point, line: line.key, merge: line.merge, title: line.title })),
    );
    const data = [
      ...start.map((point) => ({ ...point, line: 'original', merge: -1, title: t('Original') })),
      ...converted,
    ];
    const keys = data.map(keyOf);
    if (!keys.includes(this.#focused)) this.#focused = keys[0] ?? '';
    const { format, unit } = measures[ui.y];
    const { open } = this.#events;
    this.#svg
      .select('.points')
      .selectAll<SVGPathElement, (typeof data)[number]>('path')
      .data(data, keyOf)
      .join('path')
      .attr('class', ({ row }) => (row.merge === null ? 'point original' : 'point'))
      .classed('openable', ({ row }) => open !== null && row.merge !== null)
      .attr('data-testid', 'sweep-point')
      .attr('data-key', keyOf)
      .attr('data-line', ({ line }) => line)
      .attr('data-g', ({ row }) => row.G)
      .attr('data-value', (point) => point.y)
      .attr('role', open === null ? 'img' : 'button')
      .attr('aria-label', (point) => {
        const heads = countKvHeads(point.row.G);
        return `${point.title}, ${heads}: ${format(point.y)} ${unit}`;
      })
      .attr('tabindex', (point) => (keyOf(point) === this.#focused ? 0 : -1))
      .style('--method', ({ merge }) => (merge < 0 ? 'var(--ink)' : methodColor(merge)))
      .attr('d', ({ merge }) => symbol(methodMarker(Math.max(0, merge)), 64)() ?? '')
      .attr('transform', (point) => `translate(${x(point.x)},${y(point.y)})`)
      .on('pointerenter', (event: PointerEvent, { row, line }) => {
        this.#emphasise(line);
        this.#events.point(row, { x: event.clientX, y: event.clientY });
      })
      .on('pointerleave blur', () => {
        this.#emphasise(null);
        this.#events.point(null, { x: 0, y: 0 });
      })
      .on('focus', (event: FocusEvent, point) => {
        this.#focused = keyOf(point);
        this.#emphasise(point.line);
        const box = (event.target as Element).getBoundingClientRect();
        this.#events.point(point.row, { x: box.right, y: box.bottom });
      })
      .on('click', (_: Event, { row }) => {
        if (row.merge !== null) open?.(row);
      })
      .on('keydown', (event: KeyboardEvent, point) => {
        if ((event.key === 'Enter' || event.key === ' ') && point.row.merge !== null) {
          event.preventDefault();
          open?.(point.row);
          return;
        }
        const next = neighbour(event.key, point, data, { x, y });
        if (next === null) return;
        event.preventDefault();
        this.#focused = keyOf(next);
        this.render(result, ui);
        this.#svg.select<SVGPathElement>(`.point[data-key='${this.#focused}']`).node()?.focus();
      });
  }

  /** Shows one line and dims the others; null shows all alike. The original belongs to every line. */
  #emphasise(key: string | null): void {
    const isDimmed = function (this: Element): boolean {
      const own = this.getAttribute('data-line');
      return key !== null && key !== 'original' && own !== key && own !== 'original';
    };
    this.#svg.selectAll<SVGElement, unknown>('.line, .label, .point').classed('dimmed', isDimmed);
  }
}

interface PlacedPoint extends Point {
  line: string;
}

/** Quotes would end an attribute's value in a selector. */
function keyOf({ line, row }: PlacedPoint): string {
  return `${line}/${row.G}`;
}

/** Left and right go along the line, up and down to the nearest value of the same number of KV heads. */
function neighbour<P extends PlacedPoint>(key: string, from: P, points: readonly P[], { x, y }: Scales): P | null {
  const across = { ArrowLeft: -1, ArrowRight: 1 }[key];
  const up = { ArrowUp: -1, ArrowDown: 1 }[key];
  if (across === undefined && up === undefined) return null;
  const distance = (point: P): number => {
    const [dx, dy] = [x(point.x) - x(from.x), y(point.y) - y(from.y)];
    const forward = across === undefined ? dy * (up ?? 0) : dx * across;
    if (point === from || forward <= 0) return Infinity;
    if (across === undefined) return Math.abs(dx) > 1 ? Infinity : forward;
    const isAlong = point.line === from.line || point.line === 'original' || from.line === 'original';
    return isAlong ? forward * 1e4 + Math.abs(dy) : Infinity;
  };
  const nearest = points.reduce<P | null>(
    (best, point) => (distance(point) < (best === null ? Infinity : distance(best)) ? point : best),
    null,
  );
  return nearest;
}

/** Scales that hold the points, with the original at the left. */
function makeScales(points: readonly Point[], ui: SweepUi, width: number, height: number): Scales {
  const [low = 0, high = 1] = extent([...points.map((point) => point.y), ...measures[ui.y].includes]) as number[];
  const room = (high - low || 1) * 0.04;
  const isBound = (value: number): boolean => measures[ui.y].includes.includes(value);
  const y = scaleLinear([isBound(low) ? low : low - room, isBound(high) ? high : high + room], [height, 0]).nice(10);
  const [least = 1, most = 2] = extent(points, (point) => point.x) as number[];
  const inset = [12, width - 12];
  if (axes[ui.x].scale === 'log2') {
    return { y, x: scaleLog([most, least === most ? most / 2 : least], inset).base(2) };
  }
  return { y, x: scaleLinear([most, ui.x === 'cache' ? 0 : least === most ? 0 : least], inset) };
}

/** The places that have room for a label, the ends first. */
function apart(places: readonly number[], scale: (value: number) => number, gap: number): number[] {
  const sorted = places.toSorted((a, b) => scale(a) - scale(b));
  const order = [...new Set([sorted[0], sorted.at(-1), ...sorted])].filter((place) => place !== undefined);
  return order.reduce<number[]>(
    (kept, place) => (kept.every((other) => Math.abs(scale(other) - scale(place)) >= gap) ? [...kept, place] : kept),
    [],
  );
}

/** Ticks need no zeros behind the point. */
function trimmed(text: string): string {
  return text.replace(/(\.\d*?)0+(?=\D|$)/, '$1').replace(/\.(?=\D|$)/, '');
}
