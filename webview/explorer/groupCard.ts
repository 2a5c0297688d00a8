/**
 * One group of figure (c): its mean map with token labels, its members beside it with their statistics.
 * Role: drawing tiles and answering "what is this cell?". Requests for tiles, the view and the colour scale are maps.ts.
 */
import { select } from 'd3';
import type { AttentionStatistics, AttentionTile } from '../../src/protocol/model';
import type { PixelTable } from '../shared/colorScale';
import { element } from '../shared/dom';
import { paintGroup } from '../shared/groupLook';
import { describeHeads } from '../shared/headOrder';
import { Heatmap, type Cell, type HeatmapPicture } from '../shared/heatmap';
import { cellsOf, numberAt } from '../shared/mapCells';
import type { MapPixels } from '../shared/mapTiles';
import { WHOLE_MAP, type MapView } from '../shared/mapView';
import type { Readout } from '../shared/readout';
import { TokenAxis } from '../shared/tokenAxis';
import type { ExplorerData } from './data';
import { focusedGroup, focusedHead, rowRequest, shownTokens, type Actions, type ExplorerView } from './view';

/** How long the pointer rests on a row before its exact weights are asked for. */
const REST_MILLISECONDS = 50;

interface Member {
  figure: HTMLElement;
  map: Heatmap;
  entropy: HTMLElement;
  firstToken: HTMLElement;
}

/** The tiles of a card's maps: all of it coarse, and of what is looked at more, once that has come. */
export interface CardTiles {
  whole: AttentionTile | null;
  part: AttentionTile | null;
}

/** What a card asks of the figure that it is in. */
export interface CardEvents {
  navigate(view: MapView): void;
  /** Its maps have another size now, and may want other tiles. */
  resized(): void;
}

/** The cell the pointer is on in this card; head null means the mean map. */
interface Pointed {
  head: number | null;
  cell: Cell;
  at: { x: number; y: number };
}

