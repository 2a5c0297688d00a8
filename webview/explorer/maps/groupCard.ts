/**
 * One group of figure (c): its mean map with token labels, its members beside it with their statistics.
 * Role: drawing tiles. What the pointer tells is cardPointer.ts; requests for tiles, the view and the colour scale are maps.ts.
 */
import { t } from '@vscode/l10n';
import { select } from 'd3';
import { element } from '../../shared/dom';
import { paintGroup } from '../../shared/groupLook';
import { describeHeads } from '../../shared/headOrder';
import { Heatmap, type HeatmapPicture } from '../../shared/heatmap';
import { cellsOf, NO_DIFFERENCE } from '../../shared/mapCells';
import type { MapColors } from '../../shared/mapColors';
import type { MapPixels } from '../../shared/mapTiles';
import { WHOLE_MAP, type MapView } from '../../shared/mapView';
import type { Readout } from '../../shared/readout';
import { TokenAxis } from '../../shared/tokenAxis';
import { CardPointer, type CardTiles } from './cardPointer';
import type { ExplorerData } from '../data';
import { MapStatistics } from './mapStatistics';
import { focusedGroup, focusedHead, shownTokens, type Actions, type ExplorerView } from '../view';

interface Member {
  figure: HTMLElement;
  map: Heatmap;
  statistics: MapStatistics;
}

/** What a card asks of the figure that it is in. */
export interface CardEvents {
  navigate(view: MapView): void;
  /** Its maps have another size now, and may want other tiles. */
  resized(): void;
}

export class GroupCard {
  readonly element: HTMLElement;
  readonly #group: number;
  readonly #actions: Actions;
  readonly #pointer: CardPointer;
  readonly #title = element('h3');
  readonly #mean: Heatmap;
  readonly #axis: TokenAxis;
  /** Of a head that is a group of its own. */
  readonly #alone = new MapStatistics();
  readonly #membersBox = element('div', { class: 'members' });
  readonly #failure = element('p', { class: 'failed', hidden: true });
  readonly #members = new Map<number, Member>();
  readonly #events: CardEvents;
  #view: ExplorerView | null = null;
  #tiles: CardTiles = { whole: null, part: null };
  /** What the tiles are of. */
  #of = '';
  #mapView: MapView = WHOLE_MAP;

