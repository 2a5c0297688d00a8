/**
 * The first residual stream of a forward pass. Role: the GPU's half of the embeddings; which rows they are is embed.ts.
 */
import type { GpuContext, Span } from '../gpu/context';
import { linear } from '../gpu/operations/linear';
import { pad4 } from '../gpu/operations/matrix';
import { normalise } from '../gpu/operations/norm';
import { embed } from './embed';
import type { GpuWeights } from './gpuWeights';
import { embeddingRoles, leaseGlobals } from './layerWeights';
import type { WeightSource } from './weightSource';

/**
 * The first residual stream: embeddings, brought to the hidden size and normalised where the model does that.
 * @returns [S, pad4(D)]; the caller destroys it
 */
export async function embedOnGpu(
  context: GpuContext,
  weights: GpuWeights,
  source: WeightSource,
  ids: readonly number[],
  past: number,
  signal: AbortSignal,
): Promise<Span> {
  const { D } = source.spec;
  const S = ids.length;
  const { tokens, positions } = await embed(source, ids, past, signal);
  const leased = await leaseGlobals(weights, source, signal, embeddingRoles);
  const batch = context.batch();
  const rows = context.upload(tokens, 'token embeddings');
  let stream = rows;
  if (leased.has('embed.projection.weight')) {
    stream = context.upload(positions ?? new Float32Array(S * pad4(D)), 'embeddings');
    linear(context, batch, rows, leased.matrix('embed.projection.weight'), stream, S, { accumulate: true });
  } else if (positions) {
    stream = context.upload(
      tokens.map((value, place) => value + (positions[place] ?? 0)),
      'embeddings',
    );
  }
  const before = stream;
  if (leased.has('embed.norm.weight')) {
    stream = context.storage(S * pad4(D), 'normed embeddings');
    normalise(context, batch, before, leased.norm('embed'), stream, S, D);
  }
  batch.submit();
  leased.release();
  for (const { buffer } of new Set([rows, before])) if (buffer !== stream.buffer) buffer.destroy();
  return stream;
}
