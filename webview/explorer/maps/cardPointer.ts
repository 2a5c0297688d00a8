/**
 * What the pointer tells over a group's maps: the rounded number of the map's code at once, the exact one when the pointer rests.
 * Role: when it is told, and asking for the exact numbers; what is told is cardReadout.ts. It draws no map.
 */
import type { AttentionTile } from '../../../src/protocol/maps';
import type { Cell } from '../../shared/mapView';
import type { Readout } from '../../shared/readout';
import type { ExplorerData } from '../data';
import { rowRequest, shownTokens, type Actions, type ExplorerView } from '../view';
import { cellContent } from './cardReadout';

/** How long the pointer rests on a row before its exact weights are asked for. */
const REST_MILLISECONDS = 50;

/** The tiles of a card's maps: all of it coarse, and of what is looked at more, once that has come. */
export interface CardTiles {
  whole: AttentionTile | null;
  part: AttentionTile | null;
}

/** The cell the pointer is on in a card; head null means the mean map. */
interface Pointed {
  head: number | null;
  cell: Cell;
  at: { x: number; y: number };
}

export class CardPointer {
  readonly #group: number;
  readonly #actions: Actions;
  readonly #data: ExplorerData;
  readonly #readout: Readout;
  #view: ExplorerView | null = null;
  #tiles: CardTiles = { whole: null, part: null };
  #pointed: Pointed | null = null;
  /** Whether the readout tells the exact number. */
  #isExact = false;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(group: number, actions: Actions, data: ExplorerData, readout: Readout) {
    this.#group = group;
    this.#actions = actions;
    this.#data = data;
    this.#readout = readout;
  }

  /** Other tiles are drawn, or in another view. */
  drawn(view: ExplorerView, tiles: CardTiles): void {
    this.#view = view;
    this.#tiles = tiles;
    this.#show();
  }

  /** Nothing is drawn again, but exact numbers may have come. */
  emphasise(view: ExplorerView): void {
    this.#view = view;
    if (!this.#isExact) this.#show();
  }

  /** The pointer is on a cell, or on none. */
  point(head: number | null, cell: Cell | null, at: { x: number; y: number }): void {
    clearTimeout(this.#rest);
    if (cell === null) {
      this.#pointed = null;
      this.#readout.hide();
      this.#actions.hover({ head: null, group: null, query: null, key: null });
      return;
    }
    this.#pointed = { head, cell, at };
    this.#actions.hover({ head, group: this.#group, query: cell.query, key: cell.key });
    this.#show();
    this.#rest = setTimeout(() => this.#askForRow(cell.query), REST_MILLISECONDS);
  }

  #askForRow(query: number): void {
    const request = this.#view && rowRequest(this.#view, query, this.#view.ui.mapValues);
    if (request !== null) this.#data.rows.get(request);
    this.#show();
  }

  #show(): void {
    if (this.#pointed === null || this.#view === null) return;
    const { head, cell, at } = this.#pointed;
    const { whole, part } = this.#tiles;
    const request = rowRequest(this.#view, cell.query, this.#view.ui.mapValues);
    if (request === null) return;
    const tokens = shownTokens(this.#view);
    // Of another run, that is drawn until the maps of this one come: the new run's numbers are not of its cells.
    if (whole !== null && (whole.S !== tokens.queries.length || whole.T !== tokens.keys.length)) {
      this.#readout.hide();
      return;
    }
    const tiles = [part, whole].filter((tile) => tile !== null);
    const row = this.#data.rows.peek(request);
    this.#isExact = row !== null;
    const minusMean = this.#view.ui.memberMaps === 'deviations';
    const content = cellContent({ ...cell, head, group: this.#group }, tiles, row, minusMean, tokens);
    if (content !== null) this.#readout.show(content, at);
  }
}
