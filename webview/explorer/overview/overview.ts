/**
 * The whole model at a glance: layers by groups, in each cell the group's mean map and a chosen statistic; layers in the
 * order of their number or of that statistic.
 * Role: choices, requests and order. Cells are drawn by overviewGrid.ts; the statistics are a registry, statistics.ts.
 */
import './overview.css';
import { t } from '@vscode/l10n';
import type { LayerOrder } from '../../../src/protocol/explorerView';
import { Picker, plainButton } from '../../shared/controls';
import { element } from '../../shared/dom';
import type { Figure, FigureNumbers, Whole } from '../../shared/figure';
import { capitalised, layerTitle } from '../../shared/labels';
import { isTyping } from '../../shared/typing';
import type { ExplorerData } from '../data';
import { OverviewCard } from './overviewCard';
import { cellMaps, cellsOf, type GroupCell } from './overviewCells';
import { OverviewGrid } from './overviewGrid';
import { placeAfter } from './overviewKeys';
import { drawLegend } from './overviewLegend';
import { meanOf, orderedLayers, orderValue } from './overviewNumbers';
import { fitOverview } from './overviewScale';
import { overviewTable } from './overviewTable';
import { panel } from '../../shared/panel';
import { isOffered, shownStatistic, statistics, type HeadNumbers, type Statistic } from './statistics';
import { shownRun, type Actions, type ExplorerView } from '../view';

export class Overview implements Figure<ExplorerView> {
  readonly element: HTMLElement;
  readonly #title = element('span', {}, t('Layers'));
  readonly #layer: Picker;
  readonly #statistic: Picker;
  readonly #order: Picker;
  readonly #direction: HTMLButtonElement;
  readonly #note = element('p', { class: 'note muted', role: 'status', 'data-testid': 'overview-note' });
  readonly #legend = element('div', { class: 'overview-legend', 'data-testid': 'overview-legend' });
  readonly #grid: OverviewGrid;
  readonly #card: OverviewCard;
  readonly #actions: Actions;
  readonly #data: ExplorerData;
  #view: ExplorerView | null = null;
  #layers: readonly number[] = [];
  #pointed: { cell: GroupCell; target: HTMLElement } | null = null;
  #followsKeyboard = false;

