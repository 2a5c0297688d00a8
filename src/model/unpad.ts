/** Rows as the GPU holds them, with columns padded to four, brought back to their own width. */
import { pad4 } from '../gpu/operations/matrix';

/** Drops the padding of rows: [rows, pad4(columns)] to [rows, columns]. */
export function unpad(data: Float32Array, rows: number, columns: number): Float32Array {
  const width = pad4(columns);
  if (width === columns) return data;
  const result = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    result.set(data.subarray(row * width, row * width + columns), row * columns);
  }
  return result;
}
