/**
 * A layer's queries, keys and values, from the rows that its attention reads to what meets in the dot product.
 * Role: the half of attention that the forward pass, recomputed maps and probes of single layers share.
 */
import type { Batch } from '../gpu/batch';
import type { GpuContext, Span } from '../gpu/context';
import type { AttentionShape, DistanceBias } from '../gpu/operations/attention';
import { linear } from '../gpu/operations/linear';
import { pad4 } from '../gpu/operations/matrix';
import { normalise, normaliseHeads } from '../gpu/operations/norm';
import { rotate, type RotaryTable } from '../gpu/operations/rotary';
import type { LeasedWeights } from './layerWeights';
import { kvHeadsOf, layerOf } from './specFacts';
import type { ModelSpec } from './spec';

/** Keys (rotated) and values of a layer: [capacity, G, pad4(K)] each. */
export interface LayerCache {
  keys: Span;
  values: Span;
}

/**
 * What a half of a layer reads of the residual stream: its norm, written to `normed`, or the rows themselves.
 * @param rows [S, pad4(D)]
 */
export function readStream(
  context: GpuContext,
  batch: Batch,
  { D }: Pick<ModelSpec, 'D'>,
  weights: LeasedWeights,
  half: 'attention' | 'mlp',
  rows: Span,
  normed: Span,
  S: number,
): Span {
  if (!weights.has(`${half}.norm.weight`)) return rows;
  normalise(context, batch, rows, weights.norm(half), normed, S, D);
  return normed;
}

/** queries [S, H, pad4(K)] of S rows that attention reads, normalised and rotated. */
export function projectQueries(
  context: GpuContext,
  batch: Batch,
  spec: ModelSpec,
  weights: LeasedWeights,
  { rows, S, table }: { rows: Span; S: number; table: RotaryTable | null },
  queries: Span,
): void {
  projectHeads(context, batch, spec, weights, 'q', { rows, count: S, row0: 0, heads: spec.H, table }, queries);
}

/** Keys, normalised and rotated, and values of `count` rows into the cache, from position row0 on. */
export function projectKeysAndValues(
  context: GpuContext,
  batch: Batch,
  spec: ModelSpec,
  weights: LeasedWeights,
  {
    layer,
    rows,
    count,
    row0,
    table,
  }: { layer: number; rows: Span; count: number; row0: number; table: RotaryTable | null },
  { keys, values }: LayerCache,
): void {
  const heads = kvHeadsOf(spec, layer);
  projectHeads(context, batch, spec, weights, 'k', { rows, count, row0, heads, table }, keys);
  linear(context, batch, rows, weights.matrix('v.weight'), values, count, {
    bias: weights.optionalVector('v.bias'),
    row0,
  });
}

interface HeadRows {
  rows: Span;
  count: number;
  row0: number;
  heads: number;
  table: RotaryTable | null;
}

function projectHeads(
  context: GpuContext,
  batch: Batch,
  { K, queryKeyNorm }: ModelSpec,
  weights: LeasedWeights,
  role: 'q' | 'k',
  { rows, count, row0, heads, table }: HeadRows,
  into: Span,
): void {
  const bias = weights.optionalVector(`${role}.bias`);
  const matrix = weights.matrix(`${role}.weight`);
  if (queryKeyNorm) {
    const raw = batch.temporary(count * heads * pad4(K), `${role} before its norm`);
    linear(context, batch, rows, matrix, raw, count, { bias });
    const { over, shared } = queryKeyNorm;
    normaliseHeads(context, batch, raw, weights.norm(role), into, { S: count, heads, K, over, shared, row0 });
  } else {
    linear(context, batch, rows, matrix, into, count, { bias, row0 });
  }
  if (table) rotate(batch, into, table, { S: count, heads, stride: pad4(K), row0 });
}

/** How a layer's queries and keys meet: what the attention kernels take besides them. */
export function attentionShape(
  spec: ModelSpec,
  layer: number,
  rows: { S: number; T: number; past: number },
  bias: DistanceBias | null,
  sinks: Span | undefined,
): AttentionShape {
  const { attention, scale, window } = layerOf(spec, layer);
  const causal = attention === 'causal';
  return { ...rows, K: spec.K, scale, causal, bias, sinks, window, softcap: spec.softcaps?.scores };
}
