/**
 * Changes of a grouping by hand. Pure: groups in, groups (or why not) and a sentence about it out.
 * Heads are KV heads of the opened checkpoint: the query heads that read one stay together.
 */

import { t } from '@vscode/l10n';

/** [L][KV heads] the group of each. */
export type Groups = readonly (readonly number[])[];

/** What a change came to; `said` is for people, and for screen readers. */
export type Edit = { groups: number[][]; said: string } | { groups: null; said: string };

/** Whether a layer's heads are grouped at all: an encoder's are not, and have more groups than G. */
export function isEditable(groups: readonly number[], G: number): boolean {
  return groups.every((group) => group < G);
}

/** Moves a head of one layer into another group. */
export function moveHead(groups: Groups, layer: number, head: number, to: number, name: string): Edit {
  const own = groups[layer] ?? [];
  const from = own[head];
  if (from === to) return { groups: null, said: t('{0} is in KV {1} already.', name, to) };
  if (own.filter((group) => group === from).length === 1) {
    return {
      groups: null,
      said: t('{0} is the last head of KV {1}: exchange it with another head.', name, String(from)),
    };
  }
  const moved = own.map((group, other) => (other === head ? to : group));
  return {
    groups: replaceLayer(groups, layer, moved),
    said: t('{0} moved from KV {1} to KV {2}.', name, String(from), to),
  };
}

/** Exchanges the groups of two heads of one layer. */
export function exchangeHeads(groups: Groups, layer: number, a: number, b: number, names: [string, string]): Edit {
  const own = groups[layer] ?? [];
  const [groupA, groupB] = [own[a], own[b]];
  if (groupA === undefined || groupB === undefined || groupA === groupB) {
    return { groups: null, said: t('{0} and {1} share a KV head already.', names[0], names[1]) };
  }
  const exchanged = own.map((group, head) => (head === a ? groupB : head === b ? groupA : group));
  return { groups: replaceLayer(groups, layer, exchanged), said: t('{0} and {1} exchanged.', names[0], names[1]) };
}

/** Gives a layer other groups. */
export function regroupLayer(groups: Groups, layer: number, to: readonly number[], said: string): Edit {
  const own = groups[layer] ?? [];
  if (own.every((group, head) => group === to[head])) return { groups: null, said: t('These are the groups already.') };
  return { groups: replaceLayer(groups, layer, [...to]), said };
}

/** Gives every layer whose heads are grouped the groups of one layer. */
export function copyToAllLayers(groups: Groups, layer: number, G: number): Edit {
  const own = groups[layer] ?? [];
  const copied = groups.map((other) => (isEditable(other, G) && other.length === own.length ? [...own] : [...other]));
  if (JSON.stringify(copied) === JSON.stringify(groups)) {
    return { groups: null, said: t('Every layer has these groups already.') };
  }
  return { groups: copied, said: t('Every layer has these groups now.') };
}

function replaceLayer(groups: Groups, layer: number, replaced: number[]): number[][] {
  return groups.map((own, other) => (other === layer ? replaced : [...own]));
}
