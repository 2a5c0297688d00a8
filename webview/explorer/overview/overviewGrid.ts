/**
 * The overview's grid: a row a layer, a cell a group. Of large models only the rows in sight are in the page, so that 80 layers
 * of 64 groups scroll as 6 layers of 2 do.
 * Role: sizes, scrolling and which rows are drawn. Rows are overviewRows.ts; in which order they stand is overview.ts.
 */
import { t } from '@vscode/l10n';
import { element, watchWidth } from '../../shared/dom';
import { longest } from '../../shared/labels';
import { rowsInSight } from '../../shared/rowsInSight';
import type { ExplorerData } from '../data';
import type { GridContent } from './overviewCell';
import { mostCells } from './overviewCells';
import { layoutOverview, type OverviewLayout } from './overviewLayout';
import { drawRows, headCells, type RowEvents } from './overviewRows';
import { focusedGroup, type ExplorerView } from '../view';

export interface GridEvents extends RowEvents {
  open(): void;
  press(event: KeyboardEvent): void;
  /** Cells have another size. */
  resized(): void;
  /** Other rows are in sight. */
  scrolled(): void;
}

/** Room for a layer's mean at the end of its row, and for what surrounds the cells. */
const MEAN = 36;
const PADDING = 22;
/** Up to here all rows are in the page, also those out of sight: then the editor's find sees them too. */
const MOST_CELLS = 1200;
/** Up to here they are all in the page for the time of a picture: 96 layers of 96 groups. */
const MOST_PICTURED = 9216;

export class OverviewGrid {
  readonly element: HTMLElement;
  readonly #head = element('div', { class: 'overview-row overview-head', role: 'row', 'aria-rowindex': 1 });
  readonly #body = element('div', { class: 'overview-body', role: 'rowgroup' });
  readonly #data: ExplorerData;
  readonly #events: GridEvents;
  #content: GridContent | null = null;
  #width = 0;
  #isWhole = false;
  /** The rows that a picture is of where they are too many for it, and where they were scrolled to. */
  #part: { first: number; end: number; scrollTop: number } | null = null;
  #statistic = '';
  #layout: OverviewLayout = layoutOverview(0, 1);