  constructor(group: number, actions: Actions, data: ExplorerData, readout: Readout, events: CardEvents) {
    this.#events = events;
    this.#group = group;
    this.#actions = actions;
    this.#pointer = new CardPointer(group, actions, data, readout);
    this.#mean = this.#makeMap(
      {
        'data-testid': 'map-mean',
        'data-group': group,
        'aria-label': t('Mean attention of KV group {0}; arrow keys move through the cells, + and - zoom', group),
      },
      null,
    );
    this.#axis = new TokenAxis((token) => actions.hover({ head: null, group: null, ...token }));
    const mean = element(
      'div',
      { class: 'mean-map' },
      element('div', { class: 'labelled-map' }, this.#mean.element, this.#axis.element),
      element('span', { class: 'axis-name' }, t('rows query, columns key')),
      this.#alone.element,
    );
    this.element = element(
      'article',
      { class: 'group-card', 'data-group': group },
      this.#title,
      this.#failure,
      element('div', { class: 'group-maps' }, mean, this.#membersBox),
    );
    paintGroup(this.element, group);
  }

  /** Device pixels of the maps; null before they are laid out. */
  get pixels(): MapPixels | null {
    const mean = this.#mean.pixels;
    const members = Math.max(0, ...[...this.#members.values()].map(({ map }) => map.pixels));
    return mean === 0 || (members === 0 && this.#members.size > 0) ? null : { mean, members };
  }

  /** Makes room for a group's maps. */
  place(heads: number[]): void {
    this.#placeMembers(heads);
    this.#title.replaceChildren(
      `KV ${this.#group}`,
      element(
        'span',
        { class: 'muted' },
        heads.length === 1 ? `Q ${heads.join('')}` : t('mean of Q {0}', describeHeads(heads)),
      ),
    );
  }

  /**
   * @param of what the tiles are of: others of the same replace those that are drawn, a missing one leaves them
   * @param tiles null while they are on their way: what was drawn before stays, dimmed
   */
  render(view: ExplorerView, of: string, tiles: CardTiles, colors: MapColors): void {
    this.#view = view;
    const { whole } = tiles;
    this.element.classList.toggle('loading', whole === null);
    if (whole === null) return;
    this.#tiles = { whole, part: tiles.part ?? (of === this.#of ? this.#tiles.part : null) };
    this.#of = of;
    this.#draw(this.#mean, null, colors);
    this.#axis.show(shownTokens(view), whole.causal);
    this.#alone.show(whole.heads.length === 1 ? (whole.statistics[0] ?? null) : null);
    for (const [place, head] of whole.heads.entries()) {
      const member = this.#members.get(head);
      if (member === undefined) continue;
      this.#draw(member.map, head, colors);
      member.statistics.show(whole.statistics[place] ?? null);
    }
    this.#pointer.drawn(view, this.#tiles);
  }

  /** Shows a part of all maps. */
  look(mapView: MapView): void {
    this.#mapView = mapView;
    this.#mean.look(mapView);
    for (const { map } of this.#members.values()) map.look(mapView);
    this.#axis.look(mapView);
  }

  #draw(map: Heatmap, head: number | null, colors: MapColors): void {
    const { whole, part } = this.#tiles;
    if (whole === null) return;
    const layers = [whole, part].flatMap((tile): HeatmapPicture['layers'] => {
      const cells = tile && cellsOf(tile, head);
      if (tile === null || cells === null) return [];
      const zero = cells.coding.kind === 'differences' ? NO_DIFFERENCE : 0;
      return [{ window: tile.window, ...cells, table: colors.table(cells.coding), zero }];
    });
    const { S, T, causal } = whole;
    map.draw({ S, T, causal, layers, fadeFirst: this.#view?.ui.hideFirstToken ?? false });
  }

  /** Says why there are no maps, or stops saying it. */
  showFailure(message: string | null): void {
    this.#failure.hidden = message === null;
    this.#failure.textContent = message;
  }

  emphasise(view: ExplorerView): void {
    this.#view = view;
    const { query, key } = view.hover;
    const marks = { query, key, token: view.ui.token };
    const head = focusedHead(view);
    this.#mean.mark(marks);
    for (const [member, { map, figure }] of this.#members) {
      map.mark(marks);
      figure.classList.toggle('emphasised', member === head);
      figure.classList.toggle('selected', member === view.ui.head);
    }
    this.element.classList.toggle('emphasised', head === null && focusedGroup(view) === this.#group);
    this.#axis.mark([query, view.ui.token], [key]);
    this.#pointer.emphasise(view);
  }

  #placeMembers(heads: number[]): void {
    const shown = heads.length === 1 ? [] : heads;
    for (const [head, { figure }] of this.#members) {
      if (shown.includes(head)) continue;
      figure.remove();
      this.#members.delete(head);
    }
    for (const head of shown) if (!this.#members.has(head)) this.#members.set(head, this.#makeMember(head));
    select(this.#membersBox)
      .selectAll<HTMLElement, number>('.member')
      .data(shown, function (head) {
        return this instanceof HTMLElement && this.dataset.head !== undefined ? this.dataset.head : String(head);
      })
      .join((enter) => enter.append((head) => this.#members.get(head)?.figure ?? element('figure')))
      .order();
    this.#membersBox.hidden = shown.length === 0;
    this.#membersBox.dataset.count = shown.length > 4 ? 'many' : String(shown.length);
  }

  #makeMember(head: number): Member {
    const map = this.#makeMap(
      { 'data-testid': 'map-head', 'data-head': head, 'aria-label': t('Attention of query head {0}', head) },
      head,
    );
    map.canvas.tabIndex = -1;
    map.look(this.#mapView);
    const statistics = new MapStatistics();
    const figure = element(
      'figure',
      { class: 'member', 'data-head': head },
      element('figcaption', {}, element('b', {}, `Q${head}`)),
      map.element,
      statistics.element,
    );
    return { figure, map, statistics };
  }

  #makeMap(attributes: Record<string, string | number>, head: number | null): Heatmap {
    const map = new Heatmap(attributes, {
      hover: (cell, at) => {
        map.tellToken(cell?.query ?? null);
        this.#pointer.point(head, cell, at);
      },
      select: ({ query }) => this.#actions.choose({ token: this.#view?.ui.token === query ? null : query }),
      navigate: (mapView) => this.#events.navigate(mapView),
      resized: () => this.#events.resized(),
    });
    return map;
  }
}
