/** Linear layers: y = x · Wᵀ (+ bias), with the matrix' parts one dispatch each. */
import matmul from '../kernels/matmul.wgsl';
import { float32, type Batch } from '../batch';
import type { GpuContext, Span } from '../context';
import type { GpuMatrix } from './matrix';

export interface LinearOptions {
  bias?: Span | undefined;
  /** Add to what y holds instead of replacing it. */
  accumulate?: boolean;
  /** First row of y that is written. */
  row0?: number;
  /** Factor on product and bias; absent: 1. */
  scale?: number | undefined;
}

const kernel = { name: 'matmul', code: matmul };

/**
 * y[S, rows] = (x[S, columns] · weight[rows, columns]ᵀ (+ bias[rows])) · scale (+ y).
 * @param S number of rows of x; x and y must hold at least S rows with padded lengths
 */
export function linear(
  context: GpuContext,
  batch: Batch,
  x: Span,
  weight: GpuMatrix,
  y: Span,
  S: number,
  { bias, accumulate = false, row0 = 0, scale = 1 }: LinearOptions = {},
): void {
  const constants = { HAS_BIAS: bias ? 1 : 0, HAS_RESIDUAL: accumulate ? 1 : 0 };
  for (const part of weight.parts) {
    batch.dispatch({
      kernel,
      constants,
      params: [S, part.rows, weight.columns / 4, part.row0, weight.rows / 4, row0, float32(scale)],
      buffers: [x, part.span, bias ?? context.nothing, y],
      workgroups: [Math.ceil(part.rows / 128), Math.ceil(S / 4)],
    });
  }
}
