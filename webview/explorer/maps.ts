/**
 * Figure (c): what each group attends to. A card a group: the mean of its heads' maps large, its members small beside
 * it, so that "do they look alike?" is answered at a glance. All maps share one colour scale, one crosshair and one
 * selected token. Role: controls, scale and requests; a card is groupCard.ts.
 */
import { select } from 'd3';
import type { AttentionTile } from '../../src/protocol/model';
import { addToHistogram } from '../shared/attentionCode';
import {
  colorScaleOf,
  colorScales,
  fitScale,
  pixelTable,
  scaleTicks,
  sequentialColor,
  type MapScale,
} from '../shared/colorScale';
import { CheckBox, plainButton, Segmented } from '../shared/controls';
import { element } from '../shared/dom';
import { paintGroup } from '../shared/groupLook';
import type { Figure } from '../shared/figure';
import { formatTick } from '../shared/format';
import { layerTitle } from '../shared/labels';
import type { Readout } from '../shared/readout';
import { isDark } from '../shared/theme';
import type { ExplorerData } from './data';
import { GroupCard } from './groupCard';
import { panel } from './panel';
import { mapsRequest, shownGroups, shownRun, type Actions, type ExplorerView } from './view';

/** Whether a card's maps may be asked for: cards far outside the window wait until they are scrolled near. */
interface Slot {
  card: GroupCard;
  near: boolean;
}

export class Maps implements Figure<ExplorerView> {
  readonly element: HTMLElement;
  readonly #title = element('span');
  readonly #runs: Segmented;
  readonly #scale: Segmented;
  readonly #hideFirst: CheckBox;
  readonly #chips = element('div', { class: 'group-chips', role: 'group', 'aria-label': 'KV group shown' });
  readonly #legend = element('div', { class: 'map-legend' });
  readonly #cards = element('div', { class: 'group-cards' });
  readonly #hint = element('p', { class: 'hint' });
  readonly #slots = new Map<number, Slot>();
  readonly #actions: Actions;
  readonly #data: ExplorerData;
  readonly #readout: Readout;
  readonly #drawn: (runId: string) => void;
  readonly #observer = new IntersectionObserver((entries) => this.#intersect(entries), { rootMargin: '400px' });
  #view: ExplorerView | null = null;

