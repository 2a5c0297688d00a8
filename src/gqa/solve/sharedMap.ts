/**
 * The best shared block of several heads whose rows may be mixed by any map: PCA in a metric.
 * Role: V (read by W_O) and K without rotary embeddings (read by W_Q). It knows no layers. Source: CALIBRATED's PCA of V,
 * solved through the small Gram matrix of the stacked heads, so that no square root of C is needed.
 */
import { CholeskyDecomposition, EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { timesTransposed } from './blocks';
import type { Metric } from './metric';

/** One head's block, and how much each of its rows is read. */
export interface Member {
  /** X [rows, W] */
  block: Matrix;
  /** M [rows, rows], symmetric: an error E of the block costs tr(Eᵀ M E) in the metric. */
  weight: Matrix;
}

export interface SharedBlock {
  /** Xˢ [rows, W], orthonormal in the metric. */
  shared: Matrix;
  /** A [rows, rows] of each member: X ≈ A·Xˢ. */
  maps: Matrix[];
  /** Energy of all members that the shared block keeps, and that they have. */
  kept: number;
  total: number;
}

/** The stacked, weighted members B = [Lᵀ X] with M = L Lᵀ, B·C, and the eigenvectors of B C Bᵀ. */
function decompose(
  members: readonly Member[],
  metric: Metric,
): { B: Matrix; BC: Matrix; eigen: EigenvalueDecomposition } {
  const stacked = members.map(({ block, weight }) => choleskyFactor(weight).transpose().mmul(block));
  const rows = stacked.reduce((sum, { rows: count }) => sum + count, 0);
  const B = new Matrix(rows, metric.W);
  let row = 0;
  for (const part of stacked) {
    B.setSubMatrix(part, row, 0);
    row += part.rows;
  }
  const BC = times(B, metric);
  return { B, BC, eigen: new EigenvalueDecomposition(timesTransposed(BC, B), { assumeSymmetric: true }) };
}

/** Finds the shared block that loses least over all members. */
export function shareBlock(members: readonly Member[], metric: Metric): SharedBlock {
  const rows = members[0]?.block.rows ?? 0;
  const { B, BC, eigen } = decompose(members, metric);
  const values = eigen.realEigenvalues;
  const total = values.reduce((sum, value) => sum + Math.max(0, value), 0);
  const largestFirst = values.map((_, index) => index).sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0));
  // Row r of `directions` makes the r-th shared row of B. Directions that nobody uses stay 0.
  const directions = Matrix.zeros(rows, B.rows);
  let kept = 0;
  largestFirst.slice(0, rows).forEach((index, row) => {
    const value = values[index] ?? 0;
    if (value <= total * 1e-14) return;
    kept += value;
    directions.setRow(row, eigen.eigenvectorMatrix.getColumnVector(index).div(Math.sqrt(value)).to1DArray());
  });
  const measured = directions.mmul(BC);
  return {
    shared: directions.mmul(B),
    maps: members.map(({ block }) => timesTransposed(block, measured)),
    kept,
    total,
  };
}

/** `matrix`·C. */
export function times(matrix: Matrix, metric: Metric): Matrix {
  return Matrix.from1DArray(matrix.rows, metric.W, metric.times(Float64Array.from(matrix.to1DArray())));
}

/** L with L·Lᵀ = M, after a ridge far below anything that matters: unread rows make M singular. */
function choleskyFactor(weight: Matrix): Matrix {
  const ridge = (1e-12 * weight.trace()) / weight.rows + 1e-300;
  // Rounding may have left M and Mᵀ a bit apart, which the library takes for another kind of matrix.
  const symmetric = Matrix.add(weight, weight.transpose()).mul(0.5);
  return new CholeskyDecomposition(symmetric.add(Matrix.eye(weight.rows).mul(ridge))).lowerTriangularMatrix;
}
