/**
 * The tensors as a table of which only the visible rows exist: a tree grid, one focus, driven by pointer or keyboard.
 * Role: scrolling, focus and keys. Which rows there are is tensorList.ts, their cells are tableRows.ts.
 */
import { t } from '@vscode/l10n';
import type { StructureColumn } from '../../src/protocol/structureView';
import { element } from '../shared/dom';
import { columnHeading, groupRow, tensorRow } from './tableRows';
import type { TensorList, TensorRows } from './tensorList';
import { columns } from './ui';

/** Pixels; the style sheet has the same. */
const rowHeight = 22;
const headHeight = 24;
/** Rows drawn beyond the visible ones, so that a slow frame shows no gap. */
const margin = 8;

export interface TableEvents {
  sort(column: StructureColumn): void;
  select(name: string): void;
  fold(group: string): void;
  copy(name: string): void;
  scrolled(scrollTop: number): void;
}

export class TensorGrid {
  readonly element: HTMLElement;
  readonly #events: TableEvents;
  readonly #headings = new Map<StructureColumn, HTMLElement>();
  readonly #space = element('div', { class: 'tensor-space', role: 'presentation' });
  readonly #body = element('div', { class: 'tensor-rows', role: 'rowgroup' });
  readonly #empty = element('p', { class: 'muted tensor-empty', role: 'status', hidden: true });
  #list: TensorList | null = null;
  #rows: TensorRows = { rows: new Int32Array(), groups: new Map(), tensors: 0, bytes: 0 };
  #selected = '';
  /** Row that the keyboard is at. */
  #active = 0;

  constructor(events: TableEvents) {
    this.#events = events;
    const head = element(
      'div',
      { class: 'tensor-row tensor-head', role: 'row', 'aria-rowindex': 1 },
      ...columns.map((column) => this.#heading(column)),
    );
    this.#space.append(this.#body);
    this.element = element(
      'div',
      {
        ...{
          class: 'tensor-grid',
          role: 'treegrid',
          tabindex: 0,
          'aria-label': t('Tensors'),
          'data-testid': 'tensors',
        },
        'aria-colcount': columns.length,
      },
      element('div', { class: 'tensor-heads', role: 'rowgroup' }, head),
      this.#space,
      this.#empty,
    );
    let planned = false;
    this.element.addEventListener('scroll', () => {
      if (!planned) {
        requestAnimationFrame(() => {
          planned = false;
          this.#draw();
          events.scrolled(this.element.scrollTop);
        });
      }
      planned = true;
    });
    new ResizeObserver(() => this.#draw()).observe(this.element);
    this.element.addEventListener('keydown', (event) => this.#press(event));
    this.#body.addEventListener('click', (event) => this.#click(event));
  }

  /** Shows rows. The keyboard stays at the row that it was at, as far as that is still there. */
  show(list: TensorList, rows: TensorRows, selected: string, sort: { by: StructureColumn; descending: boolean }): void {
    const before = this.#rows.rows[this.#active];
    const countBefore = this.#rows.rows.length;
    const isNew = list !== this.#list;
    this.#list = list;
    this.#rows = rows;
    this.#selected = selected;
    const kept = isNew
      ? rows.rows.findIndex((row) => list.names[row] === selected)
      : before === undefined
        ? -1
        : rows.rows.indexOf(before);
    this.#active = Math.max(0, kept);
    for (const [column, heading] of this.#headings) {
      const direction = sort.descending ? 'descending' : 'ascending';
      heading.setAttribute('aria-sort', column === sort.by ? direction : 'none');
    }
    this.element.setAttribute('aria-rowcount', String(rows.rows.length + 1));
    this.#space.style.height = `${rows.rows.length * rowHeight}px`;
    // What was found stays in sight when the search for it is taken away.
    if (!isNew && kept >= 0 && rows.rows.length > countBefore) this.#reveal();
    this.#empty.hidden = rows.rows.length > 0;
    this.#empty.textContent = list.names.length === 0 ? t('The file holds no tensors.') : t('No tensor matches.');
    this.#draw();
  }

  scrollTo(scrollTop: number): void {
    this.element.scrollTop = scrollTop;
    this.#draw();
  }

  /** What of the rows is in sight: the heading stays above them. */
  #seen(): { scrollTop: number; clientHeight: number } {
    const { scrollTop, clientHeight } = this.element;
    return { scrollTop, clientHeight: clientHeight - headHeight };
  }

  #heading(column: StructureColumn): HTMLElement {
    const heading = columnHeading(column, () => this.#events.sort(column));
    this.#headings.set(column, heading);
    return heading;
  }

  #draw(): void {
    if (this.#list === null) return;
    const { rows } = this.#rows;
    const { scrollTop, clientHeight } = this.#seen();
    const first = Math.max(0, Math.floor(scrollTop / rowHeight) - margin);
    const last = Math.min(rows.length, Math.ceil((scrollTop + clientHeight) / rowHeight) + margin);
    this.#body.style.transform = `translateY(${first * rowHeight}px)`;
    this.#body.replaceChildren(...Array.from({ length: last - first }, (_, place) => this.#row(first + place)));
    const isDrawn = this.#active >= first && this.#active < last;
    if (isDrawn) this.element.setAttribute('aria-activedescendant', `row-${this.#active}`);
    else this.element.removeAttribute('aria-activedescendant');
  }

  #row(place: number): HTMLElement {
    const row = this.#rows.rows[place] ?? 0;
    const made = this.#cells(row);
    made.id = `row-${place}`;
    made.dataset.place = String(place);
    made.setAttribute('role', 'row');
    made.setAttribute('aria-rowindex', String(place + 2));
    made.classList.toggle('active', place === this.#active);
    return made;
  }

  #cells(row: number): HTMLElement {
    const { groups } = this.#rows;
    if (row < 0) return groupRow(groups.get(-1 - row) ?? { name: '', tensors: 0, bytes: 0, isFolded: false });
    return this.#list === null ? element('div') : tensorRow(this.#list, row, this.#selected, groups.size > 0);
  }

  #click(event: Event): void {
    const target = event.target instanceof Element ? event.target.closest<HTMLElement>('.tensor-row') : null;
    if (target === null) return;
    this.#move(Number(target.dataset.place));
    this.#activate();
  }

