/**
 * Puts some heads of a layer, and no others, into one group, with as little else changed as can be. Pure, like groupingEdit.ts.
 */
import { t } from '@vscode/l10n';
import { regroupLayer, type Edit, type Groups } from './groupingEdit';

/** How alike two heads are; more is more alike. */
export type Likeness = (a: number, b: number) => number;

/**
 * The heads share the group that most of them are in. Whom they meet there leaves for the most alike of the other groups; a
 * group that has lost all its heads gets one of those first, or the head that fits its own group least.
 * @param heads of the layer
 * @param names what a head is called
 */
export function gatherHeads(
  groups: Groups,
  layer: number,
  heads: readonly number[],
  G: number,
  likeness: Likeness,
  names: (head: number) => string,
): Edit {
  const own = [...(groups[layer] ?? [])];
  const outside = own.flatMap((_, head) => (heads.includes(head) ? [] : [head]));
  if (outside.length < G - 1) {
    return {
      groups: null,
      said: t(
        '{0} of {1} heads are left for {2} other groups: choose fewer KV heads, or a smaller branch.',
        outside.length,
        own.length,
        G - 1,
      ),
    };
  }
  const target = mostOf(heads.map((head) => own[head] ?? 0));
  const membersOf = (group: number): number[] => outside.filter((head) => own[head] === group);
  const fit = (head: number, members: readonly number[]): number => {
    const others = members.filter((member) => member !== head);
    return others.reduce((sum, other) => sum + likeness(head, other), 0) / Math.max(1, others.length);
  };
  const others = Array.from({ length: G }, (_, group) => group).filter((group) => group !== target);
  const moved = new Set(membersOf(target));
  let homeless = membersOf(target);
  for (const group of others) {
    if (membersOf(group).length > 0) continue;
    const free = homeless.length > 0 ? homeless : outside.filter((head) => membersOf(own[head] ?? 0).length > 1);
    const head = free.reduce((worst, one) =>
      fit(one, membersOf(own[one] ?? 0)) < fit(worst, membersOf(own[worst] ?? 0)) ? one : worst,
    );
    own[head] = group;
    moved.add(head);
    homeless = homeless.filter((one) => one !== head);
  }
  for (const head of homeless) {
    own[head] = others.reduce((best, group) =>
      fit(head, membersOf(group)) > fit(head, membersOf(best)) ? group : best,
    );
  }
  for (const head of heads) own[head] = target;
  const gone = [...moved].sort((a, b) => a - b).map((head) => t('{0} went to KV {1}', names(head), own[head] ?? 0));
  const said = [
    t(
      '{0} share KV {1} now',
      [...heads]
        .sort((a, b) => a - b)
        .map(names)
        .join(', '),
      target,
    ),
    ...gone,
  ].join('; ');
  return regroupLayer(groups, layer, own, `${said}.`);
}

/** The number that occurs most often, the smallest of equals. */
function mostOf(values: readonly number[]): number {
  const count = (value: number): number => values.filter((other) => other === value).length;
  return [...values].sort((a, b) => count(b) - count(a) || a - b)[0] ?? 0;
}
