/** Grouped attention and the maps recomputed for looking at. K and V stay at G heads throughout. */
import attention from '../kernels/attention.wgsl';
import attentionMap from '../kernels/attentionMap.wgsl';
import { float32, type Batch } from '../batch';
import type { Span } from '../context';
import { pad4 } from './matrix';

const attentionKernel = { name: 'attention', code: attention };
const mapKernel = { name: 'attentionMap', code: attentionMap };

/** Sizes of one attention call. Query row s stands at key position past + s; K is without padding. */
export interface AttentionShape {
  S: number;
  past: number;
  H: number;
  G: number;
  K: number;
  scale: number;
}

/** out[S, H, K] = causal attention of q[S, H, K] over k, v [past + S, G, K]; head lengths padded to 4. */
export function attend(batch: Batch, q: Span, k: Span, v: Span, out: Span, shape: AttentionShape): void {
  const { S, G, H, K, past, scale } = shape;
  const R = H / G;
  batch.dispatch({
    kernel: attentionKernel,
    constants: { K4: pad4(K) / 4, R },
    params: [S, G, past, float32(scale)],
    buffers: [q, k, v, out],
    workgroups: [Math.ceil((S * R) / 64), G],
  });
}

/** map[heads, rows, T] = attention probabilities of query rows row0..row0+rows-1; `heads` holds query head numbers. */
export function attentionMaps(
  batch: Batch,
  q: Span,
  k: Span,
  heads: { span: Span; count: number },
  map: Span,
  block: { row0: number; rows: number },
  shape: AttentionShape,
): void {
  const { S, G, H, K, past, scale } = shape;
  batch.dispatch({
    kernel: mapKernel,
    constants: { K4: pad4(K) / 4, R: H / G },
    params: [block.rows, block.row0, past + S, G, past, float32(scale)],
    buffers: [q, k, heads.span, map],
    workgroups: [block.rows, heads.count],
  });
}