  /** @param drawn called when every map near the window shows the run */
  constructor(actions: Actions, data: ExplorerData, readout: Readout, drawn: (runId: string) => void) {
    this.#actions = actions;
    this.#data = data;
    this.#readout = readout;
    this.#drawn = drawn;
    this.#runs = new Segmented(
      'maps-of',
      'Whose maps',
      [
        { value: 'original', title: 'Original', description: 'The checkpoint as it is' },
        { value: 'converted', title: 'Converted', description: 'After pooling the KV heads' },
      ],
      (value) => actions.choose({ mapsOf: value === 'converted' ? 'converted' : 'original' }),
    );
    this.#scale = new Segmented('scale-picker', 'Colour scale', colorScales, (value) =>
      actions.choose({ scale: colorScaleOf(value) }),
    );
    this.#hideFirst = new CheckBox(
      'hide-first',
      'Hide first token',
      'Leaves the first token out of the colour scale: it often takes most of the weight',
      (checked) => actions.choose({ hideFirstToken: checked }),
    );
    const controls = element(
      'div',
      { class: 'controls' },
      this.#chips,
      this.#runs.element,
      this.#scale.element,
      this.#hideFirst.element,
      this.#legend,
    );
    this.element = panel('maps', this.#title, controls, this.#hint, this.#cards);
  }

  render(view: ExplorerView): void {
    this.#view = view;
    const { ui, snapshot } = view;
    const run = shownRun(view);
    this.#title.textContent = `Attention by group · ${layerTitle(snapshot.model, ui.layer)}`;
    this.#runs.element.hidden = snapshot.converted === null;
    this.#runs.show(ui.mapsOf);
    this.#scale.show(ui.scale);
    this.#hideFirst.show(ui.hideFirstToken);
    this.#hint.hidden = run !== null;
    this.#cards.hidden = run === null;
    this.#legend.hidden = run === null;
    this.#hint.textContent =
      snapshot.gpu?.available === false
        ? 'Attention maps need a GPU adapter; see above.'
        : snapshot.busy === null
          ? 'Nothing has run yet. Press Run to see what each group attends to.'
          : 'The first maps are on their way…';
    this.#drawChips(view);
    if (run === null) return;
    const groups = shownGroups(view);
    this.#placeCards(groups, ui.group);
    const tiles = groups.map((heads, group) => this.#tile(view, heads, group));
    const scale = this.#fit(tiles, view);
    const table = pixelTable(scale, isDark());
    for (const [group, { card }] of this.#slots) card.render(view, tiles[group] ?? null, table);
    this.#drawLegend(scale);
    const waiting = [...this.#slots].some(([group, slot]) => slot.near && tiles[group] === null);
    if (!waiting && tiles.some((tile) => tile !== null)) this.#drawn(run.runId);
    this.emphasise(view);
  }

  emphasise(view: ExplorerView): void {
    this.#view = view;
    for (const { card } of this.#slots.values()) card.emphasise(view);
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
      const card = new GroupCard(group, this.#actions, this.#data, this.#readout);
      this.#slots.set(group, { card, near: shown.length <= 4 });
      this.#observer.observe(card.element);
    }
    const cards = shown.flatMap((group) => this.#slots.get(group)?.card.element ?? []);
    if (cards.some((card, place) => this.#cards.children[place] !== card)) this.#cards.replaceChildren(...cards);
    this.#cards.dataset.count = String(Math.min(cards.length, 4));
    const R = groups[0]?.length ?? 0;
    this.#cards.classList.toggle('alone', R <= 1);
    this.#cards.classList.toggle('pairs', R === 2);
  }

  /** The maps of a group if they have arrived; asks for them when the card is in sight. */
  #tile(view: ExplorerView, heads: number[], group: number): AttentionTile | null {
    const slot = this.#slots.get(group);
    const request = mapsRequest(view, view.ui.layer, heads);
    if (slot === undefined || request === null) return null;
    if (!slot.near) return this.#data.maps.peek(request);
    const answer = this.#data.maps.get(request);
    slot.card.showFailure(answer.state === 'failed' ? answer.error.message : null);
    return answer.state === 'ready' ? answer.value : null;
  }

  #fit(tiles: (AttentionTile | null)[], view: ExplorerView): MapScale {
    const histogram = new Uint32Array(256);
    for (const tile of tiles) {
      if (tile === null) continue;
      const { S, T, codes } = tile;
      tile.heads.forEach((_, place) =>
        addToHistogram(histogram, codes.subarray(place * S * T, (place + 1) * S * T), tile, view.ui.hideFirstToken),
      );
    }
    return fitScale(histogram, view.ui.scale);
  }

  #intersect(entries: IntersectionObserverEntry[]): void {
    for (const entry of entries) {
      const slot = [...this.#slots.values()].find(({ card }) => card.element === entry.target);
      if (slot !== undefined) slot.near = entry.isIntersecting;
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
      .text((group) => (group === null ? 'All' : `KV ${group}`))
      .on('click', (_, group) => this.#actions.choose({ group }));
    this.#chips.hidden = groups.length <= 2;
  }

  #drawLegend(scale: MapScale): void {
    const stops = Array.from({ length: 9 }, (_, stop) => sequentialColor(stop / 8, isDark())).join(', ');
    const ramp = element('span', { class: 'ramp', 'aria-hidden': 'true' });
    ramp.style.backgroundImage = `linear-gradient(to right, ${stops})`;
    const ticks = scaleTicks(scale).map(({ weight, position }) => {
      const tick = element('span', { class: 'tick' }, formatTick(weight));
      tick.style.left = `${position * 100}%`;
      return tick;
    });
    this.#legend.replaceChildren(ramp, ...ticks);
  }
}
