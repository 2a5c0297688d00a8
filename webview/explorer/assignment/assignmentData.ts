/**
 * What the assignment figure shows of a view: the groups' members, how alike heads are to what they share, the table.
 * Role: from the page's view to plain values. No drawing.
 */
import { t } from '@vscode/l10n';
import type { SimilarityResult } from '../../../src/protocol/similarity';
import type { FigureNumbers } from '../../shared/figure';
import { layerTitle } from '../../shared/labels';
import type { ExplorerData } from '../data';
import { shownGroups, shownMeasure, similarityRequest, type ExplorerView } from '../view';
import type { GroupMembers } from './assignmentLayout';

/** The groups of the chosen layer with the checkpoint's KV heads in between, where it has fewer of them than heads. */
export function groupMembers(view: ExplorerView): GroupMembers[] {
  const { model, grouping } = view.snapshot;
  const groupOfKvHead = grouping.groupOfKvHead[view.ui.layer] ?? [];
  const R = model.H / model.G;
  const isPooled = model.G < model.H && grouping.G < model.G;
  return shownGroups(view).map((heads, group) => ({
    heads,
    sources: isPooled
      ? groupOfKvHead.flatMap((of, kvHead) =>
          of === group ? [{ kvHead, heads: Array.from({ length: R }, (_, member) => kvHead * R + member) }] : [],
        )
      : [],
  }));
}

/** How alike each query head's own K or V is to the shared one; null until known, and where heads share from the start. */
export function pooledSimilarity(view: ExplorerView, data: ExplorerData): SimilarityResult | null {
  const { model, grouping } = view.snapshot;
  const request = similarityRequest(view, view.ui.layer);
  const similarity = request && data.similarities.peek(request);
  return similarity !== null && similarity.n === model.H && grouping.G < similarity.n ? similarity : null;
}

/** What the number above a head and the width of its link say. */
export function describeLikeness(view: ExplorerView): string {
  const target = view.ui.similarityTarget === 'maps' ? '' : `${view.ui.similarityTarget.toUpperCase()} · `;
  return t('number and width of link: {0} · to the shared head', target + (shownMeasure(view)?.title ?? ''));
}

/** Stroke width of a head's link in pixels: the more alike the head is to the shared one, the wider. Null: as usual. */
export function linkWidth(similarity: SimilarityResult | null, view: ExplorerView): (head: number) => number | null {
  if (similarity === null) return () => null;
  const isDistance = shownMeasure(view)?.alike === 'low';
  return (head) => {
    const value = Math.max(0, Math.min(1, similarity.toPooled[head] ?? 0));
    return 1 + 5 * (isDistance ? 1 - value : value);
  };
}

/** The figure as a table: a row a query head. */
export function assignmentNumbers(view: ExplorerView, similarity: SimilarityResult | null): FigureNumbers {
  const { model, grouping } = view.snapshot;
  const groups = grouping.groupOfHead[view.ui.layer] ?? [];
  const kvHeads = grouping.groupOfKvHead[view.ui.layer] ?? [];
  return {
    title: t('Which KV head each query head reads in {0}', layerTitle(model, view.ui.layer)),
    columns: [
      ...['query head', 'own KV head', 'KV group'],
      ...(similarity === null ? [] : [`${shownMeasure(view)?.title ?? 'similarity'} to pooled head`]),
    ],
    rows: groups.map((group, head) => {
      const own = Math.floor((head * kvHeads.length) / Math.max(1, groups.length));
      return [head, own, group, ...(similarity === null ? [] : [similarity.toPooled[own] ?? null])];
    }),
  };
}
