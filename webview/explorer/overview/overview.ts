/**
 * The whole model at a glance: layers by groups, in each cell the group's mean map and a chosen statistic; layers in the
 * order of their number or of that statistic.
 * Role: order, pointer and keys. Choices are overviewControls.ts, what is asked for overviewRequests.ts; cells are drawn by
 * overviewGrid.ts; the statistics are a registry, statistics.ts.
 */
import './overview.css';
import { t } from '@vscode/l10n';
import { element } from '../../shared/dom';
import type { Figure, FigureNumbers, Whole } from '../../shared/figure';
import { isTyping } from '../../shared/typing';
import type { ExplorerData } from '../data';
import { OverviewCard } from './overviewCard';
import { cellsOf, type GroupCell } from './overviewCells';
import { OverviewControls } from './overviewControls';
import { OverviewGrid } from './overviewGrid';
import { placeAfter } from './overviewKeys';
import { drawLegend } from './overviewLegend';
import { meanOf, orderedLayers, orderValue } from './overviewNumbers';
import { missingAnswers } from './overviewRequests';
import { fitOverview } from './overviewScale';
import { overviewTable } from './overviewTable';
import { panel } from '../../shared/panel';
import { shownStatistic, statistics, type HeadNumbers, type Statistic } from './statistics';
import type { Actions, ExplorerView } from '../view';

export class Overview implements Figure<ExplorerView> {
  readonly element: HTMLElement;
  readonly #title = element('span', {}, t('Layers'));
  readonly #controls: OverviewControls;
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
    this.#controls = new OverviewControls(actions, (by) => this.#step(by));
    const parts = [...this.#controls.below, this.#grid.element, this.#legend, this.#card.element];
    this.element = panel('overview', this.#title, this.#controls.element, ...parts);
    document.addEventListener('keydown', (event) => this.#scrub(event));
  }

  render(view: ExplorerView): void {
    const chosenBefore = this.#view?.ui.layer;
    this.#view = view;
    const { ui } = view;
    const statistic = shownStatistic(view);
    const numbersOf = (layer: number): HeadNumbers | null => statistic?.peek(view, layer, this.#data) ?? null;
    this.#layers = this.#ordered(view, statistic, numbersOf);
    this.#controls.show(view, statistic, this.#data);
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

  /**
   * Asks for what is missing, one request at a time unless a picture waits for it, so that the chosen layer's own figures never wait behind the overview:
   * what is in sight first, then the numbers of the other layers, which the order and the scale need.
   * @returns how many answers are to come
   */
  #ask(): number {
    const sight = { layers: this.#grid.layersInSight, pictured: this.#grid.layout.density === 'pictures' };
    const missing = this.#view === null ? [] : missingAnswers(this.#view, this.#data, this.#layers, sight);
    const atOnce = this.#grid.isWhole ? 32 : 1;
    let asked = 0;
    for (const [place, ask] of missing.entries()) {
      if (ask() !== 'loading') continue;
      asked += 1;
      if (asked === atOnce) return asked + missing.length - place - 1;
    }
    return asked;
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
