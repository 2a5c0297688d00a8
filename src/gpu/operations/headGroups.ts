/**
 * Which query heads read which KV head, as the attention kernels need it.
 * Role: the tables on the GPU. Who decides is the spec (model/spec.ts, groupOfHead); equal runs of adjacent heads are one
 * case of many.
 */
import type { GpuContext, Span } from '../context';

/** The groups of one attention. */
export interface HeadGroups {
  H: number;
  G: number;
  /** Query heads of the largest group. */
  largest: number;
  /** u32: [G + 1] where each group's heads start, then [H] the query heads in group order. */
  span: Span;
}

/** Query heads whose maps are wanted, each with the KV head that it reads: u32 [count, 2]. */
export interface ChosenHeads {
  H: number;
  G: number;
  count: number;
  span: Span;
}

/**
 * Uploads the table of one attention; the caller destroys it.
 * @param groupOfHead [H] group (0..G-1) of each query head; any sizes, a group without heads is allowed
 */
export function uploadHeadGroups(context: GpuContext, groupOfHead: readonly number[], G: number): HeadGroups {
  const groups = Array.from({ length: G }, (_, group) =>
    groupOfHead.flatMap((own, head) => (own === group ? [head] : [])),
  );
  const starts = [0];
  for (const heads of groups) starts.push((starts.at(-1) ?? 0) + heads.length);
  return {
    H: groupOfHead.length,
    G,
    largest: Math.max(...groups.map((heads) => heads.length)),
    span: context.upload(Uint32Array.from([...starts, ...groups.flat()]), 'head groups'),
  };
}

/** Uploads the query heads `heads` of an attention with their KV heads; the caller destroys the span. */
export function uploadChosenHeads(
  context: GpuContext,
  heads: readonly number[],
  groupOfHead: readonly number[],
  G: number,
): ChosenHeads {
  const pairs = heads.flatMap((head) => [head, groupOfHead[head] ?? 0]);
  return { H: groupOfHead.length, G, count: heads.length, span: context.upload(Uint32Array.from(pairs), 'heads') };
}
