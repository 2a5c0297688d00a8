/**
 * What every figure of the comparison is drawn from. Types and shared arithmetic; no DOM, no requests.
 */
import type { GroupingView } from '../../src/protocol/conversion';
import type { DiffSnapshot, DiffUi } from '../../src/protocol/diffView';
import type { ModelSummary } from '../../src/protocol/model';
import { comparable, type Comparable, type SideId } from '../../src/protocol/sides';
import { headsByGroup } from '../shared/headOrder';
import { layerTokens, type LayerTokens } from '../shared/layerTokens';
import { fitMapView } from '../shared/mapView';
import { mostMoved } from './mostMoved';

/** What the pointer is on: a cell of a map, or a token of the text below. */
export interface DiffHover {
  query: number | null;
  key: number | null;
  token: number | null;
}

export const NO_HOVER: DiffHover = { query: null, key: null, token: null };

export interface DiffView {
  snapshot: DiffSnapshot;
  ui: DiffUi;
  hover: DiffHover;
}

export interface DiffActions {
  choose(change: Partial<DiffUi>): void;
  hover(change: DiffHover): void;
  measure(what: 'layers' | 'time'): void;
  cancelMeasures(): void;
}

/** b is measured against a. */
export type Side = SideId;

/** The large maps: of either run, and what changed between them. */
export type Pane = Side | 'difference';

/** The model whose layers and heads are shown: that of the first side, which is that of both where heads are compared. */
export function shownModel({ sides, model }: DiffSnapshot): ModelSummary {
  return sides.a.model ?? model;
}

/** What of the layers can be compared; nothing while a side is not open. */
export function comparedParts({ sides: { a, b } }: DiffSnapshot): Comparable {
  if (a.model === null || b.model === null) return { heads: false, streams: false };
  return comparable(a.model, b.model);
}

/** The grouping that heads are shown in: that of the side with fewer KV heads. */
function shownGrouping({ compare }: DiffSnapshot): GroupingView | null {
  if (compare === null) return null;
  const { a, b } = compare;
  return a.grouping.G < b.grouping.G ? a.grouping : b.grouping;
}

/** Heads in group order with their group. */
export function orderedHeads(view: DiffView): { head: number; group: number }[] {
  const grouping = shownGrouping(view.snapshot);
  if (grouping === null) return [];
  return headsByGroup(grouping.groupOfHead[view.ui.layer] ?? []).flatMap((heads, group) =>
    heads.map((head) => ({ head, group })),
  );
}

/** The tokens of the rows and columns of the layer's maps. */
export function shownTokens({ snapshot, ui }: DiffView): LayerTokens {
  return layerTokens(snapshot.compare?.a, shownModel(snapshot).layers[ui.layer]);
}

/** What is marked in maps: tokens of the text are rows of them, but not in an encoder. */
export function mapMarks(view: DiffView): { query: number | null; key: number | null; token: number | null } {
  const { hover, ui, snapshot } = view;
  const isRow = shownTokens(view).queries === snapshot.compare?.a.tokens;
  // A token of the text is a query and a key.
  const token = isRow ? hover.token : null;
  return { query: hover.query ?? token, key: hover.key ?? token, token: isRow ? ui.token : null };
}

/** Tokens of the text that the pointer is on, in the strip or in a map whose rows or columns they are. */
export function hoveredTokens(view: DiffView): number[] {
  const { query, key, token } = view.hover;
  const { queries, keys } = shownTokens(view);
  const text = view.snapshot.compare?.a.tokens;
  return [token, queries === text ? query : null, keys === text ? key : null].filter((place) => place !== null);
}

/** The position whose prediction is looked at: the chosen token, else the one that moved most. */
export function predictedAfter({ snapshot: { compare }, ui }: DiffView): number | null {
  return ui.token ?? (compare === null ? null : (mostMoved(compare.klPerToken, 1)[0] ?? 0));
}

/** The group of the head that is shown large. */
export function groupOfShownHead(view: DiffView): number {
  return shownGrouping(view.snapshot)?.groupOfHead[view.ui.layer]?.[view.ui.head] ?? 0;
}

/** Of the longer side of the layer's maps. */
export function tokensOf(view: DiffView): number {
  const { queries, keys } = shownTokens(view);
  return Math.max(queries.length, keys.length);
}

/** UI state made to fit a model: a restored state may come from another checkpoint. */
export function fitDiffUi(ui: DiffUi, snapshot: DiffSnapshot): DiffUi {
  const { L, H } = shownModel(snapshot);
  const S = snapshot.compare?.a.tokens.length ?? Infinity;
  const longer = Math.max(S, snapshot.compare?.a.encoderTokens?.length ?? 0);
  return {
    ...ui,
    layer: Math.min(Math.max(0, ui.layer), L - 1),
    head: Math.min(Math.max(0, ui.head), H - 1),
    token: ui.token !== null && ui.token < S ? ui.token : null,
    mapValues: ui.mapValues === 'scores' ? 'scores' : 'probabilities',
    memberMaps: ui.memberMaps === 'deviations' ? 'deviations' : 'own',
    zoom: fitMapView(ui.zoom, longer),
  };
}
