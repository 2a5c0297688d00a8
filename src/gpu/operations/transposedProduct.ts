/** Sums over rows of outer products: AᵀB, the second moments and gradients that least squares are made of. */
import code from '../kernels/transposedProduct.wgsl';
import { float32, type Batch } from '../batch';
import type { Span } from '../context';

const kernel = { name: 'transposedProduct', code };

/** Sizes in numbers, all but `rows` and `count` multiples of 4. */
export interface TransposedProductShape {
  rows: number;
  M: number;
  N: number;
  /** Products: the i-th is of the i-th `rows` of A and of B, below the one before in `out`. 1 unless given. */
  count?: number;
  factor?: number;
  /** Factor on what `out` holds before. 0 unless given. */
  keep?: number;
}

/** out[count, M, N] = factor · a[count, rows, M]ᵀ · b[count, rows, N] + keep · out. */
export function transposedProduct(
  batch: Batch,
  a: Span,
  b: Span,
  out: Span,
  { rows, M, N, count = 1, factor = 1, keep = 0 }: TransposedProductShape,
): void {
  batch.dispatch({
    kernel,
    params: [rows, M / 4, N / 4, M / 4, float32(factor), float32(keep)],
    buffers: [a, b, out],
    workgroups: [Math.ceil(N / 4 / 32), M / 4, count],
  });
}
