/**
 * What a similarity measure is, and how heads are compared with one.
 * Role: the interface that every entry of similarities/ implements, and the division by norms that they share.
 */
import type { MethodInfo } from '../protocol/model';
import type { TaskContext } from '../protocol/tasks';
import type { Gram } from './gram';
import { sliceHeads, type HeadStack, type RotaryPlanes } from './heads';
import type { Breathe } from './pace';

/** What a measure may use besides the heads. */
export interface MeasureContext {
  planes: RotaryPlanes | null;
  gram: Gram;
  breathe: Breathe;
  task: TaskContext;
}

/** A way to say how alike two heads are. */
export interface SimilarityMeasure extends MethodInfo {
  /**
   * Inner products of one head with each of `others` (in whatever basis the measure allows); the caller divides by the
   * norms.
   * @param head One head, [K, columns].
   * @returns [others.count]
   */
  compare(head: HeadStack, others: HeadStack, context: MeasureContext): Promise<Float64Array>;
}

/** Cosines of one head with others: `compare` over the norms; 0 where a head is all zero. */
export async function compareHeads(
  measure: SimilarityMeasure,
  head: HeadStack,
  others: HeadStack,
  context: MeasureContext,
): Promise<number[]> {
  if (others.count === 0) return [];
  const inner = await measure.compare(head, others, context);
  return Array.from(inner, (value, index) => {
    const norms = (head.norms[0] ?? 0) * (others.norms[index] ?? 0);
    return norms === 0 ? 0 : value / norms;
  });
}

/** Cosine of each head with the pooled head of its group. @returns [heads.count] */
export async function compareToPooled(
  measure: SimilarityMeasure,
  heads: HeadStack,
  pooled: HeadStack,
  groups: readonly number[],
  context: MeasureContext,
): Promise<number[]> {
  const similarity: number[] = [];
  for (let head = 0; head < heads.count; head += 1) {
    const group = groups[head] ?? 0;
    const own = sliceHeads(pooled, group, group + 1);
    const [value] = await compareHeads(measure, sliceHeads(heads, head, head + 1), own, context);
    similarity.push(value ?? 0);
  }
  return similarity;
}
