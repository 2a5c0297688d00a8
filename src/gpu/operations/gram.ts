/**
 * A·Bᵀ of two matrices that come from the CPU and go back to it: what similarity of large models spends its time on.
 * Role: uploads, one product, readback. Weights that stay on the GPU are src/model/gpuWeights.ts.
 */
import type { GpuContext } from '../context';
import { linear } from './linear';
import { pad4 } from './matrix';

/**
 * The product of a [rowsA, columns] with b [rowsB, columns] transposed, in float32.
 * @returns [rowsA, rowsB] row-major
 * @throws GqaLensError gpu-failed, also when a matrix is larger than one binding
 */
export async function gpuProduct(
  context: GpuContext,
  a: Float32Array,
  b: Float32Array,
  columns: number,
): Promise<Float32Array> {
  const [rowsA, rowsB] = [a.length / columns, b.length / columns];
  const width = pad4(columns);
  const stride = pad4(rowsB);
  const x = context.upload(padded(a, columns, rowsA), 'gram a');
  const w = context.upload(padded(b, columns, stride), 'gram b');
  const y = context.storage(rowsA * stride, 'gram');
  try {
    const batch = context.batch();
    const matrix = { rows: stride, columns: width, parts: [{ span: w, row0: 0, rows: stride }] };
    linear(context, batch, x, matrix, y, rowsA);
    batch.submit();
    const product = await context.readFloat32(y);
    if (stride === rowsB) return product;
    const result = new Float32Array(rowsA * rowsB);
    for (let row = 0; row < rowsA; row++) result.set(product.subarray(row * stride, row * stride + rowsB), row * rowsB);
    return result;
  } finally {
    for (const { buffer } of [x, w, y]) buffer.destroy();
  }
}

/** Rows padded to a multiple of 4, and zero rows added up to `rows`; the input itself when nothing is to add. */
function padded(data: Float32Array, columns: number, rows: number): Float32Array {
  const width = pad4(columns);
  if (data.length === rows * width) return data;
  const result = new Float32Array(rows * width);
  for (let row = 0; row < data.length / columns; row++) {
    result.set(data.subarray(row * columns, (row + 1) * columns), row * width);
  }
  return result;
}
