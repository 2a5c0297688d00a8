/**
 * The numbers of a figure as a table that can be sorted. Role: elements; what the rows are is each figure's `numbers`.
 */
import { t } from '@vscode/l10n';
import { plainButton } from './controls';
import { element } from './dom';
import type { FigureNumbers, FigureValue } from './figure';
import { formatInteger } from '../../src/protocol/numbers';
import { formatValue } from './format';

/** More rows than this make a page slow. */
const MOST_ROWS = 1000;

export class FigureTable {
  readonly element: HTMLElement;
  readonly #head = element('tr');
  readonly #body = element('tbody');
  readonly #caption = element('caption');
  readonly #note = element('p', { class: 'muted note' });
  readonly #scroller: HTMLElement;
  #numbers: FigureNumbers | null = null;
  #columns = '';
  #sort: { column: number; descending: boolean } | null = null;

  constructor(name: string) {
    this.#scroller = element(
      'div',
      { class: 'figure-table-rows', role: 'region', tabindex: 0 },
      element('table', {}, this.#caption, element('thead', {}, this.#head), this.#body),
    );
    this.element = element(
      'div',
      { class: 'figure-table', 'data-testid': `table-${name}`, hidden: true },
      this.#scroller,
      this.#note,
    );
  }

  /** @param numbers null: there are none */
  show(numbers: FigureNumbers | null): void {
    this.#numbers = numbers;
    this.#scroller.hidden = numbers === null;
    if (numbers === null) {
      this.#note.textContent = t('There are no numbers yet.');
      return;
    }
    this.#caption.textContent = numbers.title;
    this.#scroller.setAttribute('aria-label', numbers.title);
    this.#drawHead(numbers);
    this.#drawRows(numbers);
  }

  /** The head stays while its columns do, so that a pressed button keeps the focus. */
  #drawHead({ columns, rows }: FigureNumbers): void {
    const key = JSON.stringify(columns);
    if (key !== this.#columns) {
      this.#columns = key;
      this.#sort = null;
      this.#head.replaceChildren(
        ...columns.map((title, column) =>
          element(
            'th',
            { scope: 'col' },
            plainButton(title, { class: 'link' }, () => this.#sortBy(column)),
          ),
        ),
      );
    }
    [...this.#head.children].forEach((cell, column) => {
      const isSorted = this.#sort?.column === column;
      cell.classList.toggle('number', typeof rows.find((row) => row[column] !== null)?.[column] === 'number');
      cell.setAttribute('aria-sort', !isSorted ? 'none' : this.#sort?.descending === true ? 'descending' : 'ascending');
    });
  }

  #drawRows(numbers: FigureNumbers): void {
    const rows = sorted(numbers.rows, this.#sort);
    this.#body.replaceChildren(...rows.slice(0, MOST_ROWS).map(drawRow));
    const rest =
      rows.length > MOST_ROWS
        ? t('The first {0} of {1} rows; files hold all of them.', formatInteger(MOST_ROWS), formatInteger(rows.length))
        : '';
    this.#note.textContent = [numbers.note ?? '', rest].filter((text) => text !== '').join(' ');
  }

  #sortBy(column: number): void {
    const { column: before, descending } = this.#sort ?? { column: -1, descending: true };
    this.#sort = { column, descending: before === column && !descending };
    this.show(this.#numbers);
  }
}

function drawRow(row: readonly FigureValue[]): HTMLElement {
  return element(
    'tr',
    {},
    ...row.map((value) => element('td', { class: typeof value === 'number' ? 'number' : false }, display(value))),
  );
}

/** Numbers with five digits: all of them are in the files. */
function display(value: FigureValue): string {
  if (value === null) return '–';
  if (typeof value === 'string') return value;
  return Number.isInteger(value) ? String(value) : formatValue(value);
}

/** Rows by one column, those without a value last. */
export function sorted(
  rows: readonly FigureValue[][],
  by: { column: number; descending: boolean } | null,
): readonly FigureValue[][] {
  if (by === null) return rows;
  const sign = by.descending ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [one, other] = [a[by.column] ?? null, b[by.column] ?? null];
    if (one === null || other === null) return Number(one === null) - Number(other === null);
    if (typeof one === 'number' && typeof other === 'number') return sign * (one - other);
    return sign * String(one).localeCompare(String(other), undefined, { numeric: true });
  });
}
