/**
 * Heads in the order in which every figure shows them: by group, then by number.
 */

/** [G] the heads of each group, ascending. */
export function headsByGroup(groupOfHead: readonly number[], G: number): number[][] {
  const groups = Array.from({ length: G }, (): number[] => []);
  groupOfHead.forEach((group, head) => groups[group]?.push(head));
  return groups;
}

/** "Q 0–3", "Q 0 2 5": a list of heads as short as it can be said. */
export function describeHeads(heads: readonly number[]): string {
  const first = heads[0] ?? 0;
  const contiguous = heads.every((head, place) => head === first + place);
  return contiguous && heads.length > 2 ? `${first}–${first + heads.length - 1}` : heads.join(' ');
}
