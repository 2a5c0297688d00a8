/**
 * Tiles of attention maps with the detail that they are drawn with: the whole map coarse, a part of it fine.
 * Role: which tile to ask for and which of those that have come is the best. Where tiles come from is the host's business:
 * an answer with another size or part than asked for is as good.
 */
import type { ErrorValue } from '../../src/protocol/errors';
import type { AttentionRequest, AttentionTile } from '../../src/protocol/maps';
import { LazyCache } from './lazy';
import { tileFor, type MapView } from './mapView';

/** Whose maps, and of what; without sizes. */
export type MapsOf = Omit<AttentionRequest, 'window' | 'size' | 'memberSize'>;

/** Device pixels a side that the maps are drawn with. */
export interface MapPixels {
  mean: number;
  /** 0 where members are not drawn. */
  members: number;
}

/** The whole map as far as it has come, and what failed. */
export interface WholeMaps {
  tile: AttentionTile | null;
  /** A finer one, or the first one, is on its way. */
  isLoading: boolean;
  error: ErrorValue | null;
}

/** Sizes are asked for in steps, so that a window that is drawn wider does not ask at every pixel. */
const SIZE_STEP = 64;

export class MapTiles {
  readonly #cache: LazyCache<AttentionRequest, AttentionTile>;
  /** Sizes that were asked for, by whose maps. */
  readonly #asked = new Map<string, AttentionRequest[]>();

  /**
   * @param fetch asks for one tile
   * @param changed called after a tile or a failure has arrived
   * @param capacity how many tiles are kept
   */
  constructor(fetch: (request: AttentionRequest) => Promise<AttentionTile>, changed: () => void, capacity: number) {
    this.#cache = new LazyCache(fetch, changed, capacity);
  }

  /**
   * The whole maps; asks for them where none has come that is fine enough.
   * @param tokens of the longer side
   */
  whole(of: MapsOf, tokens: number, pixels: MapPixels): WholeMaps {
    const key = JSON.stringify(of);
    const asked = this.#asked.get(key) ?? [];
    const wanted = sized(of, tokens, pixels);
    const request = asked.find((one) => isAsFine(one, wanted)) ?? wanted;
    if (request === wanted) this.#asked.set(key, [...asked, wanted]);
    const answer = this.#cache.get(request);
    if (answer.state === 'ready') return { tile: answer.value, isLoading: false, error: null };
    const isLoading = answer.state === 'loading';
    return { tile: this.peek(of), isLoading, error: answer.state === 'failed' ? answer.error : null };
  }

  /** The finest whole maps that have come. */
  peek(of: MapsOf): AttentionTile | null {
    const asked = this.#asked.get(JSON.stringify(of)) ?? [];
    const tiles = asked.map((request) => this.#cache.peek(request)).filter((tile) => tile !== null);
    return tiles.reduce<AttentionTile | null>(
      (best, tile) => (best === null || tile.mean.columns > best.mean.columns ? tile : best),
      null,
    );
  }

  /**
   * Asks for the tile with the detail for a view; null while it has not come, and where the whole map is shown or has all detail.
   */
  part(of: MapsOf, whole: AttentionTile, view: MapView, pixels: MapPixels): AttentionTile | null {
    const { S, T, mean } = whole;
    const wanted = tileFor(view, S, T, roundUp(pixels.mean));
    if (wanted === null || (mean.rows === S && mean.columns === T)) return null;
    const memberSize = Math.ceil((wanted.size * roundUp(pixels.members)) / roundUp(pixels.mean));
    const request = { ...of, ...wanted, ...(of.meanOnly === true ? {} : { memberSize }) };
    const answer = this.#cache.get(request);
    return answer.state === 'ready' ? answer.value : null;
  }

  /** Forgets everything. */
  clear(): void {
    this.#cache.clear();
    this.#asked.clear();
  }
}

function roundUp(pixels: number): number {
  return Math.max(1, Math.ceil(pixels / SIZE_STEP)) * SIZE_STEP;
}

/** The request for whole maps; one that pools nothing is the same for all sizes. */
function sized(of: MapsOf, tokens: number, { mean, members }: MapPixels): AttentionRequest {
  const size = roundUp(mean);
  const memberSize = roundUp(members);
  const needsMembers = of.meanOnly !== true;
  const { withoutFirst, ...rest } = of;
  if (size >= tokens && (!needsMembers || memberSize >= tokens)) return rest;
  return {
    ...rest,
    ...(withoutFirst === true ? { withoutFirst } : {}),
    size,
    ...(needsMembers ? { memberSize } : {}),
  };
}

/** Whether an answer to one request has at least the cells of another. */
function isAsFine(one: AttentionRequest, wanted: AttentionRequest): boolean {
  return (
    (one.size ?? Infinity) >= (wanted.size ?? Infinity) &&
    (one.memberSize ?? Infinity) >= (wanted.memberSize ?? Infinity)
  );
}
