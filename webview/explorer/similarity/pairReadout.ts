/**
 * What the pointer tells over two maps side by side: a cell's weight in both heads and their difference.
 * Role: the rounded weights of the maps' codes at once, the exact ones when the pointer rests. It draws no map.
 */
import { t } from '@vscode/l10n';
import type { AttentionRowRequest, AttentionTile } from '../../../src/protocol/maps';
import { layerTokens } from '../../shared/layerTokens';
import { numberAt } from '../../shared/mapCells';
import type { Cell } from '../../shared/heatmap';
import type { Readout } from '../../shared/readout';
import type { ExplorerData } from '../data';
import type { PairSide } from './pair';
import type { ExplorerView } from '../view';

export type PairPane = 'first' | 'difference' | 'second';

/** How long the pointer rests on a row before its exact weights are asked for. */
const REST_MILLISECONDS = 50;

interface Sides<Of> {
  first: Of;
  second: Of;
}

export class PairReadout {
  readonly #data: ExplorerData;
  readonly #readout: Readout;
  #shown: { pair: [PairSide, PairSide]; tiles: Sides<AttentionTile> } | null = null;
  #pointed: { pane: PairPane; head: number | null; cell: Cell; at: { x: number; y: number } } | null = null;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(data: ExplorerData, readout: Readout) {
    this.#data = data;
    this.#readout = readout;
  }

  /** @param head a member that the pointer is on; null: the side itself */
  point(
    view: ExplorerView | null,
    pane: PairPane,
    head: number | null,
    cell: Cell | null,
    at: { x: number; y: number },
  ): void {
    clearTimeout(this.#rest);
    this.#pointed = cell === null ? null : { pane, head, cell, at };
    if (cell === null || view === null) {
      this.#readout.hide();
      return;
    }
    this.#tell(view);
    this.#rest = setTimeout(() => {
      const request = rowRequest(view, cell.query);
      if (request !== null) this.#data.rows.get(request);
      this.#tell(view);
    }, REST_MILLISECONDS);
  }

  /** Numbers have come, or another pair. */
  show(view: ExplorerView, pair: [PairSide, PairSide], tiles: Sides<AttentionTile>): void {
    this.#shown = { pair, tiles };
    this.#tell(view);
  }

  /** Tells again what is pointed at: its exact number may have come. */
  refresh(view: ExplorerView): void {
    this.#tell(view);
  }

  #tell(view: ExplorerView): void {
    if (this.#pointed === null || this.#shown === null) return;
    const { pane, head, cell, at } = this.#pointed;
    const { pair, tiles } = this.#shown;
    const { queries, keys } = layerTokens(view.snapshot.original, view.snapshot.model.layers[view.ui.layer]);
    const request = rowRequest(view, cell.query);
    const row = request && this.#data.rows.peek(request);
    const exact = (own: number): number => row?.weights[own * keys.length + cell.key] ?? 0;
    const weight = (side: 'first' | 'second', of: PairSide, member: number | null): number => {
      if (row === null) return numberAt([tiles[side]], member, cell.query, cell.key) ?? 0;
      const heads = member === null ? of.heads : [member];
      return heads.reduce((sum, own) => sum + exact(own), 0) / heads.length;
    };
    const [a, b] = [weight('first', pair[0], null), weight('second', pair[1], null)];
    const side = pane === 'first' ? pair[0] : pair[1];
    const own = pane === 'first' ? a : pane === 'second' ? b : b - a;
    const isMember = head !== null && pane !== 'difference';
    const title = pane === 'difference' ? `${pair[1].name} − ${pair[0].name}` : side.name;
    this.#readout.show(
      {
        title: isMember ? t('Q{0} of {1}', head, side.name) : title,
        query: { place: cell.query, text: queries[cell.query]?.text ?? '' },
        key: { place: cell.key, text: keys[cell.key]?.text ?? '' },
        weight: isMember ? weight(pane, side, head) : own,
        exact: row !== null,
        others: [
          { label: pair[0].name, weight: a, emphasised: pane === 'first' },
          { label: pair[1].name, weight: b, emphasised: pane === 'second' },
        ],
      },
      at,
    );
  }
}

/** All heads of the layer: the same request as the maps' own. */
function rowRequest({ snapshot, ui }: ExplorerView, query: number): AttentionRowRequest | null {
  const { original, model } = snapshot;
  const heads = Array.from({ length: model.H }, (_, head) => head);
  return original === null ? null : { runId: original.runId, layer: ui.layer, heads, query };
}
