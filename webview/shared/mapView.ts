/**
 * Which part of a map is looked at, and which tile of it has the detail for that. Pure arithmetic; drawing is heatmap.ts.
 * Places are shares of a map's sides, so that maps of any size and of other texts look at the same part.
 */
import type { MapWindow } from '../../src/protocol/maps';
import type { MapView } from '../../src/protocol/views';

export type { MapView };

/** A query and a key of a map. */
export interface Cell {
  query: number;
  key: number;
}

export const WHOLE_MAP: MapView = { x: 0, y: 0, span: 1 };

/** Fewest tokens a side that zooming goes to. */
const FEWEST_TOKENS = 6;

export function isWhole({ span }: MapView): boolean {
  return span >= 1;
}

/** The view moved back into the map. */
function within({ x, y, span }: MapView): MapView {
  const side = Math.min(1, span);
  const clamp = (corner: number): number => Math.min(1 - side, Math.max(0, corner));
  return side === 1 ? WHOLE_MAP : { x: clamp(x), y: clamp(y), span: side };
}

/** Fewest shares of a side that are seen. @param tokens of the map's longer side */
function leastSpan(tokens: number): number {
  return Math.min(1, FEWEST_TOKENS / Math.max(1, tokens));
}

/**
 * A view that was kept, of any shape, made to fit maps: the whole where it is none.
 * @param tokens of the map's longer side; Infinity before they are known
 */
export function fitMapView(kept: unknown, tokens: number): MapView {
  if (typeof kept !== 'object' || kept === null) return WHOLE_MAP;
  const { x, y, span } = kept as Record<string, unknown>;
  const isShare = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 1;
  if (!isShare(x) || !isShare(y) || !isShare(span) || span === 0) return WHOLE_MAP;
  return within({ x, y, span: Math.max(leastSpan(tokens), span) });
}

export function sameView(one: MapView, other: MapView): boolean {
  return one.x === other.x && one.y === other.y && one.span === other.span;
}

/**
 * Zooms about a place that stays where it is.
 * @param factor above 1 shows more detail
 * @param at the place, in shares of what is shown
 * @param tokens of the map's longer side
 */
export function zoomAt(view: MapView, factor: number, at: { x: number; y: number }, tokens: number): MapView {
  const span = Math.min(1, Math.max(leastSpan(tokens), view.span / factor));
  return within({ x: view.x + at.x * (view.span - span), y: view.y + at.y * (view.span - span), span });
}

/** Moves the view by shares of what is shown. */
export function panBy(view: MapView, x: number, y: number): MapView {
  return within({ ...view, x: view.x + x * view.span, y: view.y + y * view.span });
}

/** Moves the view no more than needed to show a cell. */
export function panTo(view: MapView, { query, key }: Cell, S: number, T: number): MapView {
  const reach = (corner: number, place: number, count: number): number =>
    Math.min(place / count, Math.max((place + 1) / count - view.span, corner));
  return within({ ...view, x: reach(view.x, key, T), y: reach(view.y, query, S) });
}

/** The tokens that are seen, those at the edges in part. */
export function seenTokens(view: MapView, S: number, T: number): MapWindow {
  // A little less than the edge: shares are not exact, and a token that is seen by nothing is not seen.
  const part = (corner: number, count: number): [number, number] => [
    Math.max(0, Math.floor(corner * count + 1e-6)),
    Math.min(count, Math.ceil((corner + view.span) * count - 1e-6)),
  ];
  const [q0, q1] = part(view.y, S);
  const [k0, k1] = part(view.x, T);
  return { q0, q1, k0, k1 };
}

/** The cell at a place, in shares of what is shown; null outside. */
export function cellAt(view: MapView, S: number, T: number, x: number, y: number): Cell | null {
  if (x < 0 || x >= 1 || y < 0 || y >= 1) return null;
  const query = Math.min(S - 1, Math.floor((view.y + y * view.span) * S));
  const key = Math.min(T - 1, Math.floor((view.x + x * view.span) * T));
  return { query, key };
}

/** A rectangle in shares of what is shown; it may reach beyond. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Where a part of the map lies in what is shown. */
export function boxOf({ q0, q1, k0, k1 }: MapWindow, view: MapView, S: number, T: number): Box {
  return {
    left: (k0 / T - view.x) / view.span,
    top: (q0 / S - view.y) / view.span,
    width: (k1 - k0) / T / view.span,
    height: (q1 - q0) / S / view.span,
  };
}

/** Steps of detail: each shows half as many cells as the one before. */
const STEP = Math.SQRT2;
/** A tile's side in spans of its step: views move by half a span before the next tile is needed. */
const TILE_SPANS = 1.5;

/**
 * The tile with the detail for a view. Tiles lie on a grid of their step, so that views that are near each other share them.
 * @param pixels device pixels that the map has a side
 * @returns null where the whole map is shown; else what to ask for: at least a cell a pixel, unless there are fewer tokens
 */
export function tileFor(
  view: MapView,
  S: number,
  T: number,
  pixels: number,
): { window: MapWindow; size: number } | null {
  if (isWhole(view)) return null;
  const step = STEP ** -Math.floor(Math.log(1 / view.span) / Math.log(STEP) + 1e-9);
  const grid = step / 2;
  const part = (corner: number, count: number): [number, number] => {
    const start = Math.floor(corner / grid + 1e-9) * grid;
    return [Math.max(0, Math.floor(start * count)), Math.min(count, Math.ceil((start + TILE_SPANS * step) * count))];
  };
  const [q0, q1] = part(view.y, S);
  const [k0, k1] = part(view.x, T);
  return { window: { q0, q1, k0, k1 }, size: Math.ceil(TILE_SPANS * pixels) };
}

/** A grid of cells over a part of a map (protocol/maps.ts, MapCells). */
export interface CellGrid {
  window: MapWindow;
  rows: number;
  columns: number;
}

/** Cells of a row that have a visible key: in a causal map those of keys up to the row's last query. */
export function visibleColumns({ window, rows, columns }: CellGrid, row: number, causal: boolean): number {
  if (!causal) return columns;
  const { q0, q1, k0, k1 } = window;
  const last = q0 + Math.ceil(((row + 1) * (q1 - q0)) / rows) - 1;
  return last < k0 ? 0 : Math.min(columns, Math.floor(((last - k0) * columns) / (k1 - k0)) + 1);
}

/** The place of a query's and a key's cell in a grid; null outside of it. */
export function placeOf({ window, rows, columns }: CellGrid, query: number, key: number): number | null {
  const { q0, q1, k0, k1 } = window;
  if (query < q0 || query >= q1 || key < k0 || key >= k1) return null;
  const row = Math.floor(((query - q0) * rows) / (q1 - q0));
  return row * columns + Math.floor(((key - k0) * columns) / (k1 - k0));
}
