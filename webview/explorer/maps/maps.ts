/**
 * Figure (c): what each group attends to. A card a group: the mean of its heads' maps large, its members small beside
 * it, so that "do they look alike?" is answered at a glance. All maps share one colour scale, one crosshair and one
 * selected token. Role: controls, scale and requests; a card is groupCard.ts.
 */
import { t } from '@vscode/l10n';
import { select } from 'd3';
import type { AttentionTile } from '../../../src/protocol/maps';
import { plainButton } from '../../shared/controls';
import { element } from '../../shared/dom';
import { paintGroup } from '../../shared/groupLook';
import type { Figure, FigureNumbers, Gathering } from '../../shared/figure';
import { layerTitle } from '../../shared/labels';
import { comparisonColors } from '../../shared/comparisonColors';
import { fitColors, type MapColors } from '../../shared/mapColors';
import { LinkedView } from '../../shared/linkedView';
import type { MapView } from '../../shared/mapView';
import type { Readout } from '../../shared/readout';
import { isDark } from '../../shared/theme';
import type { ExplorerData } from '../data';
import type { CardTiles } from './cardPointer';
import { GroupCard } from './groupCard';
import { gatherMaps, mapNumbers } from './mapNumbers';
import { MapControls } from './mapControls';
import { legendName } from './mapWords';
import { legendElement } from '../../shared/mapLegend';
import { panel } from '../../shared/panel';
import { ZoomBar } from '../../shared/zoomBar';
import { cardMaps, shownGroups, shownRun, shownTokens, type Actions, type ExplorerView } from '../view';

/** Whether a card's maps may be asked for: cards far outside the window wait until they are scrolled near. */
interface Slot {
  card: GroupCard;
  near: boolean;
  /** Whether the browser has told where the card stands. */
  placed: boolean;
}

