/**
 * What the pointer tells over the large maps: the rounded number of the map's code at once, the exact one when the pointer
 * rests. Role: when it is told; what is told is paneContent.ts. It draws no map.
 */
import type { Cell } from '../shared/mapView';
import type { Readout } from '../shared/readout';
import type { DiffData } from './data';
import { paneContent, type KnownSide } from './paneContent';
import { headMaps, rowRequest } from './paneMaps';
import type { DiffView, Pane, Side } from './view';

/** How long the pointer rests on a row before its exact weights are asked for. */
const REST_MILLISECONDS = 50;

export class PaneReadout {
  #pointed: { pane: Pane; cell: Cell; at: { x: number; y: number } } | null = null;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #view: DiffView | null = null;

  constructor(
    private readonly data: DiffData,
    private readonly readout: Readout,
  ) {}

  /** The pointer is on a cell, or on none. */
  point(view: DiffView, pane: Pane, cell: Cell | null, at: { x: number; y: number }): void {
    clearTimeout(this.#rest);
    this.#pointed = cell === null ? null : { pane, cell, at };
    if (cell === null) {
      this.readout.hide();
      return;
    }
    this.show(view);
    this.#rest = setTimeout(() => {
      for (const side of ['a', 'b'] as const) {
        const request = this.#view === null ? null : rowRequest(this.#view, side, cell.query);
        if (request !== null) this.data.rows.get(request);
      }
      if (this.#view !== null) this.show(this.#view);
    }, REST_MILLISECONDS);
  }

  /** Shows the numbers that are known by now. */
  show(view: DiffView): void {
    this.#view = view;
    if (this.#pointed === null || view.snapshot.compare === null) return;
    const { pane, cell, at } = this.#pointed;
    const known = { a: this.#known(view, 'a', cell.query), b: this.#known(view, 'b', cell.query) };
    this.readout.show(paneContent(view, pane, cell, known), at);
  }

  #known(view: DiffView, side: Side, query: number): KnownSide {
    const request = rowRequest(view, side, query);
    const of = headMaps(view, side);
    return { row: request && this.data.rows.peek(request), tile: of && this.data.maps.peek(of) };
  }
}
