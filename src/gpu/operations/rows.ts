/** Numbers about rows of hidden states. */
import rowCosine from '../kernels/rowCosine.wgsl';
import type { Batch } from '../batch';
import type { GpuContext, Span } from '../context';
import { pad4 } from './matrix';

const cosineKernel = { name: 'rowCosine', code: rowCosine };

/** One side of a comparison, rows of pad4(D). */
export interface Rows {
  rows: Span;
  /** Subtracted first: what the rows add to it is compared. */
  base?: Span;
}

/**
 * result[S] f32 = cosine of each row of two [S, D]: 1 where both are zero, 0 where one is. Either both sides have a base or
 * none has.
 */
export function cosines(context: GpuContext, batch: Batch, a: Rows, b: Rows, result: Span, S: number, D: number): void {
  const { nothing } = context;
  batch.dispatch({
    kernel: cosineKernel,
    constants: { BASE: a.base ? 1 : 0 },
    params: [pad4(D) / 4],
    buffers: [a.rows, b.rows, a.base ?? nothing, b.base ?? nothing, result],
    workgroups: [S],
  });
}
