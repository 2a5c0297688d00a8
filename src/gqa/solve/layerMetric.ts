/**
 * The metric of a layer's attention inputs without data: from the gain (and shift) of the norm in front.
 * Role: reads the norm. The mathematics is metric.ts.
 */
import { layerOf } from '../../model/specFacts';
import type { WeightSource } from '../../model/weightSource';
import { normMetric, plainMetric, type Metric } from './metric';

/** What is projected: in cross-attention, queries and keys are made from different inputs. */
export type AttentionSide = 'queries' | 'keys';

/**
 * C = diag(gain²), the identity without a norm, with the shift and the bias column where there are any.
 * @param W columns of the projections
 */
export async function readNormMetric(
  source: Pick<WeightSource, 'spec' | 'has' | 'read'>,
  layer: number,
  side: AttentionSide,
  W: number,
  signal: AbortSignal,
): Promise<Metric> {
  const isMemory = side === 'keys' && layerOf(source.spec, layer).attention === 'cross';
  const [name, place] = isMemory ? (['encoder', null] as const) : (['attention', layer] as const);
  if (!source.has(`${name}.norm.weight`, place)) return plainMetric(W);
  const gain = await source.read(`${name}.norm.weight`, place, signal);
  const hasShift = source.has(`${name}.norm.bias`, place);
  const shift = hasShift ? await source.read(`${name}.norm.bias`, place, signal) : null;
  return normMetric(gain.data, shift?.data ?? null, W);
}
