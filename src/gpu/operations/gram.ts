/**
 * A·Bᵀ of two matrices that come from the CPU and go back to it: what similarity of large models spends its time on.
 * Role: uploads, one product, readback. Weights that stay on the GPU are src/model/gpuWeights.ts.
 */
import type { GpuContext } from '../context';
import { linear } from './linear';
import { pad4, type GpuMatrix } from './matrix';

/** Multiplications between two looks at the signal: well under a second on a CPU that plays GPU. */
const stepSize = 1e9;

/**
 * The product of a [rowsA, columns] with b [rowsB, columns] transposed, in float32.
 * @returns [rowsA, rowsB] row-major
 * @throws GqaLensError gpu-failed; AbortError when cancelled
 */
export async function gpuProduct(
  context: GpuContext,
  a: Float32Array,
  b: Float32Array,
  columns: number,
  signal: AbortSignal,
): Promise<Float32Array> {
  const [rowsA, rowsB] = [a.length / columns, b.length / columns];
  const width = pad4(columns);
  const stride = pad4(rowsB);
  const parts = uploadParts(context, padded(b, columns, stride), width);
  const matrix = { rows: stride, columns: width, parts };
  const step = Math.max(1, Math.min(rowsA, Math.floor(stepSize / (stride * width))));
  const result = new Float32Array(rowsA * rowsB);
  const y = context.storage(step * stride, 'gram');
  try {
    for (let row0 = 0; row0 < rowsA; row0 += step) {
      signal.throwIfAborted();
      const rows = Math.min(step, rowsA - row0);
      const x = context.upload(padded(a.subarray(row0 * columns, (row0 + rows) * columns), columns, rows), 'gram a');
      try {
        const batch = context.batch();
        linear(context, batch, x, matrix, y, rows);
        batch.submit();
        const product = await context.readFloat32({ ...y, size: rows * stride * 4 });
        for (let row = 0; row < rows; row++) {
          result.set(product.subarray(row * stride, row * stride + rowsB), (row0 + row) * rowsB);
        }
      } finally {
        x.buffer.destroy();
      }
    }
    return result;
  } finally {
    for (const { buffer } of [y, ...parts.map(({ span }) => span)]) buffer.destroy();
  }
}

/** A padded matrix in pieces of as many rows as one binding takes. */
function uploadParts(context: GpuContext, data: Float32Array, width: number): GpuMatrix['parts'] {
  const rows = data.length / width;
  const most = Math.max(4, Math.floor(context.maxBindingBytes / (width * 4) / 4) * 4);
  const parts: GpuMatrix['parts'][number][] = [];
  for (let row0 = 0; row0 < rows; row0 += most) {
    const end = Math.min(rows, row0 + most);
    const span = context.upload(data.subarray(row0 * width, end * width), 'gram b');
    parts.push({ span, row0, rows: end - row0 });
  }
  return parts;
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
