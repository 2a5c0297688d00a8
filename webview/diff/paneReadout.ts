/**
 * What the pointer tells over the large maps: a cell's weight in both models and their difference.
 * Role: the rounded weight of the map's code at once, the exact one when the pointer rests. It draws no map.
 */
import type { AttentionRowRequest } from '../../src/protocol/maps';
import type { Cell } from '../shared/heatmap';
import { numberAt } from '../shared/mapCells';
import type { Readout } from '../shared/readout';
import type { DiffData } from './data';
import { headMaps, shownTokens, type DiffView, type Pane, type Side } from './view';

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
    const { queries, keys } = shownTokens(view);
    const { pane, cell, at } = this.#pointed;
    const a = this.#weight(view, 'a', cell);
    const b = this.#weight(view, 'b', cell);
    const { sides } = view.snapshot;
    const names = { a: sides.a.name, b: sides.b.name };
    this.readout.show(
      {
        title: pane === 'difference' ? `${names.b} − ${names.a}` : `Q${view.ui.head}, ${names[pane]}`,
        query: { place: cell.query, text: queries[cell.query]?.text ?? '' },
        key: { place: cell.key, text: keys[cell.key]?.text ?? '' },
        weight: pane === 'a' ? a.weight : pane === 'b' ? b.weight : b.weight - a.weight,
        exact: a.exact && b.exact,
        others: [
          { label: names.a, weight: a.weight, emphasised: pane === 'a' },
          { label: names.b, weight: b.weight, emphasised: pane === 'b' },
        ],
      },
      at,
    );
  }

  #weight(view: DiffView, side: Side, cell: Cell): { weight: number; exact: boolean } {
    const request = rowRequest(view, side, cell.query);
    const exact = request === null ? undefined : this.data.rows.peek(request)?.weights[cell.key];
    if (exact !== undefined) return { weight: exact, exact: true };
    const maps = headMaps(view, side);
    const tile = maps === null ? null : this.data.maps.peek(maps);
    return { weight: numberAt([tile], null, cell.query, cell.key) ?? 0, exact: false };
  }
}

function rowRequest(view: DiffView, side: Side, query: number): AttentionRowRequest | null {
  const run = view.snapshot.compare?.[side];
  return run === undefined ? null : { runId: run.runId, layer: view.ui.layer, heads: [view.ui.head], query };
}
