/**
 * Whose maps the comparison asks for, and which numbers of the answers it shows: weights or scores, of a head or of a head
 * minus the mean of those that share its KV group. Pure; asking is paneTiles.ts.
 */
import type { AttentionRequest, AttentionRow, AttentionRowRequest, AttentionTile } from '../../src/protocol/maps';
import { differenceMap } from '../shared/difference';
import { meanRow, minusRow, ownRow } from '../shared/headRows';
import { cellsOf } from '../shared/mapCells';
import type { MapsOf } from '../shared/mapTiles';
import { groupOfShownHead, orderedHeads, shownModel, type DiffView, type Side } from './view';

/** The heads that share the large head's KV group on the side with fewer KV heads, the large head among them. */
export function groupHeads(view: DiffView): number[] {
  const group = groupOfShownHead(view);
  return orderedHeads(view).flatMap((placed) => (placed.group === group ? [placed.head] : []));
}

/** Whether the large maps are the head minus a mean: a head alone is its own mean. */
export function showsDeviations(view: DiffView): boolean {
  return view.ui.memberMaps === 'deviations' && groupHeads(view).length > 1;
}

/** The request for one side's maps of all heads of the layer; null before both runs are done. */
export function sideRequest(view: DiffView, side: Side): AttentionRequest | null {
  const run = view.snapshot.compare?.[side];
  if (run === undefined) return null;
  return {
    runId: run.runId,
    layer: view.ui.layer,
    heads: Array.from({ length: shownModel(view.snapshot).H }, (_, head) => head),
    ...(view.ui.mapValues === 'scores' ? { values: 'scores' } : {}),
  };
}

/** Whose maps are large on one side: `shownTile` finds the head in the answer. */
export function headMaps(view: DiffView, side: Side): MapsOf | null {
  const request = sideRequest(view, side);
  const whose = showsDeviations(view)
    ? { heads: groupHeads(view), deviations: true }
    : { heads: [view.ui.head], meanOnly: true };
  return request && { ...request, ...whose, ...withoutFirst(view) };
}

/** What changed from the first side to the second in what is large: `shownTile` finds the head in the answer. */
export function changeMaps(view: DiffView): MapsOf | null {
  const [a, b] = [sideRequest(view, 'a'), sideRequest(view, 'b')];
  const whose = showsDeviations(view) ? { heads: groupHeads(view), deviations: true } : { heads: [view.ui.head] };
  return a && b && { ...b, ...whose, minus: a.runId, ...withoutFirst(view) };
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
