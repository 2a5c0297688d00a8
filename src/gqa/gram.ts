/**
 * Cross-Gram matrices A·Bᵀ: what aligned similarity spends its time on.
 * Role: the seam where a GPU matrix product can be handed in, and the CPU product that is used otherwise.
 */
import type { TaskContext } from '../protocol/tasks';
import { pace } from './pace';

/**
 * Computes A·Bᵀ.
 * @param a [rowsA, columns] row-major
 * @param b [rowsB, columns] row-major
 * @returns [rowsA, rowsB] row-major
 */
export type Gram = (
  a: Float32Array,
  b: Float32Array,
  columns: number,
  task: TaskContext,
) => Promise<Float32Array | Float64Array>;

/** A·Bᵀ on the CPU, accumulated in float64. Lets other work run in between and can be cancelled. */
export const cpuGram: Gram = async (a, b, columns, task) => {
  const rowsA = a.length / columns;
  const rowsB = b.length / columns;
  const product = new Float64Array(rowsA * rowsB);
  const breathe = pace(task);
  for (let row = 0; row < rowsA; row += 1) {
    // Four rows of B at a time: each element of A is loaded once for four products. Where fewer are left, the surplus
    // reads repeat the last row and the surplus sums are not kept.
    for (let other = 0; other < rowsB; other += 4) {
      const start = row * columns;
      const start0 = other * columns;
      const start1 = Math.min(other + 1, rowsB - 1) * columns;
      const start2 = Math.min(other + 2, rowsB - 1) * columns;
      const start3 = Math.min(other + 3, rowsB - 1) * columns;
      let sum0 = 0;
      let sum1 = 0;
      let sum2 = 0;
      let sum3 = 0;
      for (let column = 0; column < columns; column += 1) {
        const value = a[start + column] ?? 0;
        sum0 += value * (b[start0 + column] ?? 0);
        sum1 += value * (b[start1 + column] ?? 0);
        sum2 += value * (b[start2 + column] ?? 0);
        sum3 += value * (b[start3 + column] ?? 0);
      }
      const target = row * rowsB + other;
      product[target] = sum0;
      if (other + 1 < rowsB) product[target + 1] = sum1;
      if (other + 2 < rowsB) product[target + 2] = sum2;
      if (other + 3 < rowsB) product[target + 3] = sum3;
    }
    await breathe();
  }
  return product;
};

/** Inner product of `length` numbers of `a` and `b` from the given positions, in float64. */
export function dot(a: Float32Array, startA: number, b: Float32Array, startB: number, length: number): number {
  let sum = 0;
  for (let index = 0; index < length; index += 1) sum += (a[startA + index] ?? 0) * (b[startB + index] ?? 0);
  return sum;
}