export class GroupCard {
  readonly element: HTMLElement;
  readonly #group: number;
  readonly #actions: Actions;
  readonly #data: ExplorerData;
  readonly #readout: Readout;
  readonly #title = element('h3');
  readonly #mean: Heatmap;
  readonly #axis: TokenAxis;
  readonly #membersBox = element('div', { class: 'members' });
  readonly #failure = element('p', { class: 'failed', hidden: true });
  readonly #members = new Map<number, Member>();
  readonly #events: CardEvents;
  #view: ExplorerView | null = null;
  #tiles: CardTiles = { whole: null, part: null };
  /** What the tiles are of. */
  #of = '';
  #mapView: MapView = WHOLE_MAP;
  #pointed: Pointed | null = null;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(group: number, actions: Actions, data: ExplorerData, readout: Readout, events: CardEvents) {
    this.#events = events;
    this.#group = group;
    this.#actions = actions;
    this.#data = data;
    this.#readout = readout;
    this.#mean = this.#makeMap(
      {
        'data-testid': 'map-mean',
        'data-group': group,
        'aria-label': `Mean attention of KV group ${group}; arrow keys move through the cells`,
      },
      null,
    );
    this.#axis = new TokenAxis((token) => actions.hover({ head: null, group: null, ...token }));
    const mean = element(
      'div',
      { class: 'mean-map' },
      element('div', { class: 'labelled-map' }, this.#mean.element, this.#axis.element),
      element('span', { class: 'axis-name' }, 'rows query, columns key'),
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
        heads.length === 1 ? `Q ${heads.join('')}` : `mean of Q ${describeHeads(heads)}`,
      ),
    );
  }

  /**
   * @param of what the tiles are of: others of the same replace those that are drawn, a missing one leaves them
   * @param tiles null while they are on their way: what was drawn before stays, dimmed
   */
  render(view: ExplorerView, of: string, tiles: CardTiles, table: PixelTable): void {
    this.#view = view;
    const { whole } = tiles;
    this.element.classList.toggle('loading', whole === null);
    if (whole === null) return;
    this.#tiles = { whole, part: tiles.part ?? (of === this.#of ? this.#tiles.part : null) };
    this.#of = of;
    this.#draw(this.#mean, null, table);
    this.#axis.show(shownTokens(view), whole.causal);
    for (const [place, head] of whole.heads.entries()) {
      const member = this.#members.get(head);
      const statistics = whole.statistics[place];
      if (member === undefined) continue;
      this.#draw(member.map, head, table);
      if (statistics !== undefined) showStatistics(member, statistics);
    }
    if (this.#pointed !== null) this.#showReadout(this.#pointed);
  }

  /** Shows a part of all maps. */
  look(mapView: MapView): void {
    this.#mapView = mapView;
    this.#mean.look(mapView);
    for (const { map } of this.#members.values()) map.look(mapView);
    this.#axis.look(mapView);
  }

  #draw(map: Heatmap, head: number | null, table: PixelTable): void {
    const { whole, part } = this.#tiles;
    if (whole === null) return;
    const layers = [whole, part].flatMap((tile): HeatmapPicture['layers'] => {
      const cells = tile && cellsOf(tile, head);
      return tile === null || cells === null ? [] : [{ window: tile.window, ...cells, table }];
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
      { 'data-testid': 'map-head', 'data-head': head, 'aria-label': `Attention of query head ${head}` },
      head,
    );
    map.canvas.tabIndex = -1;
    map.look(this.#mapView);
    const entropy = element('span', { class: 'muted' });
    const firstToken = element('span', { class: 'first-token muted' });
    const figure = element(
      'figure',
      { class: 'member', 'data-head': head },
      element('figcaption', {}, element('b', {}, `Q${head}`), entropy),
      map.element,
      firstToken,
    );
    return { figure, map, entropy, firstToken };
  }

  #makeMap(attributes: Record<string, string | number>, head: number | null): Heatmap {
    return new Heatmap(attributes, {
      hover: (cell, at) => this.#point(head, cell, at),
      select: ({ query }) => this.#actions.choose({ token: this.#view?.ui.token === query ? null : query }),
      navigate: (mapView) => this.#events.navigate(mapView),
      resized: () => this.#events.resized(),
    });
  }

  #point(head: number | null, cell: Cell | null, at: { x: number; y: number }): void {
    clearTimeout(this.#rest);
    if (cell === null) {
      this.#pointed = null;
      this.#readout.hide();
      this.#actions.hover({ head: null, group: null, query: null, key: null });
      return;
    }
    this.#pointed = { head, cell, at };
    this.#actions.hover({ head, group: this.#group, query: cell.query, key: cell.key });
    this.#showReadout(this.#pointed);
    this.#rest = setTimeout(() => this.#askForRow(cell.query), REST_MILLISECONDS);
  }

  #askForRow(query: number): void {
    const request = this.#view && rowRequest(this.#view, query);
    if (request !== null) this.#data.rows.get(request);
    if (this.#pointed !== null) this.#showReadout(this.#pointed);
  }

  #showReadout({ head, cell, at }: Pointed): void {
    const { whole, part } = this.#tiles;
    const request = this.#view && rowRequest(this.#view, cell.query);
    if (this.#view === null || whole === null || request === null) return;
    const { queries, keys } = shownTokens(this.#view);
    const row = this.#data.rows.peek(request);
    const { T, heads } = whole;
    const weights = heads.map(
      (own) => row?.weights[own * T + cell.key] ?? numberAt([part, whole], own, cell.query, cell.key) ?? 0,
    );
    const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
    this.#readout.show(
      {
        title: head === null ? (heads.length === 1 ? `Q${heads.join('')}` : `mean of KV ${this.#group}`) : `Q${head}`,
        query: { place: cell.query, text: queries[cell.query]?.text ?? '' },
        key: { place: cell.key, text: keys[cell.key]?.text ?? '' },
        weight: head === null ? mean : (weights[heads.indexOf(head)] ?? 0),
        exact: row !== null,
        others:
          heads.length === 1 || heads.length > 8
            ? []
            : heads.map((member, place) => ({
                label: `Q${member}`,
                weight: weights[place] ?? 0,
                emphasised: member === head,
              })),
      },
      at,
    );
  }
}

function showStatistics({ figure, entropy, firstToken }: Member, of: AttentionStatistics): void {
  entropy.textContent = `${of.entropy.toFixed(1)} bit`;
  firstToken.textContent = `first token ${of.firstToken.toFixed(2)}`;
  firstToken.style.setProperty('--amount', `${of.firstToken * 100}%`);
  figure.title = `Entropy ${of.entropy.toFixed(2)} bit · weight on the first token ${of.firstToken.toFixed(3)} · largest weight ${of.largest.toFixed(3)}${of.distance === null ? '' : ` · mean distance ${of.distance.toFixed(1)} tokens`}`;
}
