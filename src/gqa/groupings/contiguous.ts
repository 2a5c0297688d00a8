/**
 * Adjacent heads share: the grouping of the paper and of file formats.
 * Role: one entry of the grouping registry, and the plain formula.
 */
import type { GroupingMethod } from '../grouping';

/** Equal runs of adjacent heads: the group of each of n heads. */
export function contiguousGroups(n: number, G: number): number[] {
  return Array.from({ length: n }, (_, head) => Math.floor((head * G) / n));
}

export const contiguous: GroupingMethod = {
  id: 'contiguous',
  title: 'Contiguous',
  description: 'Adjacent heads share: head h goes to group floor(h / (heads / G)). What checkpoint formats expect.',
  source: 'Ainslie et al. 2023, section 2.2',
  assign: ({ n, G }) => contiguousGroups(n, G),
};
