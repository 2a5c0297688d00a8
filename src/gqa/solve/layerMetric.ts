/**
 * The metric of a layer's attention inputs without data: from the gain (and shift) of the norm in front.
 * Role: reads the norm. The mathematics is metric.ts.
 */
import type { SourceLayer } from '../merge';
import { normMetric, plainMetric, type Metric } from './metric';

/** C = diag(gain²), the identity without a norm, with the shift and the bias column where there are any. @param W columns of the projections */
export async function readNormMetric(
  source: Pick<SourceLayer, 'has' | 'read'>,
  W: number,
  signal: AbortSignal,
): Promise<Metric> {
  if (!source.has('attention.norm.weight')) return plainMetric(W);
  const gain = await source.read('attention.norm.weight', signal);
  const shift = source.has('attention.norm.bias') ? await source.read('attention.norm.bias', signal) : null;
  return normMetric(gain.data, shift?.data ?? null, W);
}
