/**
 * A layer's queries, keys and values, from the rows that its attention reads to what meets in the dot product.
 * Role: the half of attention that the forward pass, recomputed maps and probes of single layers share.
 */
import type { Batch } from '../gpu/batch';
import type { GpuContext, Span } from '../gpu/context';
import { linear } from '../gpu/operations/linear';
import { pad4 } from '../gpu/operations/matrix';
import { rotate, type RotaryTable } from '../gpu/operations/rotary';
import type { LeasedWeights } from './layerWeights';
import { kvHeadsOf, type ModelSpec } from './spec';

/** Keys (rotated) and values of a layer: [capacity, G, pad4(K)] each. */
export interface LayerCache {
  keys: Span;
  values: Span;
}

/** queries [S, H, pad4(K)] of S rows of the normalised input, rotated. */
export function projectQueries(
  context: GpuContext,
  batch: Batch,
  { H, K }: ModelSpec,
  weights: LeasedWeights,
  { rows, S, table }: { rows: Span; S: number; table: RotaryTable | null },
  queries: Span,
): void {
  linear(context, batch, rows, weights.matrix('q.weight'), queries, S, { bias: weights.optionalVector('q.bias') });
  if (table) rotate(batch, queries, table, { S, heads: H, stride: pad4(K) });
}

/** Keys, rotated, and values of `count` rows into the cache, from position row0 on. */
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
  const bias = (role: 'k' | 'v') => ({ bias: weights.optionalVector(`${role}.bias`), row0 });
  linear(context, batch, rows, weights.matrix('k.weight'), keys, count, bias('k'));
  linear(context, batch, rows, weights.matrix('v.weight'), values, count, bias('v'));
  if (table) rotate(batch, keys, table, { S: count, heads: kvHeadsOf(spec, layer), stride: pad4(spec.K), row0 });
}
