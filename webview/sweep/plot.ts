/**
 * The plot of a sweep: quality against KV heads, cache or decode time, one line a method, all starting at the original.
 * Role: puts its parts together (plotScales.ts, plotAxes.ts, plotReferences.ts, plotLines.ts, plotPoints.ts) and listens to
 * them; which lines and points there are is lines.ts and plotPlaces.ts. It asks nobody for anything, so the panel and
 * standalone pages draw with it alike.
 */
import { t } from '@vscode/l10n';
import { select } from 'd3';
import type { SweepResult, SweepRow } from '../../src/protocol/sweep';
import type { SweepUi } from '../../src/protocol/sweepView';
import { element, watchWidth } from '../shared/dom';
import { linesOf, measures, originalOf, pointsOf, type DrawnLine } from './lines';
import { drawAxes } from './plotAxes';
import { drawLabels, drawLines } from './plotLines';
import { neighbour, placePoints, pointKey, type PlacedPoint } from './plotPlaces';
import { drawPoints, type PointNodes } from './plotPoints';
import { drawReferences } from './plotReferences';
import { makeScales, MARGIN, plotSizes, type Scales } from './plotScales';
import { referencesOf } from './references';

/** What the plot tells. */
export interface PlotEvents {
  /** A row is pointed at, or none any more. `at` is a place on the screen. */
  point: (row: SweepRow | null, at: { x: number; y: number }) => void;
  /** A row was chosen; null where nothing follows from that. */
  open: ((row: SweepRow) => void) | null;
}

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
    for (const layer of ['grid', 'x-axis', 'y-axis', 'reference', 'lines', 'labels', 'reference-names', 'points']) {
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
    const titles = drawn.map(({ title }) => title);
    const sizes = plotSizes(titles, this.#width);
    const scales = makeScales([...start, ...drawn.flatMap(({ points }) => points)], ui, sizes);
    const svg = this.#svg;
    svg
      .attr('width', this.#width)
      .attr('height', sizes.total)
      .attr('aria-label', t('{0}. Arrow keys go from point to point.', measures[ui.y].title));
    svg.selectAll(':scope > g').attr('transform', `translate(${MARGIN.left},${MARGIN.top})`);
    drawAxes(svg, result, ui, scales, sizes);
    drawReferences(svg, start.length === 0 ? [] : referencesOf(result, ui.y), scales, sizes.width);
    drawLines(svg, drawn, scales)
      .on('pointerenter', (_: Event, { key }) => this.#emphasise(key))
      .on('pointerleave', () => this.#emphasise(null));
    drawLabels(svg, drawn, scales, sizes)
      .on('pointerenter', (_: Event, { line }) => this.#emphasise(line.key))
      .on('pointerleave', () => this.#emphasise(null));
    const points = placePoints(start, drawn);
    const keys = points.map(pointKey);
    if (!keys.includes(this.#focused)) this.#focused = keys[0] ?? '';
    const canOpen = this.#events.open !== null;
    const nodes = drawPoints(svg, points, { measure: measures[ui.y], scales, focused: this.#focused, canOpen });
    this.#listen(nodes, (key, point) => this.#step(key, point, points, scales));
  }

  /** @param step moves the focus by an arrow key, and returns whether it could */
  #listen(points: PointNodes, step: (key: string, from: PlacedPoint) => boolean): void {
    const { open } = this.#events;
    points
      .on('pointerenter', (event: PointerEvent, { row, line }) => {
        this.#emphasise(line);
        this.#events.point(row, { x: event.clientX, y: event.clientY });
      })
      .on('pointerleave blur', () => {
        this.#emphasise(null);
        this.#events.point(null, { x: 0, y: 0 });
      })
      .on('focus', (event: FocusEvent, point) => {
        this.#focused = pointKey(point);
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
        if (step(event.key, point)) event.preventDefault();
      });
  }

  #step(key: string, from: PlacedPoint, points: readonly PlacedPoint[], scales: Scales): boolean {
    const next = neighbour(key, from, points, scales);
    if (next === null || this.#shown === null) return false;
    this.#focused = pointKey(next);
    this.render(this.#shown.result, this.#shown.ui);
    this.#svg.select<SVGPathElement>(`.point[data-key='${this.#focused}']`).node()?.focus();
    return true;
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
