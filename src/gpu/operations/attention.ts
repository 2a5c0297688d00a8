/** Grouped attention and the maps recomputed for looking at. K and V stay at G heads throughout. */
import attention from '../kernels/attention.wgsl';
import attentionMap from '../kernels/attentionMap.wgsl';
import { float32, type Batch } from '../batch';
import type { GpuContext, Span } from '../context';
import type { ChosenHeads, HeadGroups } from './headGroups';
import { pad4 } from './matrix';

const attentionKernel = { name: 'attention', code: attention };
const mapKernel = { name: 'attentionMap', code: attentionMap };

/** Sizes of one attention call. Query row s stands at key position past + s; K is without padding. */
export interface AttentionShape {
  S: number;
  past: number;
  K: number;
  scale: number;
}

/** Most query rows that share a workgroup's keys. */
const mostSlots = 16;

/** out[S, H, K] = causal attention of q[S, H, K] over k, v [past + S, G, K]; head lengths padded to 4. */
export function attend(
  context: GpuContext,
  batch: Batch,
  q: Span,
  k: Span,
  v: Span,
  out: Span,
  { H, G, largest, span }: HeadGroups,
  { S, K, past, scale }: AttentionShape,
): void {
  const K4 = pad4(K) / 4;
  const SLOTS = slotsFor(context.device.limits.maxComputeWorkgroupStorageSize, K4);
  batch.dispatch({
    kernel: attentionKernel,
    constants: { K4, SLOTS },
    params: [S, H, G, past, K4, float32(scale)],
    buffers: [q, k, v, span, out],
    workgroups: [Math.ceil((S * largest) / SLOTS), G],
  });
}

/** The most slots whose queries, sums, weights (64 keys) and five numbers fit into workgroup memory. */
function slotsFor(bytes: number, K4: number): number {
  const bytesPerSlot = 2 * K4 * 16 + 64 * 4 + 5 * 4;
  let slots = mostSlots;
  while (slots > 1 && slots * bytesPerSlot > bytes) slots /= 2;
  return slots;
}

/** map[heads, rows, T] = attention probabilities of query rows row0..row0+rows-1 of q[S, H, K] over k[past + S, G, K]. */
export function attentionMaps(
  batch: Batch,
  q: Span,
  k: Span,
  { H, G, count, span }: ChosenHeads,
  map: Span,
  { row0, rows }: { row0: number; rows: number },
  { S, K, past, scale }: AttentionShape,
): void {
  batch.dispatch({
    kernel: mapKernel,
    params: [rows, row0, past + S, H, G, past, pad4(K) / 4, float32(scale)],
    buffers: [q, k, span, map],
    workgroups: [rows, count],
  });
}
