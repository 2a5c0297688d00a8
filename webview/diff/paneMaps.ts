/**
 * Whose maps the comparison asks for, and which numbers of the answers it shows: weights or scores, of a head or of a head
 * minus the mean of those that share its KV group. Pure; asking is paneTiles.ts.
 */
import type { AttentionRow, AttentionRowRequest, AttentionTile } from '../../src/protocol/maps';
import { differenceMap } from '../shared/difference';
import { meanRow, minusRow, ownRow } from '../shared/headRows';
import { cellsOf } from '../shared/mapCells';
import type { MapsOf } from '../shared/mapTiles';
import { groupOfShownHead, orderedHeads, type DiffView, type Side } from './view';

/** The heads that share the large head's KV group on the side with fewer KV heads, the large head among them. */
export function groupHeads(view: DiffView): number[] {
  const group = groupOfShownHead(view);
  return orderedHeads(view).flatMap((placed) => (placed.group === group ? [placed.head] : []));
}

/** Whether the large maps are the head minus a mean: a head alone is its own mean. */
export function showsDeviations(view: DiffView): boolean {
  return view.ui.memberMaps === 'deviations' && groupHeads(view).length > 1;
}

/** Heads whose maps are asked for together. */
export interface HeadSet {
  heads: number[];
  /** Each is drawn minus the mean of all of them. */
  deviates: boolean;
}

/** All heads of the layer: together, or those of each group where they are drawn minus its mean. Heads alone have none. */
export function headSets(view: DiffView): HeadSet[] {
  const placed = orderedHeads(view);
  if (view.ui.memberMaps !== 'deviations') return [{ heads: placed.map(({ head }) => head), deviates: false }];
  const groups = [...new Set(placed.map(({ group }) => group))].map((group) =>
    placed.flatMap((own) => (own.group === group ? [own.head] : [])),
  );
  const alone = groups.filter(({ length }) => length === 1).flat();
  return [
    ...groups.filter(({ length }) => length > 1).map((heads) => ({ heads, deviates: true })),
    ...(alone.length === 0 ? [] : [{ heads: alone, deviates: false }]),
  ];
}

/** What is asked for of some heads on one side; `shownTile` finds a head in the answer. Null before both runs are done. */
export function setMaps(view: DiffView, side: Side, { heads, deviates }: HeadSet): MapsOf | null {
  const run = view.snapshot.compare?.[side];
  if (run === undefined) return null;
  const { layer, mapValues } = view.ui;
  return {
    ...{ runId: run.runId, layer, heads },
    ...(deviates ? { deviations: true } : heads.length === 1 ? { meanOnly: true } : {}),
    ...(mapValues === 'scores' ? { values: 'scores' } : {}),
    ...withoutFirst(view),
  };
}

/** What changed of some heads from the first side to the second; `shownTile` finds a head in the answer. */
export function setChange(view: DiffView, { heads, deviates }: HeadSet): MapsOf | null {
  const [a, b] = [setMaps(view, 'a', { heads, deviates }), setMaps(view, 'b', { heads, deviates })];
  if (a === null || b === null) return null;
  // A difference is told of members only.
  const { meanOnly, ...request } = b;
  return { ...(meanOnly === undefined ? b : request), minus: a.runId };
}

/** The large head, with those that share its group where it is drawn minus their mean. */
function shownSet(view: DiffView): HeadSet {
  const deviates = showsDeviations(view);
  return { heads: deviates ? groupHeads(view) : [view.ui.head], deviates };
}

/** Whose maps are large on one side: `shownTile` finds the head in the answer. */
export function headMaps(view: DiffView, side: Side): MapsOf | null {
  return setMaps(view, side, shownSet(view));
}

/** What changed from the first side to the second in what is large: `shownTile` finds the head in the answer. */
export function changeMaps(view: DiffView): MapsOf | null {
  return setChange(view, shownSet(view));
}

/**
 * Whether the engine must take maps from each other, before it pools them. Of weights with a cell each it is taken here: their
 * codes tell it.
 */
export function needsEngine({ ui }: DiffView, { mean, S, T }: AttentionTile, deviates: boolean): boolean {
  const isPooled = mean.rows < S || mean.columns < T;
  return isPooled || ui.mapValues !== 'probabilities' || deviates;
}

function withoutFirst({ ui }: DiffView): Pick<MapsOf, 'withoutFirst'> {
  return ui.hideFirstToken ? { withoutFirst: true } : {};
}

/** The tile with the large head's cells alone, as its mean; null when it has none of the head. */
export function shownTile(tile: AttentionTile, head: number): AttentionTile | null {
  const mean = cellsOf(tile, head);
  return mean && { ...tile, heads: [head], mean, members: null };
}

/** Second minus first of what is drawn of each, as far as its codes tell. */
export function drawnChange(a: AttentionTile, b: AttentionTile, skipFirstKey: boolean): AttentionTile {
  const codings = [a.mean.coding, b.mean.coding] as const;
  const { codes, largest } = differenceMap(a.mean.codes, b.mean.codes, b.mean.columns, skipFirstKey, codings);
  return { ...b, mean: { ...b.mean, codes, coding: { kind: 'differences', largest } } };
}

/** The request for one side's exact numbers of a query; `shownRow` makes of them what is shown. */
export function rowRequest(view: DiffView, side: Side, query: number): AttentionRowRequest | null {
  const run = view.snapshot.compare?.[side];
  if (run === undefined) return null;
  const heads = showsDeviations(view) ? groupHeads(view) : [view.ui.head];
  const request = { runId: run.runId, layer: view.ui.layer, heads, query };
  return view.ui.mapValues === 'scores' ? { ...request, values: 'scores' } : request;
}

/** [T] What the large map shows of a side's numbers of a query. */
export function shownRow(view: DiffView, row: AttentionRow): ArrayLike<number> {
  const own = ownRow(row, view.ui.head);
  return showsDeviations(view) ? minusRow(own, meanRow(row, row.heads)) : own;
}