export class Maps implements Figure<ExplorerView> {
  readonly element: HTMLElement;
  readonly #title = element('span');
  readonly #controls: MapControls;
  readonly #chips = element('div', { class: 'group-chips', role: 'group', 'aria-label': t('KV group shown') });
  readonly #legends = element('div', { class: 'map-legends' });
  /** What colours mean, and the zoom. */
  readonly #row = element('div', { class: 'map-row' });
  readonly #cards = element('div', { class: 'group-cards' });
  readonly #hint = element('p', { class: 'hint' });
  readonly #slots = new Map<number, Slot>();
  readonly #actions: Actions;
  readonly #data: ExplorerData;
  readonly #readout: Readout;
  readonly #drawn: (runId: string) => void;
  readonly #observer = new IntersectionObserver((entries) => this.#intersect(entries), { rootMargin: '400px' });
  readonly #zoom = new ZoomBar((factor) => this.#linked.zoomBy(factor, this.#tokens()));
  /** The part of all maps that is looked at. */
  readonly #linked = new LinkedView({
    nextFrame: (draw) => requestAnimationFrame(draw),
    look: (mapView) => this.#look(mapView),
    rest: (zoom) => this.#actions.choose({ zoom }),
  });
  #view: ExplorerView | null = null;
  #renderPlanned = false;

  /** @param drawn called when every map near the window shows the run */
  constructor(actions: Actions, data: ExplorerData, readout: Readout, drawn: (runId: string) => void) {
    this.#actions = actions;
    this.#data = data;
    this.#readout = readout;
    this.#drawn = drawn;
    this.#controls = new MapControls(actions);
    const controls = element('div', { class: 'controls' }, this.#chips, ...this.#controls.elements);
    this.#row.append(this.#legends, this.#zoom.element);
    this.element = panel('maps', this.#title, controls, this.#hint, this.#row, this.#cards);
  }

  render(view: ExplorerView): void {
    this.#view = view;
    const { ui, snapshot } = view;
    const run = shownRun(view);
    this.#title.textContent = t('Attention by group · {0}', layerTitle(snapshot.model, ui.layer));
    this.#controls.show(view);
    this.#linked.follow(ui.zoom);
    this.#hint.hidden = run !== null;
    this.#cards.hidden = run === null;
    this.#row.hidden = run === null;
    this.#hint.textContent =
      snapshot.gpu?.available === false
        ? t('Attention maps need a GPU adapter; see above.')
        : snapshot.busy === null
          ? t('Nothing has run yet. Press Run to see what each group attends to.')
          : t('The first maps are on their way…');
    this.#drawChips(view);
    if (run === null) return;
    const groups = shownGroups(view);
    this.#placeCards(groups, ui.group);
    const maps = groups.map((heads, group) => this.#tiles(view, heads, group));
    const wholes = maps.map(({ tiles }) => tiles.whole);
    const colors = this.#fit(wholes, view);
    for (const [group, { card }] of this.#slots) {
      const own = maps[group];
      if (own !== undefined) card.render(view, own.of, own.tiles, colors);
    }
    this.#legends.replaceChildren(...colors.legends.map((legend) => legendElement(legend, legendName(legend, view))));
    this.#showZoom();
    // Where all maps are far outside the window, nothing of them is waited for.
    const waiting = [...this.#slots].some(([group, { near, placed }]) => (near ? wholes[group] === null : !placed));
    if (!waiting) this.#drawn(run.runId);
    this.emphasise(view);
  }

  emphasise(view: ExplorerView): void {
    this.#view = view;
    for (const { card } of this.#slots.values()) card.emphasise(view);
  }

  numbers(view: ExplorerView): FigureNumbers | null {
    return mapNumbers(view, this.#data);
  }

  gather(view: ExplorerView, gathering: Gathering): Promise<FigureNumbers> {
    return gatherMaps(view, this.#data, gathering);
  }

  /** Makes a card for each group that is shown and removes the others. */
  #placeCards(groups: number[][], chosen: number | null): void {
    const shown = groups.map((_, group) => group).filter((group) => chosen === null || group === chosen);
    for (const [group, { card }] of this.#slots) {
      if (shown.includes(group)) continue;
      this.#observer.unobserve(card.element);
      card.element.remove();
      this.#slots.delete(group);
    }
    for (const group of shown) {
      if (this.#slots.has(group)) continue;
      const card = new GroupCard(group, this.#actions, this.#data, this.#readout, {
        navigate: (mapView) => this.#linked.go(mapView),
        resized: () => this.#renderSoon(),
      });
      card.look(this.#linked.view);
      this.#slots.set(group, { card, near: shown.length <= 4, placed: false });
      this.#observer.observe(card.element);
    }
    for (const group of shown) this.#slots.get(group)?.card.place(groups[group] ?? []);
    const cards = shown.flatMap((group) => this.#slots.get(group)?.card.element ?? []);
    if (cards.some((card, place) => this.#cards.children[place] !== card)) this.#cards.replaceChildren(...cards);
    this.#cards.dataset.count = String(Math.min(cards.length, 4));
    const R = groups[0]?.length ?? 0;
    this.#cards.classList.toggle('alone', R <= 1);
    this.#cards.classList.toggle('pairs', R === 2);
  }

  /** The maps of a group as far as they have arrived; asks for them, as large as they are drawn, when the card is in sight. */
  #tiles(view: ExplorerView, heads: number[], group: number): { of: string; tiles: CardTiles } {
    const none = { of: '', tiles: { whole: null, part: null } };
    const slot = this.#slots.get(group);
    const of = cardMaps(view, heads);
    if (slot === undefined || of === null) return none;
    const key = JSON.stringify(of);
    const pixels = slot.card.pixels;
    if (!slot.near || pixels === null) return { of: key, tiles: { whole: this.#data.maps.peek(of), part: null } };
    const { tile: whole, error } = this.#data.maps.whole(of, this.#tokens(), pixels);
    slot.card.showFailure(error?.message ?? null);
    const part = whole && this.#data.maps.part(of, whole, this.#linked.view, pixels);
    return { of: key, tiles: { whole, part } };
  }

  #fit(tiles: (AttentionTile | null)[], { ui }: ExplorerView): MapColors {
    const drawn = tiles.filter((tile) => tile !== null);
    const { scale, hideFirstToken: skipFirstKey } = ui;
    return fitColors(drawn, { scale, skipFirstKey, dark: isDark(), comparison: comparisonColors() });
  }

  #look(mapView: MapView): void {
    for (const { card } of this.#slots.values()) card.look(mapView);
    this.#showZoom();
  }

  #showZoom(): void {
    if (this.#view === null) return;
    const { queries, keys } = shownTokens(this.#view);
    this.#zoom.show(this.#linked.view, queries.length, keys.length, this.#linked.isMoving);
  }

  /** Of the maps' longer side. */
  #tokens(): number {
    if (this.#view === null) return 1;
    const { queries, keys } = shownTokens(this.#view);
    return Math.max(queries.length, keys.length);
  }

  #renderSoon(): void {
    if (this.#renderPlanned) return;
    this.#renderPlanned = true;
    requestAnimationFrame(() => {
      this.#renderPlanned = false;
      if (this.#view !== null) this.render(this.#view);
    });
  }

  #intersect(entries: IntersectionObserverEntry[]): void {
    for (const entry of entries) {
      const slot = [...this.#slots.values()].find(({ card }) => card.element === entry.target);
      if (slot !== undefined) Object.assign(slot, { near: entry.isIntersecting, placed: true });
    }
    if (this.#view !== null) this.render(this.#view);
  }

  #drawChips(view: ExplorerView): void {
    const groups: (number | null)[] = [null, ...shownGroups(view).map((_, group) => group)];
    select(this.#chips)
      .selectAll<HTMLButtonElement, number | null>('button')
      .data(groups, (group) => String(group))
      .join((enter) => enter.append(() => plainButton('', { class: 'chip' }, () => undefined)))
      .attr('data-group', (group) => group)
      .attr('aria-pressed', (group) => String(group === view.ui.group))
      .classed('group-mark', (group) => group !== null)
      .each(function (group) {
        if (group !== null) paintGroup(this, group);
      })
      .text((group) => (group === null ? t('All') : `KV ${group}`))
      .on('click', (_, group) => this.#actions.choose({ group }));
    this.#chips.hidden = groups.length <= 2;
  }
}
