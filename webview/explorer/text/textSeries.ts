/**
 * Whose attention the text tells, and of which token: the groups or heads that are shown, and the tokens looked at. Pure.
 */
import type { ExplorerView } from '../view';
import { focusedGroup, focusedHead, shownGroups, shownTokens } from '../view';

/** One voice of the text view: the mean of a group's heads, or one head. */
export interface Series {
  id: string;
  label: string;
  group: number;
  /** null for the mean of `heads`. */
  head: number | null;
  heads: readonly number[];
  /** Which of its group's heads it is, as a share from 0 to 1: heads of a group are shades of its colour. */
  shade: number;
}

/** The tokens looked at: the one that looks, and the one that is looked at; either may be none. */
export interface Focus {
  query: number | null;
  key: number | null;
}

/** What the view is about: the head or group under the pointer, else what is chosen, else all groups. */
export function seriesOf(view: ExplorerView): Series[] {
  const groups = shownGroups(view);
  const head = focusedHead(view);
  const only = focusedGroup(view);
  if (head !== null) {
    const group = groups.findIndex((heads) => heads.includes(head));
    return group < 0 ? [] : [headSeries(head, group, 0)];
  }
  if (view.ui.textBy === 'head') {
    const group = only ?? 0;
    const heads = groups[group] ?? [];
    return heads.map((member, place) => headSeries(member, group, place / Math.max(1, heads.length - 1)));
  }
  return groups.flatMap((heads, group) =>
    only === null || only === group
      ? [{ id: `KV ${group}`, label: `KV ${group}`, group, head: null, heads, shade: 0 }]
      : [],
  );
}

/** The series without what is pointed at: what there must be room for, so that pointing moves nothing. */
export function restingSeries(view: ExplorerView): Series[] {
  return seriesOf({ ...view, hover: { ...view.hover, head: null, group: null } });
}

function headSeries(head: number, group: number, shade: number): Series {
  return { id: `Q${head}`, label: `Q${head}`, group, head, heads: [head], shade };
}

/** A series' colour as a CSS value: that of its group, its heads from the colour itself to most of the ink. */
export function seriesColor({ shade }: Series, groupColor: string): string {
  return shade === 0 ? groupColor : `color-mix(in oklab, ${groupColor}, var(--ink) ${Math.round(shade * 75)}%)`;
}

/** Whether queries and keys are the same text: in cross-attention a text looks at another one. */
export function isOneText(view: ExplorerView): boolean {
  const { queries, keys } = shownTokens(view);
  return queries === keys;
}

/** Which of two columns of tokens is pointed at; null where there are none. */
export type PointedSide = 'query' | 'key' | null;

/**
 * The tokens looked at. Who points at a token among those that look asks what it looks at, among those looked at who looks at
 * it; elsewhere the direction decides.
 * @param pinnedKey the pinned token of the other text, in cross-attention
 */
export function focusOf(view: ExplorerView, pinnedKey: number | null, side: PointedSide): Focus {
  const { hover, ui } = view;
  const points = hover.query !== null || hover.key !== null;
  const pinned = { query: ui.token, key: isOneText(view) ? ui.token : pinnedKey };
  const { query, key } = points ? hover : pinned;
  const isAlone = points && (hover.query === null || hover.key === null);
  const chosen = ui.textDirection;
  const direction = isAlone ? 'both' : chosen === 'both' || side === null ? chosen : side === 'query' ? 'from' : 'to';
  return { query: direction === 'to' ? null : query, key: direction === 'from' ? null : key };
}
