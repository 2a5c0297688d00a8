/**
 * Projections of heads between float64 rows [heads·K, W] and the GPU's padded rows [heads·pad4(K), pad4(W)].
 * Role: the two layouts. What is computed on either is elsewhere.
 */
import type { GpuContext, Span } from '../../gpu/context';
import { pad4, type GpuMatrix } from '../../gpu/operations/matrix';
import { padMatrix } from '../../model/gpuWeights';

/** Heads of K rows and W columns. */
export interface HeadRowsShape {
  heads: number;
  K: number;
  W: number;
}

/** [heads·K, W] on the GPU; the caller destroys it. */
export function uploadHeadRows(context: GpuContext, rows: Float64Array, { heads, K, W }: HeadRowsShape): Span {
  const data = padMatrix(Float32Array.from(rows), { blocks: heads, size: K }, { blocks: 1, size: W });
  return context.upload(data, 'projection');
}

/** Reads what `uploadHeadRows` lays out. */
export async function readHeadRows(
  context: GpuContext,
  span: Span,
  { heads, K, W }: HeadRowsShape,
): Promise<Float64Array> {
  const values = await context.readFloat32(span);
  const [height, width] = [pad4(K), pad4(W)];
  const rows = new Float64Array(heads * K * W);
  for (let row = 0; row < heads * K; row++) {
    const from = (Math.floor(row / K) * height + (row % K)) * width;
    rows.set(values.subarray(from, from + W), row * W);
  }
  return rows;
}

/** A matrix of one part over a span. Sizes with padding. */
export function whole(span: Span, rows: number, columns: number): GpuMatrix {
  return { rows, columns, parts: [{ span, row0: 0, rows }] };
}
