/**
 * One group of figure (c): its mean map with token labels, its members beside it with their statistics.
 * Role: drawing a tile and answering "what is this cell?". Requests for tiles and the colour scale are maps.ts.
 */
import { select } from 'd3';
import type { AttentionTile } from '../../src/protocol/model';
import { CODE_WEIGHTS } from '../shared/attentionCode';
import type { PixelTable } from '../shared/colorScale';
import { element } from '../shared/dom';
import { paintGroup } from '../shared/groupLook';
import { describeHeads } from '../shared/headOrder';
import { Heatmap, type Cell } from '../shared/heatmap';
import type { Readout } from '../shared/readout';
import { TokenAxis } from '../shared/tokenAxis';
import type { ExplorerData } from './data';
import { focusedGroup, focusedHead, shownRun, shownTokens, type Actions, type ExplorerView } from './view';

/** How long the pointer rests on a row before its exact weights are asked for. */
const REST_MILLISECONDS = 50;

interface Member {
  figure: HTMLElement;
  map: Heatmap;
  entropy: HTMLElement;
  firstToken: HTMLElement;
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
  readonly #axis = new TokenAxis();
  readonly #membersBox = element('div', { class: 'members' });
  readonly #failure = element('p', { class: 'failed', hidden: true });
  readonly #members = new Map<number, Member>();
  #view: ExplorerView | null = null;
  #tile: AttentionTile | null = null;
  #pointed: Pointed | null = null;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(group: number, actions: Actions, data: ExplorerData, readout: Readout) {
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

  /** @param tile null while it is on its way: what was drawn before stays, dimmed */
  render(view: ExplorerView, tile: AttentionTile | null, table: PixelTable): void {
    this.#view = view;
    this.element.classList.toggle('loading', tile === null);
    if (tile === null) return;
    this.#tile = tile;
    const heads = tile.heads;
    const fadeFirst = view.ui.hideFirstToken;
    this.#title.replaceChildren(
      `KV ${this.#group}`,
      element(
        'span',
        { class: 'muted' },
        heads.length === 1 ? `Q ${heads.join('')}` : `mean of Q ${describeHeads(heads)}`,
      ),
    );
    const { S, T, causal } = tile;
    this.#mean.draw({ codes: tile.meanCodes, S, T, causal, table, fadeFirst });
    this.#axis.show(shownTokens(view), causal);
    this.#placeMembers(heads);
    heads.forEach((head, place) => {
      const member = this.#members.get(head);
      const statistics = tile.statistics[place];
      if (member === undefined || statistics === undefined) return;
      const codes = tile.codes.subarray(place * S * T, (place + 1) * S * T);
      member.map.draw({ codes, S, T, causal, table, fadeFirst });
      member.entropy.textContent = `${statistics.entropy.toFixed(1)} bit`;
      member.firstToken.textContent = `first token ${statistics.firstToken.toFixed(2)}`;
      member.firstToken.style.setProperty('--amount', `${statistics.firstToken * 100}%`);
      member.figure.title = `Entropy ${statistics.entropy.toFixed(2)} bit · weight on the first token ${statistics.firstToken.toFixed(3)}${statistics.distance === null ? '' : ` · mean distance ${statistics.distance.toFixed(1)} tokens`}`;
    });
    if (this.#pointed !== null) this.#showReadout(this.#pointed);
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

  #rowRequest(query: number): Parameters<ExplorerData['rows']['get']>[0] | null {
    const run = this.#view === null ? null : shownRun(this.#view);
    if (run === null || this.#tile === null) return null;
    return { runId: run.runId, layer: this.#tile.layer, heads: this.#tile.heads, query };
  }

  #askForRow(query: number): void {
    const request = this.#rowRequest(query);
    if (request !== null) this.#data.rows.get(request);
    if (this.#pointed !== null) this.#showReadout(this.#pointed);
  }

  #showReadout({ head, cell, at }: Pointed): void {
    const tile = this.#tile;
    const request = this.#rowRequest(cell.query);
    if (this.#view === null || tile === null || request === null) return;
    const { queries, keys } = shownTokens(this.#view);
    const row = this.#data.rows.peek(request);
    const { S, T, heads } = tile;
    const weights = heads.map(
      (_, place) =>
        row?.weights[place * T + cell.key] ??
        CODE_WEIGHTS[tile.codes[(place * S + cell.query) * T + cell.key] ?? 0] ??
        0,
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
