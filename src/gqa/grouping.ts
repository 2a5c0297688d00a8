/**
 * A grouping as a value: which query heads share which key/value head, layer by layer.
 * Role: the type, its checks, and the registry of ways to make one (groupings/). Merging weights is merge.ts.
 */
import type { Calibration, LayerCalibration } from '../model/calibration';
import { kvHeadsOf } from '../model/specFacts';
import type { ModelSpec } from '../model/spec';
import type { WeightSource } from '../model/weightSource';
import type { GroupingView } from '../protocol/conversion';
import { GqaLensError } from '../protocol/errors';
import type { MethodInfo } from '../protocol/methods';
import type { TaskContext } from '../protocol/tasks';
import type { Gram } from './gram';
import { contiguous, contiguousGroups } from './groupings/contiguous';
import { manual } from './groupings/manual';
import { similarity, similarityText } from './groupings/similarity';
import { strided } from './groupings/strided';
import { findMethod } from './registry';

/** Per layer, the group (0..G-1) of each KV head of the source checkpoint. */
export interface Grouping {
  /** Groups after pooling. */
  G: number;
  /** [L][source KV heads]. A layer whose heads are not grouped (LayerSpec) has every head in a group of its own. */
  groupOfKvHead: readonly (readonly number[])[];
}

/** What a checkpoint and a request tell a grouping. */
export interface GroupingContext {
  /** The checkpoint as it is; its own number of KV heads is `source.spec.G`. */
  source: WeightSource;
  G: number;
  /** The request's `assignment`, for `manual`. */
  assignment: readonly (readonly number[])[] | null;
  /** Activations of the calibration text; null unless the method `needsText`. */
  calibration: Calibration | null;
  /** A faster A·Bᵀ for large models. */
  gram?: Gram;
  task: TaskContext;
}

/** What a grouping method sees of one layer. */
export interface GroupingLayer extends Omit<GroupingContext, 'calibration'> {
  layer: number;
  /** KV heads of the layer. */
  n: number;
  calibration: LayerCalibration | null;
}

/** A way to decide who shares with whom. */
export interface GroupingMethod extends MethodInfo {
  /** G need not divide the number of KV heads. Absent: it must. */
  unequal?: boolean;
  /** [n] the group of each KV head of a layer. Only called for layers whose heads are grouped. */
  assign(context: GroupingLayer): readonly number[] | Promise<readonly number[]>;
}

/** Every way to make a grouping. Views, quick picks and the command line read this list. */
export const groupings: readonly GroupingMethod[] = [contiguous, strided, similarity, similarityText, manual];

/** Those that need nothing but their name. */
export const namedGroupings: readonly GroupingMethod[] = groupings.filter(
  ({ needsAssignment }) => needsAssignment !== true,
);

/** Equal runs of adjacent heads, the same in every layer. */
export function contiguousGrouping(L: number, sourceG: number, G: number): Grouping {
  const groups = contiguousGroups(sourceG, G);
  return { G, groupOfKvHead: Array.from({ length: L }, () => groups) };
}

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
  const { spec } = source;
  const { G: sourceG } = spec;
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
  const groupOfKvHead: (readonly number[])[] = [];
  for (const [layer, { grouped }] of spec.layers.entries()) {
    context.task.signal.throwIfAborted();
    context.task.report(`Grouping heads, layer ${layer + 1} of ${spec.L}`, layer / spec.L);
    const n = kvHeadsOf(spec, layer);
    if (!grouped) {
      groupOfKvHead.push(contiguousGroups(n, n));
      continue;
    }
    const calibration = context.calibration?.layer(layer) ?? null;
    groupOfKvHead.push(await method.assign({ ...context, layer, n, calibration }));
  }
  const grouping = { G, groupOfKvHead };
  checkGrouping(grouping, spec);
  return grouping;
}

/**
 * @param file where the grouping comes from, for the message
 * @throws GqaLensError `conversion-invalid` when a grouping does not belong to a model or leaves a group empty.
 */
export function checkGrouping(
  { G, groupOfKvHead }: Grouping,
  spec: Pick<ModelSpec, 'H' | 'G' | 'L' | 'layers'>,
  file?: string,
): void {
  const { L, layers } = spec;
  const sizes = layers.map(({ grouped }, layer) => ({ heads: kvHeadsOf(spec, layer), groups: grouped ? G : spec.H }));
  const wrong = sizes.findIndex(({ heads, groups: count }, layer) => {
    const groups = groupOfKvHead[layer] ?? [];
    return (
      groups.length !== heads ||
      groups.some((group) => !Number.isInteger(group) || group < 0 || group >= count) ||
      new Set(groups).size !== count
    );
  });
  if (groupOfKvHead.length === L && wrong < 0) return;
  const { heads, groups } = sizes[Math.max(0, wrong)] ?? { heads: spec.G, groups: G };
  throw new GqaLensError('conversion-invalid', 'The grouping does not belong to this model', {
    ...(file === undefined ? {} : { file }),
    expected: `${L} layers of ${heads} KV heads in groups 0 to ${groups - 1}, none of them empty`,
    found:
      groupOfKvHead.length === L
        ? `${layers[wrong]?.title ?? ''}: ${groupOfKvHead[wrong]?.join(', ') ?? ''}`
        : `${groupOfKvHead.length} layers`,
  });
}

/** The grouping of a checkpoint as it is: every KV head is its own group. */
export function identityGrouping(spec: Pick<ModelSpec, 'G' | 'H' | 'layers'>): Grouping {
  return {
    G: spec.G,
    groupOfKvHead: spec.layers.map((_, layer) => contiguousGroups(kvHeadsOf(spec, layer), kvHeadsOf(spec, layer))),
  };
}

/** Whether a grouping leaves every KV head where it is. */
export function isIdentity(grouping: Grouping): boolean {
  return grouping.groupOfKvHead.every((groups) => groups.every((group, head) => group === head));
}

/** Whether each layer's groups are equal runs of adjacent heads, in order, as `floor(h / R)` reads them. */
export function isContiguous(grouping: Grouping): boolean {
  return grouping.groupOfKvHead.every((groups) => {
    const count = new Set(groups).size;
    return groups.every((group, head) => group === Math.floor((head * count) / groups.length));
  });
}

/**
 * Spells a grouping out for query heads: query head h reads source KV head floor(h · source KV heads / H), and that
 * head's group.
 */
export function groupingView({ H }: Pick<ModelSpec, 'H'>, grouping: Grouping): GroupingView {
  return {
    G: grouping.G,
    groupOfKvHead: grouping.groupOfKvHead.map((groups) => [...groups]),
    groupOfHead: grouping.groupOfKvHead.map((groups) =>
      groups.flatMap((group) => Array.from({ length: H / groups.length }, () => group)),
    ),
  };
}
