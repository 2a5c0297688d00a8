/**
 * Inverses of second moments, as preconditioners.
 * Role: one place for the ridge that keeps them solvable.
 */
import type { Breathe } from '../pace';
import { solvePositive } from '../solve/cholesky';

/** Share of the mean diagonal that is added before inverting: inputs may not span all directions. */
const ridge = 1e-4;

/** (C + ridge)⁻¹ of a symmetric positive C [n, n]. */
export async function inverseMoment(C: Float64Array, n: number, breathe: Breathe): Promise<Float64Array> {
  const added = ridge * meanDiagonal(C, n) + 1e-30;
  const unit = new Float64Array(n * n);
  for (let d = 0; d < n; d++) unit[d * n + d] = 1;
  return solvePositive(
    C.map((value, index) => (index % (n + 1) === 0 ? value + added : value)),
    unit,
    n,
    breathe,
  );
}

/** Mean of the diagonal of a matrix [n, n]. */
export function meanDiagonal(C: ArrayLike<number>, n: number): number {
  let sum = 0;
  for (let d = 0; d < n; d++) sum += C[d * n + d] ?? 0;
  return sum / n;
}
