/**
 * A grouping as a value: which query heads share which key/value head, layer by layer.
 * Role: the type and the registry of ways to make one. Merging weights is merge.ts.
 */
import { GqaLensError } from '../protocol/errors';
import type { GroupingView, MethodInfo } from '../protocol/model';
import { findMethod } from './registry';

/** Per layer, the group (0..G-1) of each KV head of the source checkpoint. */
export interface Grouping {
  /** Groups after pooling. */
  G: number;
  /** [L][source KV heads] */
  groupOfKvHead: readonly (readonly number[])[];
}

/** A way to decide who shares with whom. `sourceG` is the checkpoint's own number of KV heads. */
export interface GroupingMethod extends MethodInfo {
  assign(L: number, sourceG: number, G: number): Grouping;
}

const contiguous: GroupingMethod = {
  id: 'contiguous',
  title: 'Contiguous',
  description: 'Adjacent heads share: head h goes to group floor(h / (heads / G)). What checkpoint formats expect.',
  source: 'Ainslie et al. 2023, section 2.2',
  assign: (L, sourceG, G) => {
    const groups = Array.from({ length: sourceG }, (_, head) => Math.floor(head / (sourceG / G)));
    return { G, groupOfKvHead: Array.from({ length: L }, () => groups) };
  },
};

/** Every way to make a grouping. Views, quick picks and the command line read this list. */
export const groupings: readonly GroupingMethod[] = [contiguous];

/** The numbers of KV heads that a checkpoint with `sourceG` of them can be pooled to: its divisors, largest first. */
export function groupChoices(sourceG: number): number[] {
  return Array.from({ length: sourceG }, (_, index) => sourceG - index).filter((G) => sourceG % G === 0);
}

/**
 * Makes the grouping that a registry id and a number of groups mean for a checkpoint.
 * @throws GqaLensError `conversion-invalid` when the id is unknown or G does not divide `sourceG`.
 */
export function makeGrouping(id: string, L: number, sourceG: number, G: number): Grouping {
  const method = findMethod(groupings, id, 'grouping');
  if (!Number.isInteger(G) || G < 1 || sourceG % G !== 0) {
    throw new GqaLensError(
      'conversion-invalid',
      `${sourceG} KV heads cannot be pooled into ${String(G)} groups of equal size`,
      {
        expected: `G one of ${groupChoices(sourceG).join(', ')}`,
        found: String(G),
      },
    );
  }
  return method.assign(L, sourceG, G);
}

/** The grouping of a checkpoint as it is: every KV head is its own group. */
export function identityGrouping(L: number, sourceG: number): Grouping {
  return contiguous.assign(L, sourceG, sourceG);
}

/** Whether a grouping leaves every KV head where it is. */
export function isIdentity(grouping: Grouping): boolean {
  return grouping.groupOfKvHead.every(
    (groups) => groups.length === grouping.G && groups.every((group, head) => group === head),
  );
}

/** Whether each layer's groups are equal runs of adjacent heads, in order, as `floor(h / R)` reads them. */
export function isContiguous(grouping: Grouping): boolean {
  return grouping.groupOfKvHead.every((groups) =>
    groups.every((group, head) => group === Math.floor((head * grouping.G) / groups.length)),
  );
}

/**
 * Spells a grouping out for query heads: query head h reads source KV head floor(h / (H / sourceG)), and that head's
 * group.
 * @param spec H query heads and the source's own G.
 */
export function groupingView(spec: { H: number; G: number }, grouping: Grouping): GroupingView {
  const queriesPerKvHead = spec.H / spec.G;
  return {
    G: grouping.G,
    groupOfKvHead: grouping.groupOfKvHead.map((groups) => [...groups]),
    groupOfHead: grouping.groupOfKvHead.map((groups) =>
      groups.flatMap((group) => Array.from({ length: queriesPerKvHead }, () => group)),
    ),
  };
}
