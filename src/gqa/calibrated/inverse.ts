/**
 * Inverses of second moments, as preconditioners and for ridge regression.
 * Role: one place for the ridge that keeps them solvable.
 */
import { CholeskyDecomposition, Matrix } from 'ml-matrix';

/** Share of the mean diagonal that is added before inverting: inputs may not span all directions. */
const ridge = 1e-4;

/** (C + ridge)⁻¹ of a symmetric positive C [n, n]. */
export function inverseMoment(C: Float64Array, n: number): Float64Array {
  const matrix = Matrix.from1DArray(n, n, C);
  matrix.add(Matrix.eye(n).mul((ridge * matrix.trace()) / n + 1e-30));
  return Float64Array.from(new CholeskyDecomposition(matrix).solve(Matrix.eye(n)).to1DArray());
}
