/**
 * The two figures of a sweep, plot and table, with their controls.
 * Role: what the panel (main.ts) and standalone pages (report.ts) have in common. It knows no host.
 */
import { t } from '@vscode/l10n';
import type { SweepResult, SweepRow } from '../../src/protocol/sweep';
import type { SweepUi, SweepX, SweepY } from '../../src/protocol/views';
import { Segmented, type Choice } from '../shared/controls';
import { element } from '../shared/dom';
import { axes, isTimed, measures } from './lines';
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

export class SweepFigures {
  readonly element: HTMLElement;
  readonly #events: FigureEvents;
  readonly #title = element('h2', { id: 'title-plot' });
  readonly #controls = element('div', { class: 'controls' });
  readonly #hint = element('p', { class: 'hint' });
  readonly #card = new RowCard();
  readonly #plot: Plot;
  readonly #table: RowTable;
  #switches: { x: Segmented; y: Segmented; timed: boolean } | null = null;
  #result: SweepResult | null = null;

  constructor(events: FigureEvents) {
    this.#events = events;
    this.#plot = new Plot({
      open: events.open,
      point: (row, at) => {
        if (row === null || this.#result === null) this.#card.hide();
        else
          this.#card.show(row, this.#result, at, events.open === null ? '' : t('Click to see it beside the original'));
      },
    });
    this.#table = new RowTable(events);
    this.element = element(
      'div',
      { class: 'figures' },
      element(
        'section',
        { class: 'panel', 'aria-labelledby': 'title-plot' },
        element('div', { class: 'panel-head' }, this.#title, this.#controls),
        this.#hint,
        this.#plot.element,
      ),
      element(
        'section',
        { class: 'panel', 'aria-labelledby': 'title-table' },
        element('div', { class: 'panel-head' }, element('h2', { id: 'title-table' }, t('All rows'))),
        this.#table.element,
      ),
      this.#card.element,
    );
  }

  /** The plot as it is drawn, for export. */
  get svg(): SVGSVGElement | null {
    return this.#plot.svg;
  }

  render(result: SweepResult, wanted: SweepUi): void {
    this.#result = result;
    const ui = fitUi(wanted, result);
    const switches = this.#switchesFor(isTimed(result));
    switches.x.show(ui.x);
    switches.y.show(ui.y);
    this.#title.textContent = measures[ui.y].title;
    this.#hint.hidden = result.rows.length > 0;
    this.#hint.textContent = t('Rows appear here as they are finished. The original is measured first.');
    this.#plot.element.hidden = result.rows.length === 0;
    this.#plot.render(result, ui);
    this.#table.render(result, ui);
  }

  /** Times are offered once a row has one. */
  #switchesFor(timed: boolean): { x: Segmented; y: Segmented } {
    if (this.#switches?.timed === timed) return this.#switches;
    const { choose } = this.#events;
    const y = new Segmented('sweep-y', t('Measure'), choicesOf(measures, timed), (value) =>
      choose({ y: value as SweepY }),
    );
    const x = new Segmented('sweep-x', t('Against'), choicesOf(axes, timed), (value) => choose({ x: value as SweepX }));
    this.#controls.replaceChildren(y.element, element('span', { class: 'muted' }, t('against')), x.element);
    this.#switches = { x, y, timed };
    return this.#switches;
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
