/**
 * Figure: the tensors of the file, with what is searched for, the table, and the card of the chosen one.
 * Role: controls, and from choices to rows. Which rows there are is tensorList.ts, the table itself table.ts, the card
 * details.ts; choices are kept by the page.
 */
import { t } from '@vscode/l10n';
import type { StructureColumn, StructureUi } from '../../src/protocol/structureView';
import { CheckBox, Picker, plainButton, searchLine, type Choice } from '../shared/controls';
import { element } from '../shared/dom';
import { formatBytes } from '../shared/format';
import { formatInteger } from '../../src/protocol/numbers';
import { panel } from '../shared/panel';
import { DetailsCard } from './details';
import type { StatisticsState } from './statistics';
import { TensorGrid } from './table';
import type { TensorList, TensorRows } from './tensorList';

export interface TensorsEvents {
  choose(change: Partial<StructureUi>): void;
  /** A tensor by its name; "" chooses none. */
  select(name: string): void;
  copy(text: string): void;
  /** The statistics of the chosen tensor are wanted, or no longer. */
  compute(): void;
  cancel(): void;
  scrolled(scrollTop: number): void;
}

export class TensorsPanel {
  readonly element: HTMLElement;
  readonly #events: TensorsEvents;
  /** The choices as they are now, which may not be drawn yet. */
  readonly #ui: () => StructureUi;
  readonly #grid: TensorGrid;
  readonly #details: DetailsCard;
  readonly #search = searchLine(
    'filter',
    t('Filter tensors'),
    t('Filter: q_proj, 3 for layer 3, or both'),
    t('Words that the name or role has; a number is a layer'),
  );
  readonly #dtype: Picker;
  readonly #grouping: CheckBox;
  readonly #foldAll: HTMLButtonElement;
  readonly #count = element('span', { class: 'muted count-line', role: 'status', 'data-testid': 'count' });
  #list: TensorList | null = null;
  /** Choices of the picker of element types. */
  #types: Choice[] = [];
  #rows: TensorRows | null = null;
  /** What the rows were made for. */
  #rowsKey = '';

  constructor(events: TensorsEvents, ui: () => StructureUi) {
    this.#events = events;
    this.#ui = ui;
    const choose = (change: Partial<StructureUi>): void => events.choose(change);
    this.#grid = new TensorGrid({
      sort: (column) => {
        choose(this.#sorted(column));
        this.#grid.scrollTo(0);
      },
      select: (name) => events.select(name),
      fold: (group) => this.#fold(group),
      copy: (name) => events.copy(name),
      scrolled: (scrollTop) => events.scrolled(scrollTop),
    });
    this.#details = new DetailsCard({
      copy: (text) => events.copy(text),
      compute: () => events.compute(),
      cancel: () => events.cancel(),
      close: () => events.select(''),
    });
    this.#dtype = new Picker('dtype', t('Type'), (dtype) => choose({ dtype }));
    this.#grouping = new CheckBox(
      'grouped',
      t('By layer'),
      t('Put the tensors of a layer under a heading'),
      (grouped) => choose({ grouped }),
    );
    this.#foldAll = plainButton(t('Fold all'), { class: 'link', 'data-testid': 'fold-all' }, () =>
      choose({ folded: !ui().folded, foldedOtherwise: [] }),
    );
    this.#search.value = ui().filter;
    this.#search.addEventListener('input', () => choose({ filter: this.#search.value }));
    this.#search.addEventListener('keydown', (event) => {
      if (event.key !== 'ArrowDown') return;
      event.preventDefault();
      this.#grid.element.focus();
    });
    const controls = [this.#count, this.#search, this.#dtype.element, this.#grouping.element, this.#foldAll];
    this.element = panel(
      'tensors',
      element('span', {}, t('Tensors')),
      element('div', { class: 'controls' }, ...controls),
      element('div', { class: 'tensor-body figure-parts' }, this.#grid.element, this.#details.element),
    );
  }

  /** The card of the chosen tensor, which is a figure of its own. */
  get details(): HTMLElement {
    return this.#details.element;
  }

  show(list: TensorList, ui: StructureUi, statistics: StatisticsState): void {
    const rows = this.#rowsOf(list, ui);
    const { dtype, sortBy, sortDescending, grouped, folded, selected } = ui;
    const all = list.names.length;
    const found = rows.tensors === all ? formatInteger(all) : `${formatInteger(rows.tensors)} of ${formatInteger(all)}`;
    this.#count.textContent = `${found} · ${formatBytes(rows.bytes)}`;
    this.#dtype.show([{ value: '', title: t('all') }, ...this.#types], dtype);
    this.#grouping.show(grouped);
    this.#foldAll.textContent = folded ? t('Unfold all') : t('Fold all');
    this.#foldAll.disabled = !grouped || isSearching(ui);
    this.#grid.show(list, rows, selected, { by: sortBy, descending: sortDescending });
    const place = selected === '' ? -1 : list.names.indexOf(selected);
    this.#details.show(list, place < 0 ? null : place, statistics);
  }

  scrollTo(scrollTop: number): void {
    this.#grid.scrollTo(scrollTop);
  }

  /** Made again only when what they depend on has changed. */
  #rowsOf(list: TensorList, ui: StructureUi): TensorRows {
    const { filter, dtype, sortBy, sortDescending, grouped, folded, foldedOtherwise } = ui;
    const key = JSON.stringify([filter, dtype, sortBy, sortDescending, grouped, folded, foldedOtherwise]);
    if (list === this.#list && this.#rows !== null && key === this.#rowsKey) return this.#rows;
    if (list !== this.#list) {
      this.#types = list
        .dtypes()
        .map(({ dtype: value, count }) => ({ value, title: `${value} (${formatInteger(count)})` }));
    }
    this.#list = list;
    this.#rowsKey = key;
    this.#rows = list.rows(ui);
    return this.#rows;
  }

  #sorted(column: StructureColumn): Partial<StructureUi> {
    const { sortBy, sortDescending } = this.#ui();
    return { sortBy: column, sortDescending: sortBy === column ? !sortDescending : column === 'bytes' };
  }

  #fold(group: string): void {
    // While something is searched for, everything that was found is shown.
    if (isSearching(this.#ui())) return;
    const others = new Set(this.#ui().foldedOtherwise);
    if (!others.delete(group)) others.add(group);
    this.#events.choose({ foldedOtherwise: [...others] });
  }
}

function isSearching({ filter }: StructureUi): boolean {
  return filter.trim() !== '';
}
