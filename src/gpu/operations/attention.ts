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
  /** Most keys that a causal query sees, its own included. Absent: all. */
  window?: number | undefined;
  /** Scores are capped to softcap · tanh(score / softcap). Absent: not. */
  softcap?: number | undefined;
  /** [H] a score of each head that takes its share of the softmax and gives no value. */
  sinks?: Span | undefined;
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
  shape: AttentionShape,
): void {
  const { S, T, K, past } = shape;
  const K4 = pad4(K) / 4;
  const { switches, params, buffers } = features(context, shape);
  const SLOTS = slotsFor(context.device.limits.maxComputeWorkgroupStorageSize, K4);
  batch.dispatch({
    kernel: attentionKernel,
    constants: { K4, SLOTS, ...switches },
    params: [S, T, H, G, past, ...params],
    buffers: [q, k, v, span, ...buffers, out],
    workgroups: [Math.ceil((S * largest) / SLOTS), G],
  });
}

/** What both kernels take of a shape: switches, the parameters after `past`, and the buffers of what a head has of its own. */
function features(context: GpuContext, shape: AttentionShape) {
  const { causal, window, K, scale, softcap, bias, sinks } = shape;
  const flag = (feature: unknown): number => (feature ? 1 : 0);
  const places = [bias?.width ?? 0, bias?.zero ?? 0];
  return {
    switches: { WINDOWED: flag(window), CAPPED: flag(softcap), BIASED: flag(bias), SUNK: flag(sinks) },
    params: [flag(causal), window ?? 0, pad4(K) / 4, float32(scale), float32(softcap ?? 0), ...places],
    buffers: [bias?.span ?? context.nothing, sinks ?? context.nothing],
  };
}

/** The most slots whose queries, sums, weights (64 keys) and seven numbers fit into workgroup memory. */
function slotsFor(bytes: number, K4: number): number {
  const bytesPerSlot = 2 * K4 * 16 + 64 * 4 + 7 * 4;
  let slots = mostSlots;
  while (slots > 1 && slots * bytesPerSlot > bytes) slots /= 2;
  return slots;
}

/** What a key that is not seen has for a score in maps of scores. */
export const LOWEST_SCORE = Math.fround(-3.4e38);

/**
 * map[heads, rows, T] = attention probabilities of query rows row0..row0+rows-1 of q[S, H, K] over k[T, G, K].
 * @param scores gives what the softmax is taken of: scaled, capped, with biases; LOWEST_SCORE where a key is not seen
 */
export function attentionMaps(
  context: GpuContext,
  batch: Batch,
  q: Span,
  k: Span,
  { H, G, count, span }: ChosenHeads,
  map: Span,
  { row0, rows }: { row0: number; rows: number },
  shape: AttentionShape,
  scores = false,
): void {
  const { switches, params, buffers } = features(context, shape);
  batch.dispatch({
    kernel: mapKernel,
    constants: { ...switches, SCORES: scores ? 1 : 0 },
    params: [rows, row0, shape.T, H, G, shape.past, ...params],
    buffers: [q, k, span, ...buffers, map],
    workgroups: [rows, count],
  });
}
