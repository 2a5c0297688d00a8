/** Rows of tokens that go to an expert, and back with their weights. */
import gather from '../kernels/gatherRows.wgsl';
import scatter from '../kernels/scatterRows.wgsl';
import type { Batch } from '../batch';
import type { Span } from '../context';

const gatherKernel = { name: 'gatherRows', code: gather };
const scatterKernel = { name: 'scatterRows', code: scatter };

/** `count` rows of `stride` numbers, a multiple of 4. */
export interface RowCount {
  count: number;
  stride: number;
}

/** out[count, stride] = rows[places[i], stride]. */
export function gatherRows(batch: Batch, rows: Span, places: Span, out: Span, { count, stride }: RowCount): void {
  batch.dispatch({
    kernel: gatherKernel,
    params: [stride / 4],
    buffers: [rows, places, out],
    workgroups: [Math.ceil(stride / 4 / 64), count],
  });
}

/** out[places[i], stride] += factors[i] · rows[i, stride]; no place is there twice. */
export function scatterRows(
  batch: Batch,
  rows: Span,
  places: Span,
  factors: Span,
  out: Span,
  { count, stride }: RowCount,
): void {
  batch.dispatch({
    kernel: scatterKernel,
    params: [stride / 4],
    buffers: [rows, places, factors, out],
    workgroups: [Math.ceil(stride / 4 / 64), count],
  });
}
