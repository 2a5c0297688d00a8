/**
 * Heads in the order in which every figure shows them: by group, then by number.
 */

/** The heads of each group of a layer, ascending. Layers differ in their number of groups: an encoder's stay as they are. */
export function headsByGroup(groupOfHead: readonly number[]): number[][] {
  const groups = Array.from({ length: Math.max(-1, ...groupOfHead) + 1 }, (): number[] => []);
  groupOfHead.forEach((group, head) => groups[group]?.push(head));
  return groups;
}

/** "Q 0–3", "Q 0 2 5": a list of heads as short as it can be said. */
export function describeHeads(heads: readonly number[]): string {
  const first = heads[0] ?? 0;
  const contiguous = heads.every((head, place) => head === first + place);
  return contiguous && heads.length > 2 ? `${first}–${first + heads.length - 1}` : heads.join(' ');
}
