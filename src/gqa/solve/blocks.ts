/**
 * Row blocks of projections as matrices, and back.
 * Role: the step between flat weights of all heads and the matrices of one head that ml-matrix works on.
 */
import { Matrix } from 'ml-matrix';

/** Rows `rows` of head `head` from data [heads·K, W], as [rows.length, W]. */
export function takeRows(data: Float64Array, head: number, K: number, W: number, rows: readonly number[]): Matrix {
  const result = new Matrix(rows.length, W);
  rows.forEach((row, index) => {
    const start = (head * K + row) * W;
    for (let d = 0; d < W; d++) result.set(index, d, data[start + d] ?? 0);
  });
  return result;
}

/** Writes a block of `takeRows` back. */
export function putRows(
  data: Float64Array,
  head: number,
  K: number,
  W: number,
  rows: readonly number[],
  block: Matrix,
): void {
  rows.forEach((row, index) => {
    const start = (head * K + row) * W;
    for (let d = 0; d < W; d++) data[start + d] = block.get(index, d);
  });
}

/** Columns of a head in the output projection [D, H·K], as [D, K]. */
export function takeColumns(data: Float64Array, head: number, K: number, width: number): Matrix {
  const D = data.length / width;
  const result = new Matrix(D, K);
  for (let d = 0; d < D; d++) for (let j = 0; j < K; j++) result.set(d, j, data[d * width + head * K + j] ?? 0);
  return result;
}

/** Writes a block of `takeColumns` back. */
export function putColumns(data: Float64Array, head: number, K: number, width: number, block: Matrix): void {
  for (let d = 0; d < block.rows; d++) {
    for (let j = 0; j < K; j++) data[d * width + head * K + j] = block.get(d, j);
  }
}

/** Σ_ij a_ij·b_ij. */
export function innerProduct(a: Matrix, b: Matrix): number {
  let sum = 0;
  for (let i = 0; i < a.rows; i++) for (let j = 0; j < a.columns; j++) sum += a.get(i, j) * b.get(i, j);
  return sum;
}

/** a·bᵀ. */
export function timesTransposed(a: Matrix, b: Matrix): Matrix {
  // Rows as typed arrays: element access of ml-matrix takes most of the time otherwise.
  const rows = b.to2DArray().map((row) => Float64Array.from(row));
  const result = new Matrix(a.rows, b.rows);
  for (let i = 0; i < a.rows; i++) {
    const row = Float64Array.from(a.getRow(i));
    rows.forEach((other, j) => {
      let sum = 0;
      for (let d = 0; d < row.length; d++) sum += (row[d] ?? 0) * (other[d] ?? 0);
      result.set(i, j, sum);
    });
  }
  return result;
}

/** [rows, columns] to [columns, rows]. */
export function transposed(data: Float64Array, rows: number, columns: number): Float64Array {
  const result = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[j * rows + i] = data[i * columns + j] ?? 0;
  return result;
}