  /** A tensor's details are shown; a heading folds. */
  #activate(): void {
    const row = this.#rows.rows[this.#active];
    if (row === undefined) return;
    if (row < 0) this.#events.fold(this.#rows.groups.get(-1 - row)?.name ?? '');
    else this.#events.select(this.#list?.names[row] ?? '');
  }

  #press(event: KeyboardEvent): void {
    if (event.target instanceof HTMLButtonElement) return;
    const { key } = event;
    if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === 'c') {
      // What is marked with the pointer is what is meant.
      if (document.getSelection()?.isCollapsed === false) return;
      this.#copy();
    } else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (key === 'Enter' || key === ' ') this.#activate();
    else if (key === 'ArrowLeft' || key === 'ArrowRight') this.#unfold(key === 'ArrowRight');
    else {
      const page = Math.max(1, Math.floor(this.#seen().clientHeight / rowHeight) - 1);
      const steps: Record<string, number> = {
        ...{ ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page },
        ...{ Home: -Infinity, End: Infinity },
      };
      const step = steps[key];
      if (step === undefined) return;
      this.#move(this.#active + step);
    }
    event.preventDefault();
  }

  /** Left folds a heading, or goes to it from below; right unfolds it, or goes into it. */
  #unfold(open: boolean): void {
    const { rows, groups } = this.#rows;
    const row = rows[this.#active] ?? 0;
    if (row < 0) {
      const { name, isFolded } = groups.get(-1 - row) ?? { name: '', isFolded: false };
      if (isFolded === open) this.#events.fold(name);
      else if (open) this.#move(this.#active + 1);
      return;
    }
    if (open || (this.#list?.groupOf(row) ?? null) === null) return;
    for (let place = this.#active; place >= 0; place--) {
      if ((rows[place] ?? 0) >= 0) continue;
      this.#move(place);
      return;
    }
  }

  #copy(): void {
    const row = this.#rows.rows[this.#active] ?? 0;
    const name = row < 0 ? this.#rows.groups.get(-1 - row)?.name : this.#list?.names[row];
    this.#events.copy(name ?? '');
  }

  #move(place: number): void {
    const { length } = this.#rows.rows;
    if (length === 0) return;
    this.#active = Math.max(0, Math.min(length - 1, place));
    this.#reveal();
    this.#draw();
  }

  /** Scrolls as little as brings the keyboard's row into sight. */
  #reveal(): void {
    const top = this.#active * rowHeight;
    const { scrollTop, clientHeight } = this.#seen();
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + rowHeight > scrollTop + clientHeight) this.element.scrollTop = top + rowHeight - clientHeight;
  }
}
