/**
 * The tiles of the comparison's small maps as far as they have come, head by head: on both sides, and what differs between them.
 * They are of what the large maps show (paneMaps.ts), of all heads of the layer. Role: asking for them; drawing is headTable.ts.
 */
import type { AttentionTile } from '../../src/protocol/maps';
import type { MapsOf, MapTiles, WholeMaps } from '../shared/mapTiles';
import { drawnChange, headSets, needsEngine, setChange, setMaps, shownTile, type HeadSet } from './paneMaps';
import { tokensOf, type DiffView } from './view';

/** The cells of one head. */
export interface HeadTiles {
  a: AttentionTile;
  b: AttentionTile;
  /** Null while it has not come. */
  difference: AttentionTile | null;
}

export interface AllHeadTiles {
  /** By head; those alone that have come on both sides. */
  heads: ReadonlyMap<number, HeadTiles>;
  isLoading: boolean;
  /** Why some are missing. */
  failure: string | null;
}

export class HeadTileReader {
  readonly #maps: MapTiles;
  /** Differences that were taken here, by head, with the tiles that they are of: taken once, they are painted once. */
  readonly #taken = new Map<number, { a: AttentionTile; b: AttentionTile; skip: boolean; change: AttentionTile }>();

  constructor(maps: MapTiles) {
    this.#maps = maps;
  }

  /** Asks for what has not come. @param pixels device pixels of a map's side; 0 before it is laid out */
  read(view: DiffView, pixels: number): AllHeadTiles {
    const heads = new Map<number, HeadTiles>();
    if (pixels === 0 || view.snapshot.compare === null) return { heads, isLoading: false, failure: null };
    const asked = headSets(view).flatMap((set) => this.#readSet(view, set, pixels, heads));
    return {
      heads,
      isLoading: asked.some(({ tile, error }) => tile === null && error === null),
      failure: asked.find(({ tile, error }) => tile === null && error !== null)?.error?.message ?? null,
    };
  }

  /** @returns what was asked for */
  #readSet(view: DiffView, set: HeadSet, pixels: number, heads: Map<number, HeadTiles>): WholeMaps[] {
    const ask = (of: MapsOf): WholeMaps =>
      this.#maps.whole(of, tokensOf(view), { mean: pixels, members: of.meanOnly === true ? 0 : pixels });
    const [ofA, ofB, ofChange] = [setMaps(view, 'a', set), setMaps(view, 'b', set), setChange(view, set)];
    if (ofA === null || ofB === null || ofChange === null) return [];
    const [a, b] = [ask(ofA), ask(ofB)];
    if (a.tile === null || b.tile === null) return [a, b];
    const change = needsEngine(view, b.tile, set.deviates) ? ask(ofChange) : null;
    for (const head of set.heads) {
      const [own, other] = [shownTile(a.tile, head), shownTile(b.tile, head)];
      if (own === null || other === null) continue;
      // A host that cannot take maps from each other gives none, or something else.
      const given = change?.tile ? shownTile(change.tile, head) : null;
      const isGiven = given?.mean.coding.kind === 'differences';
      const isComing = change !== null && change.tile === null && change.error === null;
      const isComparable = own.mean.columns === other.mean.columns;
      const taken = isComing || !isComparable ? null : this.#take(view, head, [a.tile, b.tile], [own, other]);
      heads.set(head, { a: own, b: other, difference: isGiven ? given : taken });
    }
    return [a, b];
  }

  #take(
    { ui }: DiffView,
    head: number,
    [a, b]: [AttentionTile, AttentionTile],
    [own, other]: [AttentionTile, AttentionTile],
  ): AttentionTile {
    const skip = ui.hideFirstToken;
    const known = this.#taken.get(head);
    if (known?.a === a && known.b === b && known.skip === skip) return known.change;
    const change = drawnChange(own, other, skip);
    this.#taken.set(head, { a, b, skip, change });
    return change;
  }
}