  /** @param showMaps brings the maps of what is chosen into sight */
  constructor(actions: Actions, data: ExplorerData, showMaps: () => void) {
    this.#actions = actions;
    this.#data = data;
    this.#card = new OverviewCard(data);
    this.#grid = new OverviewGrid(data, {
      choose: (layer, group) => actions.choose({ layer, group }),
      open: showMaps,
      point: (cell, target) => this.#point(cell, target),
      press: (event) => this.#press(event, showMaps),
      resized: () => {
        if (this.#view !== null) this.render(this.#view);
      },
      scrolled: () => this.#ask(),
    });
    this.#layer = new Picker('layer-picker', t('Layer'), (value) => actions.choose({ layer: Number(value) }));
    this.#statistic = new Picker('statistic-picker', t('Statistic'), (statistic) => actions.choose({ statistic }));
    this.#order = new Picker('layer-order', t('Order'), (value) => actions.choose({ layerOrder: layerOrderOf(value) }));
    this.#direction = plainButton('', { class: 'direction', 'data-testid': 'layer-order-direction' }, () => {
      const { layerOrderDescending = false } = this.#view?.ui ?? {};
      actions.choose({ layerOrderDescending: !layerOrderDescending });
    });
    const stepper = element(
      'div',
      { class: 'controls stepper' },
      plainButton('‹', { 'aria-label': t('Previous layer'), title: t('Previous layer ([)') }, () => this.#step(-1)),
      this.#layer.element,
      plainButton('›', { 'aria-label': t('Next layer'), title: t('Next layer (])') }, () => this.#step(1)),
    );
    const choices = element(
      'div',
      { class: 'controls overview-choices' },
      this.#statistic.element,
      element('span', { class: 'order' }, this.#order.element, this.#direction),
    );
    this.element = panel(
      'overview',
      this.#title,
      stepper,
      choices,
      this.#note,
      this.#grid.element,
      this.#legend,
      this.#card.element,
    );
    document.addEventListener('keydown', (event) => this.#scrub(event));
  }

  render(view: ExplorerView): void {
    const chosenBefore = this.#view?.ui.layer;
    this.#view = view;
    const { model } = view.snapshot;
    const { ui } = view;
    const statistic = shownStatistic(view);
    const numbersOf = (layer: number): HeadNumbers | null => statistic?.peek(view, layer, this.#data) ?? null;
    this.#layers = this.#ordered(view, statistic, numbersOf);
    this.#layer.show(
      model.layers.map((_, layer) => ({ value: String(layer), title: capitalised(layerTitle(model, layer)) })),
      String(ui.layer),
    );
    this.#showChoices(view, statistic);
    const values = this.#layers.flatMap((layer) => {
      const numbers = numbersOf(layer);
      return numbers === null ? [] : cellsOf(view, layer).flatMap(({ group }) => meanOf(numbers, group) ?? []);
    });
    const scale = statistic && fitOverview(values, statistic);
    this.#grid.render({ view, order: this.#layers, statistic, numbersOf, scale });
    this.#legend.hidden = statistic === null;
    if (statistic !== null) {
      drawLegend(this.#legend, scale, { statistic, good: statistic.good(view), density: this.#grid.layout.density });
    }
    if (chosenBefore !== ui.layer) this.#grid.reveal(ui.layer);
    if (this.#followsKeyboard) this.#grid.focus();
    this.#followsKeyboard = false;
    if (this.#pointed !== null && !this.#card.element.hidden) {
      this.#card.show(view, this.#pointed.cell, this.#pointed.target);
    }
    this.#ask();
  }

  emphasise(view: ExplorerView): void {
    this.#view = view;
    this.#grid.emphasise(view);
  }

  showWhole(): Whole {
    const isWhole = this.#grid.showWhole(true);
    const rows = this.#grid.layersInSight.length;
    return {
      missing: () => this.#ask(),
      part: () => (isWhole ? null : t('{0} of {1} layers', rows, this.#layers.length)),
      end: () => void this.#grid.showWhole(false),
    };
  }

  numbers(view: ExplorerView): FigureNumbers {
    const statistic = shownStatistic(view);
    const layers = this.#ordered(view, statistic, (layer) => statistic?.peek(view, layer, this.#data) ?? null);
    return overviewTable(view, layers, this.#data);
  }

  #ordered(
    view: ExplorerView,
    statistic: Statistic | null,
    numbersOf: (layer: number) => HeadNumbers | null,
  ): readonly number[] {
    const { layerOrder, layerOrderDescending } = view.ui;
    const values = view.snapshot.model.layers.map((_, layer) =>
      layerOrder === 'number' || statistic === null
        ? layer
        : orderValue(numbersOf(layer), layerOrder, statistic.good(view)),
    );
    return orderedLayers(values, layerOrderDescending);
  }

  #showChoices(view: ExplorerView, statistic: Statistic | null): void {
    const { ui, snapshot } = view;
    this.#statistic.show(
      statistics.map((one) => ({
        value: one.id,
        title: one.title(),
        description: one.description(view),
        disabled: !isOffered(one, view),
      })),
      statistic?.id ?? ui.statistic,
    );
    const [worst, byWorst] =
      (statistic?.good(view) ?? null) === null
        ? [t('Largest group'), t('largest group')]
        : [t('Worst group'), t('worst group')];
    this.#order.show(
      [
        { value: 'number', title: t('Layer number') },
        { value: 'mean', title: t('Mean of the layer') },
        { value: 'worst', title: worst },
      ],
      ui.layerOrder,
    );
    const by = { number: t('layer number'), mean: t('mean of the layer'), worst: byWorst }[ui.layerOrder];
    const order = ui.layerOrderDescending ? t('By {0}, descending', by) : t('By {0}, ascending', by);
    this.#direction.textContent = ui.layerOrderDescending ? '↓' : '↑';
    this.#direction.setAttribute('aria-label', order);
    this.#direction.title = t('{0}. Press to turn it round.', order);
    const known = statistic === null ? 0 : this.#known(view, statistic);
    const total =
      statistic === null ? 0 : snapshot.model.layers.filter((_, layer) => statistic.applies(view, layer)).length;
    const progress = known < total ? ` ${t('{0} of {1} layers known.', known, total)}` : '';
    this.#note.textContent =
      statistic === null
        ? t('Press Run: the statistics are of attention on your text.')
        : `${this.#whose(view)}${ui.layerOrder === 'number' && !ui.layerOrderDescending ? '' : `${order}.`}${progress}`;
  }

  #whose(view: ExplorerView): string {
    const { converted } = view.snapshot;
    const said = converted !== null && shownRun(view) === converted ? `${t('Maps of the converted model.')} ` : '';
    return `${t('Means of each group’s heads.')} ${said}`;
  }

  #known(view: ExplorerView, statistic: Statistic): number {
    return view.snapshot.model.layers.filter((_, layer) => statistic.peek(view, layer, this.#data) !== null).length;
  }

  /**
   * Asks for what is missing, one request at a time unless a picture waits for it, so that the chosen layer's own figures never wait behind the overview:
   * what is in sight first, then the numbers of the other layers, which the order and the scale need.
   * @returns how many answers are to come
   */
  #ask(): number {
    const missing = this.#view === null ? [] : this.#missing(this.#view);
    const atOnce = this.#grid.isWhole ? 32 : 1;
    let asked = 0;
    for (const [place, ask] of missing.entries()) {
      if (ask() !== 'loading') continue;
      asked += 1;
      if (asked === atOnce) return asked + missing.length - place - 1;
    }
    return asked;
  }

  /** What has not come, in the order in which it is wanted. Each asks for it and tells how that stands. */
  #missing(view: ExplorerView): (() => string)[] {
    const statistic = shownStatistic(view);
    const inSight = new Set([view.ui.layer, ...this.#grid.layersInSight]);
    const missing: (() => string)[] = [];
    const askNumbers = (layer: number): void => {
      if (statistic?.applies(view, layer) !== true || statistic.peek(view, layer, this.#data) !== null) return;
      missing.push(() => statistic.ask(view, layer, this.#data).state);
    };
    const askPicture = (cell: GroupCell): void => {
      const request = cellMaps(view, cell);
      if (request === null || this.#data.thumbnails.peek(request) !== null) return;
      missing.push(() => this.#data.thumbnails.get(request).state);
    };
    const pictured = this.#grid.layout.density === 'pictures';
    for (const layer of inSight) {
      askNumbers(layer);
      if (pictured) cellsOf(view, layer).forEach(askPicture);
    }
    for (const layer of this.#layers) if (!inSight.has(layer)) askNumbers(layer);
    return missing;
  }

  #point(cell: GroupCell | null, target: HTMLElement | null): void {
    const view = this.#view;
    if (view === null || cell === null || target === null) {
      this.#pointed = null;
      this.#card.hide();
      this.#actions.hover({ group: null });
      return;
    }
    this.#pointed = { cell, target };
    // Cheap, and what the card is for; damage is asked for only where it is chosen.
    for (const { id, applies, ask } of statistics) {
      if (id === 'entropy' && applies(view, cell.layer)) ask(view, cell.layer, this.#data);
    }
    this.#card.show(view, cell, target);
    if (cell.isGrouped && cell.layer === view.ui.layer) this.#actions.hover({ group: cell.group });
  }

  #step(by: number): void {
    const view = this.#view;
    if (view === null) return;
    const place = this.#layers.indexOf(view.ui.layer) + by;
    const layer = this.#layers[Math.min(this.#layers.length - 1, Math.max(0, place))];
    if (layer !== undefined && layer !== view.ui.layer) this.#actions.choose({ layer });
  }

  /** [ and ] go through the layers from anywhere on the page, but not out of a text box. */
  #scrub(event: KeyboardEvent): void {
    const by = { '[': -1, ']': 1 }[event.key];
    // Some keyboards have brackets on AltGr, which is Ctrl and Alt at once.
    const isShortcut = event.metaKey || event.ctrlKey !== event.altKey;
    if (by === undefined || isShortcut || isTyping(event)) return;
    event.preventDefault();
    this.#step(by);
  }

  #press(event: KeyboardEvent, showMaps: () => void): void {
    const view = this.#view;
    if (view === null || event.altKey || event.metaKey) return;
    if (event.key === 'Enter') {
      event.preventDefault();
      showMaps();
      return;
    }
    if (event.key === 'Escape') this.#card.hide();
    const row = this.#layers.indexOf(view.ui.layer);
    const choosable = (place: number): number => {
      const layer = this.#layers[place] ?? 0;
      return view.snapshot.model.layers[layer]?.grouped === false ? 0 : cellsOf(view, layer).length;
    };
    const place = placeAfter(event, { row, group: view.ui.group }, this.#layers.length, choosable);
    const layer = place && this.#layers[place.row];
    if (place === null || typeof layer !== 'number') return;
    event.preventDefault();
    this.#followsKeyboard = true;
    this.#actions.choose({ layer, group: place.group });
  }
}

function layerOrderOf(value: string): LayerOrder {
  return value === 'mean' || value === 'worst' ? value : 'number';
}
