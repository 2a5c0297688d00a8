/**
 * Which rows a sweep has, and in which order.
 * Role: from a request to combinations, and the checks that need no text and no GPU. Pure.
 */
import { groupChoices, groupings, namedGroupings } from '../../gqa/grouping';
import { merges } from '../../gqa/merge';
import { describeMethods, findMethod } from '../../gqa/registry';
import { GqaLensError } from '../../protocol/errors';
import type { MethodInfo } from '../../protocol/methods';
import type { SweepMethod, SweepRequest, SweepResult } from '../../protocol/sweep';

/**
 * The request with every default spelled out and nothing named twice: numbers of KV heads largest first, without that of
 * the checkpoint itself.
 * @param sourceG KV heads of the checkpoint
 * @throws GqaLensError conversion-invalid, input-invalid
 */
export function completeRequest(request: SweepRequest, sourceG: number): SweepRequest {
  const ways = [...new Set(request.groupings)].map((id) => findMethod(groupings, id, 'grouping'));
  const kinds = [...new Set(request.merges)].map((id) => findMethod(merges, id, 'merge'));
  if (ways.length === 0 || kinds.length === 0) {
    throw new GqaLensError('input-invalid', 'A sweep needs at least one grouping and one merge');
  }
  const byHand = ways.find((way) => way.needsAssignment === true);
  if (byHand) {
    throw new GqaLensError('conversion-invalid', 'A sweep makes its groups itself', {
      expected: namedGroupings.map(({ id }) => id).join(', '),
      found: byHand.id,
    });
  }
  const wanted = request.groups.length === 0 ? groupChoices(sourceG) : request.groups;
  const unequal = ways.some((way) => way.unequal === true);
  const isPossible = (G: number): boolean =>
    Number.isInteger(G) && G >= 1 && G <= sourceG && (unequal || sourceG % G === 0);
  const wrong = wanted.find((G) => !isPossible(G));
  if (wrong !== undefined) {
    throw new GqaLensError('conversion-invalid', `${sourceG} KV heads cannot be pooled into ${wrong} groups`, {
      expected: `G one of ${groupChoices(sourceG).join(', ')}`,
      found: String(wrong),
    });
  }
  return {
    ...request,
    groups: [...new Set(wanted)].filter((G) => G !== sourceG).sort((a, b) => b - a),
    groupings: ways.map(({ id }) => id),
    merges: kinds.map(({ id }) => id),
  };
}

/** The combinations of a complete request: the checkpoint as it is, then method by method with fewer and fewer KV heads. */
export function planSweep({ groups, groupings: ways, merges: kinds }: SweepRequest, sourceG: number): SweepMethod[] {
  const original: SweepMethod = { G: sourceG, grouping: null, merge: null };
  const converted = kinds.flatMap((merge) =>
    ways.flatMap((grouping) => groups.map((G): SweepMethod => ({ G, grouping, merge }))),
  );
  return [original, ...converted];
}

/** What tells a row from the others of its sweep. */
export function methodKey({ G, grouping, merge }: SweepMethod): string {
  return JSON.stringify([G, grouping, merge]);
}

/** Puts rows in the order of the registries, the checkpoint as it is first. */
export function inOrder<Row extends SweepMethod>(rows: readonly Row[]): Row[] {
  const place = (methods: readonly MethodInfo[], id: string | null): number =>
    methods.findIndex((method) => method.id === id);
  return rows.toSorted(
    (a, b) =>
      place(merges, a.merge) - place(merges, b.merge) ||
      place(groupings, a.grouping) - place(groupings, b.grouping) ||
      b.G - a.G,
  );
}

/** The descriptions of the methods that rows use. */
export function methodsOf(rows: readonly SweepMethod[]): SweepResult['methods'] {
  const ways = new Set(rows.map(({ grouping }) => grouping));
  const kinds = new Set(rows.map(({ merge }) => merge));
  return {
    groupings: describeMethods(groupings.filter(({ id }) => ways.has(id))),
    merges: describeMethods(merges.filter(({ id }) => kinds.has(id))),
  };
}
