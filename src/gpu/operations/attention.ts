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
  T: number;
  past: number;
  K: number;
  scale: number;
  /** Queries see the keys up to their own position, else all of them. */
  causal: boolean;
  /** Added to scores. */
  bias: DistanceBias | null;
}

/** A number for each head and distance: key position t adds bias[head, t - query position + zero]. */
export interface DistanceBias {
  /** [H, width] */
  span: Span;
  width: number;
  /** Place of distance 0. */
  zero: number;
}

/** Most query rows that share a workgroup's keys. */
const mostSlots = 16;

/** out[S, H, K] = attention of q[S, H, K] over k, v [T, G, K]; head lengths padded to 4. */
export function attend(
  context: GpuContext,
  batch: Batch,
  q: Span,
  k: Span,
  v: Span,
  out: Span,
  { H, G, largest, span }: HeadGroups,
  { S, T, K, past, scale, causal, bias }: AttentionShape,
): void {
  const K4 = pad4(K) / 4;
  const SLOTS = slotsFor(context.device.limits.maxComputeWorkgroupStorageSize, K4);
  batch.dispatch({
    kernel: attentionKernel,
    constants: { K4, SLOTS },
    params: [S, T, H, G, past, causal ? 1 : 0, K4, float32(scale), bias?.width ?? 0, bias?.zero ?? 0],
    buffers: [q, k, v, span, bias?.span ?? context.nothing, out],
    workgroups: [Math.ceil((S * largest) / SLOTS), G],
  });
}

/** The most slots whose queries, sums, weights (64 keys) and six numbers fit into workgroup memory. */
function slotsFor(bytes: number, K4: number): number {
  const bytesPerSlot = 2 * K4 * 16 + 64 * 4 + 6 * 4;
  let slots = mostSlots;
  while (slots > 1 && slots * bytesPerSlot > bytes) slots /= 2;
  return slots;
}

/** map[heads, rows, T] = attention probabilities of query rows row0..row0+rows-1 of q[S, H, K] over k[T, G, K]. */
export function attentionMaps(
  context: GpuContext,
  batch: Batch,
  q: Span,
  k: Span,
  { H, G, count, span }: ChosenHeads,
  map: Span,
  { row0, rows }: { row0: number; rows: number },
  { T, K, past, scale, causal, bias }: AttentionShape,
): void {
  batch.dispatch({
    kernel: mapKernel,
    params: [
      ...[rows, row0, T, H, G, past, causal ? 1 : 0, pad4(K) / 4],
      ...[float32(scale), bias?.width ?? 0, bias?.zero ?? 0],
    ],
    buffers: [q, k, span, bias?.span ?? context.nothing, map],
    workgroups: [rows, count],
  });
}
