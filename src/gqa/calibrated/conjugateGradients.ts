/**
 * Preconditioned conjugate gradients for several independent systems at once, one a block of the vector.
 * Role: the iteration, in float64. The operators run elsewhere (on the GPU). Source: Hestenes and Stiefel 1952.
 */
import type { TaskContext } from '../../protocol/tasks';

/** Symmetric positive operators on vectors of `blocks` equal blocks that do not mix. */
export interface BlockSystem {
  blocks: number;
  apply: (vector: Float64Array) => Promise<Float64Array>;
  /** An approximate inverse. */
  precondition: (vector: Float64Array) => Float64Array;
}

/**
 * Steps from `start` towards the solution.
 * @param residual right-hand side minus the operator at `start`
 */
export async function conjugateGradients(
  { blocks, apply, precondition }: BlockSystem,
  start: Float64Array,
  residual: Float64Array,
  steps: number,
  task: TaskContext,
): Promise<Float64Array> {
  const size = start.length / blocks;
  const products = (a: Float64Array, b: Float64Array): number[] =>
    Array.from({ length: blocks }, (_, block) => {
      let sum = 0;
      for (let index = block * size; index < (block + 1) * size; index++) sum += (a[index] ?? 0) * (b[index] ?? 0);
      return sum;
    });
  /** a += factor·b, block by block. */
  const add = (a: Float64Array, b: Float64Array, factors: readonly number[]): void => {
    for (let index = 0; index < a.length; index++) {
      a[index] = (a[index] ?? 0) + (factors[Math.floor(index / size)] ?? 0) * (b[index] ?? 0);
    }
  };
  const solution = start.slice();
  const rest = residual.slice();
  let preconditioned = precondition(rest);
  const direction = preconditioned.slice();
  let energy = products(rest, preconditioned);
  for (let step = 0; step < steps; step++) {
    task.signal.throwIfAborted();
    const image = await apply(direction);
    const curvature = products(direction, image);
    const lengths = energy.map((value, block) => ratio(value, curvature[block] ?? 0));
    add(solution, direction, lengths);
    add(
      rest,
      image,
      lengths.map((length) => -length),
    );
    preconditioned = precondition(rest);
    const next = products(rest, preconditioned);
    const factors = next.map((value, block) => ratio(value, energy[block] ?? 0));
    energy = next;
    direction.forEach((value, index) => {
      direction[index] = (preconditioned[index] ?? 0) + (factors[Math.floor(index / size)] ?? 0) * value;
    });
  }
  return solution;
}

/** A block that is solved has nothing left to divide. */
function ratio(a: number, b: number): number {
  return b > 0 && Number.isFinite(a / b) ? a / b : 0;
}