  constructor(data: ExplorerData, events: GridEvents) {
    this.#data = data;
    this.#events = events;
    const head = element('div', { role: 'rowgroup', class: 'overview-heads' }, this.#head);
    this.element = element(
      'div',
      { class: 'overview-grid', role: 'grid', 'data-testid': 'overview' },
      head,
      this.#body,
    );
    watchWidth(this.element, (width) => {
      this.#width = width;
      events.resized();
    });
    this.element.addEventListener('scroll', () => {
      this.#redraw('entering');
      events.scrolled();
    });
    this.element.addEventListener('keydown', (event) => events.press(event));
    this.element.addEventListener('dblclick', () => events.open());
    this.element.addEventListener('pointerleave', () => events.point(null, null));
  }

  get layout(): OverviewLayout {
    return this.#layout;
  }

  /**
   * Puts all rows into the page, or takes those that are out of sight out again. Where they are too many, those in sight stand
   * alone, without the room of the others.
   * @returns whether all are there
   */
  showWhole(isWhole: boolean): boolean {
    const content = this.#content;
    const isFew = content !== null && this.#cellCount(content) <= MOST_PICTURED;
    const before = this.#part;
    this.#part = isWhole && !isFew ? { ...this.#inSight(), scrollTop: this.element.scrollTop } : null;
    this.#isWhole = isWhole && isFew;
    this.#fitBody();
    if (this.#part === null && before !== null) this.element.scrollTop = before.scrollTop;
    this.#redraw(this.#part === before ? 'entering' : 'all');
    return this.#isWhole;
  }

  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Layers whose rows are looked at. */
  get layersInSight(): readonly number[] {
    if (this.#isWhole) return this.#content?.order ?? [];
    const { first, end } = this.#inSight();
    return this.#content?.order.slice(first, end) ?? [];
  }

  render(content: GridContent): void {
    this.#content = content;
    const { view, statistic } = content;
    const { model } = view.snapshot;
    const count = mostCells(view);
    const name = Math.max(2, longest(model.layers.map((layer) => layer.name)));
    this.#layout = layoutOverview(Math.max(0, this.#width - PADDING - name * 7 - MEAN), count);
    const { density, beside, pitch, gap, picture, rowHeight } = this.#layout;
    this.element.className = `overview-grid ${density}${beside ? ' beside' : ''}`;
    for (const [variable, value] of Object.entries({ pitch, gap, picture, row: rowHeight }))
      this.element.style.setProperty(`--${variable}`, `${value}px`);
    this.element.style.setProperty('--name', `${name}ch`);
    this.element.setAttribute('aria-rowcount', String(model.L + 1));
    this.element.setAttribute('aria-colcount', String(count + 2));
    this.element.setAttribute(
      'aria-label',
      statistic === null ? t('Layers and their groups') : t('Layers and their groups: {0}', statistic.title()),
    );
    this.#fitBody();
    // A number of another statistic must not stand for this one, not even dimmed.
    if (statistic?.id !== this.#statistic) this.#body.replaceChildren();
    this.#statistic = statistic?.id ?? '';
    this.#head.replaceChildren(...headCells(view, count, this.#layout));
    this.#redraw('all');
  }

  /** Follows the pointer in other figures. */
  emphasise(view: ExplorerView): void {
    const group = view.hover.group === null ? null : focusedGroup(view);
    for (const cell of this.#body.querySelectorAll<HTMLElement>('.group-cell')) {
      const isHovered = cell.dataset.layer === String(view.ui.layer) && cell.dataset.group === String(group);
      cell.classList.toggle('hovered', isHovered);
    }
  }

  /** Scrolls a layer's row into sight. */
  reveal(layer: number): void {
    const place = this.#content?.order.indexOf(layer) ?? -1;
    if (place < 0) return;
    const { rowHeight } = this.#layout;
    const room = this.element.clientHeight - this.#head.offsetHeight;
    const top = place * rowHeight;
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    else if (top + rowHeight > this.element.scrollTop + room) this.element.scrollTop = top + rowHeight - room;
    this.#redraw('entering');
  }

  /** Puts the keyboard on the chosen cell. */
  focus(): void {
    this.#body.querySelector<HTMLElement>('[tabindex="0"]')?.focus({ preventScroll: true });
  }

  #cellCount({ order, view }: GridContent): number {
    return order.length * mostCells(view);
  }

  /** As tall as the rows that it has room for. */
  #fitBody(): void {
    const { first, end } = this.#part ?? { first: 0, end: this.#content?.order.length ?? 0 };
    this.#body.style.setProperty('height', `${(end - first) * this.#layout.rowHeight}px`);
  }

  #inSight(): { first: number; end: number } {
    if (this.#part !== null) return this.#part;
    const rows = this.#content?.order.length ?? 0;
    return rowsInSight(this.element.scrollTop, this.element.clientHeight, this.#layout.rowHeight, rows);
  }

  /** @param which rows are drawn: all, or after scrolling those that come into sight alone */
  #redraw(which: 'all' | 'entering'): void {
    const content = this.#content;
    if (content === null || this.#width === 0) return;
    const { view, order } = content;
    const { first, end } = this.#inSight();
    const isWhole = this.#isWhole || this.#cellCount(content) <= MOST_CELLS;
    const part = this.#part;
    // The chosen row stays: it holds the keyboard's place.
    const stays = (layer: number): boolean => part === null && layer === view.ui.layer;
    const shown = order.filter((layer, place) => isWhole || (place >= first && place < end) || stays(layer));
    const above = part?.first ?? 0;
    drawRows(this.#body, content, shown, which, {
      layout: this.#layout,
      data: this.#data,
      events: this.#events,
      above,
    });
  }
}
