/**
 * The rows of a sweep as a table that can be sorted: the same numbers as the plot, for reading and for screen readers.
 */
import { t } from '@vscode/l10n';
import type { SweepMethod, SweepResult, SweepRow } from '../../src/protocol/sweep';
import type { SweepUi } from '../../src/protocol/sweepView';
import { plainButton } from '../shared/controls';
import { element } from '../shared/dom';
import { isBest, sortRows, usedColumns, type Column } from './columns';
import { methodTitle } from './lines';
import { markerIcon } from './methodStyle';

const bestHint = t('The best with this number of KV heads');

export interface TableEvents {
  choose: (change: Partial<SweepUi>) => void;
  /** A row was chosen; null where nothing follows from that. */
  open: ((row: SweepRow) => void) | null;
}

export class RowTable {
  readonly element: HTMLElement;
  readonly #events: TableEvents;
  readonly #head = element('tr');
  readonly #body = element('tbody');
  #columns = '';

  constructor(events: TableEvents) {
    this.#events = events;
    this.element = element(
      'div',
      { class: 'sweep-table', tabindex: 0, role: 'region', 'aria-label': t('Rows') },
      element('table', { 'data-testid': 'sweep-table' }, element('thead', {}, this.#head), this.#body),
    );
  }

  render(result: SweepResult, ui: SweepUi): void {
    const columns = usedColumns(result.rows);
    this.#drawHead(columns, ui);
    const rows = sortRows(result.rows, ui.sortBy, ui.sortDescending);
    const failed = rows.filter(({ error }) => error !== null);
    const isWaiting = (method: SweepMethod): boolean =>
      !failed.some(
        ({ G, grouping, merge }) => G === method.G && grouping === method.grouping && merge === method.merge,
      );
    this.#body.replaceChildren(
      ...rows.map((row) => this.#row(row, columns, result)),
      ...result.missing.filter(isWaiting).map((method) => waitingRow(method, columns, result)),
    );
  }

  /** The head stays while its columns do, so that a pressed button keeps the focus. */
  #drawHead(columns: readonly Column[], ui: SweepUi): void {
    const key = columns.map(({ id }) => id).join();
    if (key !== this.#columns) {
      this.#columns = key;
      this.#head.replaceChildren(
        this.#headCell('', t('Method'), t('In the order of the registry')),
        ...columns.map(({ id, title, description }) => this.#headCell(id, title, description)),
      );
    }
    for (const cell of this.#head.querySelectorAll('th')) {
      const isSorted = cell.dataset.column === ui.sortBy;
      const direction = ui.sortDescending ? 'descending' : 'ascending';
      cell.setAttribute('aria-sort', isSorted && ui.sortBy !== '' ? direction : 'none');
    }
  }

  #headCell(id: string, title: string, description: string): HTMLElement {
    const sort = plainButton(
      title,
      { class: 'link', title: description, 'data-testid': `sort-${id || 'method'}` },
      () => {
        const cell = this.#head.querySelector(`th[data-column='${id}']`);
        this.#events.choose({ sortBy: id, sortDescending: cell?.getAttribute('aria-sort') === 'ascending' });
      },
    );
    return element('th', { scope: 'col', 'data-column': id }, sort);
  }

  #row(row: SweepRow, columns: readonly Column[], result: SweepResult): HTMLElement {
    const title = methodTitle(row, result);
    const { open } = this.#events;
    const name =
      open === null || row.merge === null || row.error !== null
        ? element('span', {}, title)
        : plainButton(title, { class: 'link', title: t('Show this conversion beside the original') }, () => open(row));
    const place = result.methods.merges.findIndex(({ id }) => id === row.merge);
    const made = element(
      'tr',
      { 'data-testid': 'sweep-row', 'data-g': row.G, 'data-merge': row.merge ?? '' },
      element('th', { scope: 'row' }, markerIcon(row.merge === null ? -1 : place), name),
    );
    if (row.error === null)
      made.append(...columns.map((column) => numberCell(column, row, isBest(column, row, result.rows))));
    else {
      made.append(
        element('td', {}, String(row.G)),
        element('td', { class: 'failed', colspan: columns.length - 1 }, t('Failed: {0}', row.error)),
      );
    }
    return made;
  }
}

function numberCell(column: Column, row: SweepRow, best: boolean): HTMLElement {
  const value = column.value(row);
  const attributes = { 'data-value': value ?? '', class: best ? 'best' : false, title: best ? bestHint : false };
  return element('td', attributes, value === null ? '–' : column.format(value));
}

function waitingRow(method: SweepMethod, columns: readonly Column[], result: SweepResult): HTMLElement {
  return element(
    'tr',
    { class: 'waiting muted', 'data-testid': 'waiting-row' },
    element('th', { scope: 'row' }, methodTitle(method, result)),
    element('td', {}, String(method.G)),
    element('td', { colspan: columns.length - 1 }, t('not run yet')),
  );
}
