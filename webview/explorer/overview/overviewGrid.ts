/**
 * The overview's grid: a row a layer, a cell a group. Of large models only the rows in sight are in the page, so that 80 layers
 * of 64 groups scroll as 6 layers of 2 do.
 * Role: drawing cells and telling what is done to them. What is asked for, and in which order rows stand, is overview.ts.
 */
import { t } from '@vscode/l10n';
import { select } from 'd3';
import { element, watchWidth } from '../../shared/dom';
import { paintGroup } from '../../shared/groupLook';
import { capitalised, layerTitle, longest } from '../../shared/labels';
import { rowsInSight } from '../../shared/rowsInSight';
import type { ExplorerData } from '../data';
import { fillCell, type GridContent } from './overviewCell';
import { cellsOf, mostCells, type GroupCell } from './overviewCells';
import { layoutOverview, type OverviewLayout } from './overviewLayout';
import { meanOf } from './overviewNumbers';
import { focusedGroup, type ExplorerView } from '../view';

export interface GridEvents {
  /** A cell was clicked; without a group, the name of a layer. */
  choose(layer: number, group: number | null): void;
  open(): void;
  /** The pointer is on a cell, or the keyboard has come to one. */
  point(cell: GroupCell | null, target: HTMLElement | null): void;
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

  /** Puts all rows into the page, or takes those that are out of sight out again. @returns whether all are there */
  showWhole(isWhole: boolean): boolean {
    const content = this.#content;
    this.#isWhole = isWhole && content !== null && this.#cellCount(content) <= MOST_PICTURED;
    this.#redraw('entering');
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
    this.#body.style.setProperty('height', `${model.L * rowHeight}px`);
    // A number of another statistic must not stand for this one, not even dimmed.
    if (statistic?.id !== this.#statistic) this.#body.replaceChildren();
    this.#statistic = statistic?.id ?? '';
    this.#drawHead(view, count);
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

  #inSight(): { first: number; end: number } {
    const rows = this.#content?.order.length ?? 0;
    return rowsInSight(this.element.scrollTop, this.element.clientHeight, this.#layout.rowHeight, rows);
  }

  #drawHead({ ui, snapshot }: ExplorerView, count: number): void {
    const groups = Array.from({ length: count }, (_, group) => group);
    const every = Math.ceil((this.#layout.density === 'pictures' ? 30 : 18) / Math.max(1, this.#layout.pitch));
    const direction = ui.layerOrderDescending ? 'descending' : 'ascending';
    const sorted = (isSorted: boolean): string => (isSorted ? direction : 'none');
    const layers = element(
      'span',
      { class: 'layer-name', role: 'columnheader', 'aria-sort': sorted(ui.layerOrder === 'number') },
      element('span', { class: 'visually-hidden' }, t('Layer')),
    );
    const cells = groups.map((group) => {
      const text = group % every === 0 ? (this.#layout.density === 'pictures' ? `KV ${group}` : String(group)) : '';
      const made = element('span', { role: 'columnheader', class: 'group-head', title: `KV ${group}` }, text);
      if (text === '') made.setAttribute('aria-label', `KV ${group}`);
      paintGroup(made, group);
      return made;
    });
    const mean = element(
      'span',
      { class: 'layer-mean', role: 'columnheader', 'aria-sort': sorted(ui.layerOrder !== 'number') },
      t('mean'),
    );
    this.#head.replaceChildren(layers, ...(snapshot.model.L > 0 ? cells : []), mean);
  }

  /** @param which rows are drawn: all, or after scrolling those that come into sight alone */
  #redraw(which: 'all' | 'entering'): void {
    const content = this.#content;
    if (content === null || this.#width === 0) return;
    const { view, order } = content;
    const { model } = view.snapshot;
    const { first, end } = this.#inSight();
    const isWhole = this.#isWhole || this.#cellCount(content) <= MOST_CELLS;
    // The chosen row stays: it holds the keyboard's place.
    const shown = order.filter((layer, place) => isWhole || (place >= first && place < end) || layer === view.ui.layer);
    const entered = new Set<number>();
    const joined = select(this.#body)
      .selectAll<HTMLElement, number>('.layer')
      .data(shown, (layer) => layer)
      .join((enter) => {
        for (const layer of enter.data()) entered.add(layer);
        const made = enter.append('div').attr('class', 'overview-row layer').attr('role', 'row');
        made.append('span').attr('class', 'layer-name').attr('role', 'rowheader');
        made.append('div').attr('class', 'layer-groups').attr('role', 'presentation');
        made.append('span').attr('class', 'layer-mean').attr('role', 'gridcell');
        return made;
      })
      .order();
    const rows = which === 'all' ? joined : joined.filter((layer) => entered.has(layer));
    rows
      .attr('data-layer', (layer) => layer)
      .attr('aria-rowindex', (layer) => order.indexOf(layer) + 2)
      .classed('chosen', (layer) => layer === view.ui.layer)
      .style('top', (layer) => `${order.indexOf(layer) * this.#layout.rowHeight}px`);
    const isChosenCell = ({ layer, group, isGrouped }: GroupCell): boolean =>
      isGrouped && layer === view.ui.layer && group === view.ui.group;
    const namesRow = (layer: number): boolean =>
      layer === view.ui.layer && (view.ui.group === null || model.layers[layer]?.grouped === false);
    rows
      .select<HTMLElement>('.layer-name')
      .attr('tabindex', (layer) => (namesRow(layer) ? 0 : -1))
      .attr('aria-selected', (layer) => String(namesRow(layer)))
      .attr('aria-label', (layer) => this.#describeLayer(content, layer))
      .attr('title', (layer) => `${capitalised(layerTitle(model, layer))}: ${t('all groups')}`)
      .text((layer) => model.layers[layer]?.name ?? layer)
      .on('click', (_: Event, layer) => this.#events.choose(layer, null));
    rows.select('.layer-mean').text((layer) => this.#meanText(content, layer));
    const cells = rows
      .select('.layer-groups')
      .selectAll<HTMLElement, GroupCell>('.group-cell')
      .data(
        (layer) => cellsOf(view, layer),
        ({ group }) => group,
      )
      .join((enter) => {
        const made = enter.append('div').attr('class', 'group-cell').attr('role', 'gridcell');
        made.append('canvas').attr('aria-hidden', 'true');
        made.append('span').attr('class', 'cell-bar').append('i');
        made.append('span').attr('class', 'cell-value');
        return made;
      })
      .attr('data-layer', ({ layer }) => layer)
      .attr('data-group', ({ group }) => group)
      .attr('tabindex', (cell) => (isChosenCell(cell) ? 0 : -1))
      .attr('aria-selected', (cell) => String(isChosenCell(cell)))
      .classed('whole', ({ isGrouped }) => !isGrouped)
      .on('click', (_: Event, { layer, group, isGrouped }) => this.#events.choose(layer, isGrouped ? group : null))
      .on('pointerenter', (event: Event, cell) => this.#events.point(cell, targetOf(event)))
      .on('focus', (event: Event, cell) => {
        const target = targetOf(event);
        if (target?.matches(':focus-visible') === true) this.#events.point(cell, target);
      })
      .on('blur', () => this.#events.point(null, null));
    cells.each((cell, place, nodes) => {
      const node = nodes[place];
      if (node === undefined) return;
      if (cell.isGrouped) paintGroup(node, cell.group);
      fillCell(node, cell, content, this.#layout.density, this.#data);
    });
  }

  #meanText({ statistic, numbersOf }: GridContent, layer: number): string {
    const numbers = numbersOf(layer);
    const mean = numbers && meanOf(numbers, null);
    return statistic === null || mean === null ? '' : statistic.format(mean);
  }

  #describeLayer(content: GridContent, layer: number): string {
    const mean = this.#meanText(content, layer);
    const said = mean === '' ? '' : `, ${t('mean')} ${mean}`;
    return `${layerTitle(content.view.snapshot.model, layer)}, ${t('all groups')}${said}`;
  }
}

function targetOf(event: Event): HTMLElement | null {
  return event.currentTarget instanceof HTMLElement ? event.currentTarget : null;
}
