/**
 * The two figures of a sweep, plot and table, with their controls.
 * Role: what the panel (main.ts) and standalone pages (report.ts) have in common. It knows no host.
 */
import { t } from '@vscode/l10n';
import type { SweepResult, SweepRow } from '../../src/protocol/sweep';
import type { SweepUi, SweepX, SweepY } from '../../src/protocol/sweepView';
import { Segmented, type Choice } from '../shared/controls';
import { element } from '../shared/dom';
import type { Figure, FigureNumbers } from '../shared/figure';
import { panel } from '../shared/panel';
import { sortRows, usedColumns } from './columns';
import { axes, isTimed, linesOf, measures, methodTitle, originalOf } from './lines';
import { Plot } from './plot';
import { RowCard } from './rowCard';
import { RowTable } from './table';

export interface FigureEvents {
  choose: (change: Partial<SweepUi>) => void;
  /** A row was chosen; null where nothing follows from that. */
  open: ((row: SweepRow) => void) | null;
}

/** What a sweep is shown with at first. */
export const usualUi: SweepUi = { x: 'heads', y: 'loss', sortBy: '', sortDescending: false };

const choicesOf = (entries: Record<string, { name: string }>, withTime: boolean): Choice[] =>
  Object.entries(entries)
    .filter(([id]) => withTime || id !== 'time')
    .map(([value, { name }]) => ({ value, title: name }));

/** What the figures are drawn from. */
export interface SweepView {
  result: SweepResult;
  ui: SweepUi;
}

export class SweepFigures {
  readonly element: HTMLElement;
  readonly figures: readonly Figure<SweepView>[];

  constructor(events: FigureEvents) {
    const card = new RowCard();
    this.figures = [new PlotFigure(events, card), new RowsFigure(events)];
    this.element = element('div', { class: 'figures' }, ...this.figures.map((figure) => figure.element), card.element);
  }

  /** @returns what the figures were drawn from: the choices that the rows allow */
  render(result: SweepResult, wanted: SweepUi): SweepView {
    const view = { result, ui: fitUi(wanted, result) };
    for (const figure of this.figures) figure.render(view);
    return view;
  }
}

/** The plot with its switches. */
class PlotFigure implements Figure<SweepView> {
  readonly element: HTMLElement;
  readonly #events: FigureEvents;
  readonly #title = element('span');
  readonly #controls = element('div', { class: 'controls' });
  readonly #hint = element('p', { class: 'hint' });
  readonly #plot: Plot;
  #switches: { x: Segmented; y: Segmented; timed: boolean } | null = null;
  #result: SweepResult | null = null;

  constructor(events: FigureEvents, card: RowCard) {
    this.#events = events;
    this.#plot = new Plot({
      open: events.open,
      point: (row, at) => {
        if (row === null || this.#result === null) card.hide();
        else card.show(row, this.#result, at, events.open === null ? '' : t('Click to see it beside the original'));
      },
    });
    this.element = panel('plot', this.#title, this.#controls, this.#hint, this.#plot.element);
  }

  render({ result, ui }: SweepView): void {
    this.#result = result;
    const switches = this.#switchesFor(isTimed(result));
    switches.x.show(ui.x);
    switches.y.show(ui.y);
    this.#title.textContent = measures[ui.y].title;
    this.#hint.hidden = result.rows.length > 0;
    this.#hint.textContent = t('Rows appear here as they are finished. The original is measured first.');
    this.#plot.element.hidden = result.rows.length === 0;
    this.#plot.render(result, ui);
  }

  emphasise(): void {
    // The plot follows the pointer by itself.
  }

  /** The points that are drawn. */
  numbers({ result, ui }: SweepView): FigureNumbers | null {
    if (result.rows.length === 0) return null;
    const [x, y] = [axes[ui.x], measures[ui.y]];
    const original = originalOf(result);
    const rows = [...(original === null ? [] : [original]), ...linesOf(result).flatMap((line) => line.rows)];
    const drawn = rows.filter((row, place) => place === 0 || row !== original);
    return {
      title: `${y.title}, by ${x.name}`,
      columns: ['method', 'KV heads', ...(ui.x === 'heads' ? [] : [`${x.name} (${x.unit})`]), `${y.name} (${y.unit})`],
      rows: drawn.flatMap((row) => {
        const [across, up] = [x.value(row), y.value(row)];
        if (across === null || up === null) return [];
        return [[methodTitle(row, result), row.G, ...(ui.x === 'heads' ? [] : [across]), up]];
      }),
    };
  }

  /** Times are offered once a row has one. */
  #switchesFor(timed: boolean): { x: Segmented; y: Segmented } {
    if (this.#switches?.timed === timed) return this.#switches;
    const { choose } = this.#events;
    const y = new Segmented('sweep-y', t('Measure'), choicesOf(measures, timed), (value) =>
      choose({ y: value as SweepY }),
    );
    const x = new Segmented('sweep-x', t('Against'), choicesOf(axes, timed), (value) => choose({ x: value as SweepX }));
    this.#controls.replaceChildren(
      y.element,
      element('span', { class: 'muted', 'data-no-picture': true }, t('against')),
      x.element,
    );
    this.#switches = { x, y, timed };
    return this.#switches;
  }
}

/** All rows, with every number of theirs. */
class RowsFigure implements Figure<SweepView> {
  readonly element: HTMLElement;
  readonly isTable = true;
  readonly #table: RowTable;

  constructor(events: FigureEvents) {
    this.#table = new RowTable(events);
    this.element = panel('rows', element('span', {}, t('All rows')), element('span'), this.#table.element);
  }

  render({ result, ui }: SweepView): void {
    this.#table.render(result, ui);
  }

  emphasise(): void {
    // Rows do not follow the pointer.
  }

  numbers({ result, ui }: SweepView): FigureNumbers | null {
    if (result.rows.length === 0) return null;
    const columns = usedColumns(result.rows);
    return {
      title: 'All rows of the sweep',
      columns: ['method', ...columns.map(({ title, unit }) => (unit === '' ? title : `${title} (${unit})`)), 'error'],
      rows: sortRows(result.rows, ui.sortBy, ui.sortDescending).map((row) => [
        methodTitle(row, result),
        ...columns.map(({ value }) => value(row)),
        row.error ?? '',
      ]),
    };
  }
}

/** Choices that the rows allow: a restored choice may be of a version or of a sweep that had others. */
function fitUi(ui: SweepUi, result: SweepResult): SweepUi {
  const timed = isTimed(result);
  const isPossible = (value: string, entries: object): boolean => value in entries && (timed || value !== 'time');
  const { rows } = result;
  const wanted = isPossible(ui.y, measures) ? ui.y : usualUi.y;
  // An encoder has a loss on masked text only, and no cache.
  const isMeasured = rows.length === 0 || rows.some((row) => measures[wanted].value(row) !== null);
  const y = isMeasured ? wanted : 'kl';
  // Time against itself shows nothing.
  const isShown = isPossible(ui.x, axes) && !(ui.x === 'time' && y === 'time');
  const isCached = rows.length === 0 || rows.some(({ kvCacheBytesPerToken }) => kvCacheBytesPerToken !== 0);
  const x = isShown && (ui.x !== 'cache' || isCached) ? ui.x : usualUi.x;
  return { ...ui, x, y };
}
