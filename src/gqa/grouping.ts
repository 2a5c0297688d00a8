/**
 * A grouping as a value: which query heads share which key/value head, layer by layer.
 * Role: the type and the registry of ways to make one. Merging weights is merge.ts.
 */
import type { Calibration } from '../model/calibration';
import type { WeightSource } from '../model/spec';
import { GqaLensError } from '../protocol/errors';
import type { TaskContext } from '../protocol/tasks';
import type { GroupingView, MethodInfo } from '../protocol/model';
import { findMethod } from './registry';

/** Per layer, the group (0..G-1) of each KV head of the source checkpoint. */
export interface Grouping {
  /** Groups after pooling. */
  G: number;
  /** [L][source KV heads] */
  groupOfKvHead: readonly (readonly number[])[];
}

/** What a grouping may look at. */
export interface GroupingContext {
  /** The checkpoint as it is; its own number of KV heads is `source.spec.G`. */
  source: WeightSource;
  G: number;
  /** The request's `assignment`, for `manual`. */
  assignment: readonly (readonly number[])[] | null;
  /** Activations of the calibration text; null unless the method `needsText`. */
  calibration: Calibration | null;
  task: TaskContext;
}

/** A way to decide who shares with whom. */
export interface GroupingMethod extends MethodInfo {
  /** G need not divide the number of KV heads. Absent: it must. */
  unequal?: boolean;
  assign(context: GroupingContext): Grouping | Promise<Grouping>;
}

const contiguous: GroupingMethod = {
  id: 'contiguous',
  title: 'Contiguous',
  description: 'Adjacent heads share: head h goes to group floor(h / (heads / G)). What checkpoint formats expect.',
  source: 'Ainslie et al. 2023, section 2.2',
  assign: ({ source, G }) => contiguousGrouping(source.spec.L, source.spec.G, G),
};

/** Equal runs of adjacent heads, the same in every layer. */
export function contiguousGrouping(L: number, sourceG: number, G: number): Grouping {
  const groups = Array.from({ length: sourceG }, (_, head) => Math.floor(head / (sourceG / G)));
  return { G, groupOfKvHead: Array.from({ length: L }, () => groups) };
}

/** Every way to make a grouping. Views, quick picks and the command line read this list. */
export const groupings: readonly GroupingMethod[] = [contiguous];

/** The numbers of KV heads that a checkpoint with `sourceG` of them can be pooled to: its divisors, largest first. */
export function groupChoices(sourceG: number): number[] {
  return Array.from({ length: sourceG }, (_, index) => sourceG - index).filter((G) => sourceG % G === 0);
}

/**
 * Makes the grouping that a registry id and a number of groups mean for a checkpoint.
 * @throws GqaLensError `conversion-invalid` when the id is unknown or the method cannot make G groups.
 */
export async function makeGrouping(id: string, context: GroupingContext): Promise<Grouping> {
  const method = findMethod(groupings, id, 'grouping');
  const { source, G } = context;
  const { L, G: sourceG } = source.spec;
  const possible = Number.isInteger(G) && G >= 1 && (method.unequal ? G <= sourceG : sourceG % G === 0);
  if (!possible) {
    throw new GqaLensError(
      'conversion-invalid',
      `${sourceG} KV heads cannot be pooled into ${String(G)} groups${method.unequal ? '' : ' of equal size'}`,
      {
        expected: method.unequal ? `G from 1 to ${sourceG}` : `G one of ${groupChoices(sourceG).join(', ')}`,
        found: String(G),
      },
    );
  }
  const grouping = await method.assign(context);
  checkGrouping(grouping, L, sourceG);
  return grouping;
}

/** @throws GqaLensError `conversion-invalid` when a grouping does not belong to a model or leaves a group empty. */
export function checkGrouping({ G, groupOfKvHead }: Grouping, L: number, sourceG: number): void {
  const wrong = groupOfKvHead.findIndex(
    (groups) =>
      groups.length !== sourceG ||
      groups.some((group) => !Number.isInteger(group) || group < 0 || group >= G) ||
      new Set(groups).size !== G,
  );
  if (groupOfKvHead.length === L && wrong < 0) return;
  throw new GqaLensError('conversion-invalid', 'The grouping does not belong to this model', {
    expected: `${L} layers of ${sourceG} KV heads in groups 0 to ${G - 1}, none of them empty`,
    found: wrong < 0 ? `${groupOfKvHead.length} layers` : `layer ${wrong}: ${groupOfKvHead[wrong]?.join(', ') ?? ''}`,
  });
}

/** The grouping of a checkpoint as it is: every KV head is its own group. */
export function identityGrouping(L: number, sourceG: number): Grouping {
  return contiguousGrouping(L, sourceG, sourceG);
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
