/** Sums over rows of outer products: AᵀB, the second moments and gradients that least squares are made of. */
import code from '../kernels/transposedProduct.wgsl';
import type { Batch } from '../batch';
import type { Span } from '../context';

const kernel = { name: 'transposedProduct', code };

/** Sizes in numbers, all but `rows` multiples of 4. */
export interface TransposedProductShape {
  rows: number;
  /** Columns of A that are used, from `column` on, in rows of `stride`. */
  M: number;
  N: number;
  stride: number;
  column?: number;
  /** First row of `out` that is written. */
  outRow?: number;
  /** Add to what `out` holds. */
  accumulate?: boolean;
}

/** out[M, N] = a[rows, M]ᵀ · b[rows, N] (+ out). */
export function transposedProduct(
  batch: Batch,
  a: Span,
  b: Span,
  out: Span,
  { rows, M, N, stride, column = 0, outRow = 0, accumulate = false }: TransposedProductShape,
): void {
  batch.dispatch({
    kernel,
    constants: { ADD: accumulate ? 1 : 0 },
    params: [rows, M / 4, N / 4, stride / 4, column / 4, outRow],
    buffers: [a, b, out],
    workgroups: [Math.ceil(N / 4 / 32), M / 4],
  });
}
