/**
 * The encoder of an encoder-decoder: its stack, and the norm after it.
 * Role: what cross-attention reads. The layers themselves are forward.ts.
 */
import type { GpuContext, Span } from '../gpu/context';
import { pad4 } from '../gpu/operations/matrix';
import { normalise } from '../gpu/operations/norm';
import type { TaskContext } from '../protocol/tasks';
import { forward, type ForwardOptions } from './forward';
import type { GpuWeights } from './gpuWeights';
import { leaseNorm } from './layerWeights';
import type { WeightSource } from './weightSource';

/** What an encoder made of T tokens, as rows of pad4(D). */
export interface Encoded {
  ids: readonly number[];
  /** The residual stream after its last layer. */
  output: Span;
  /** Its final norm, which keys and values of cross-attention are made from. */
  memory: Span;
}

/** Runs the encoder. The caller destroys both spans. */
export async function encode(
  context: GpuContext,
  weights: GpuWeights,
  source: WeightSource,
  ids: readonly number[],
  options: Omit<ForwardOptions, 'past' | 'stack' | 'memory'>,
  task: TaskContext,
): Promise<Encoded> {
  const { D } = source.spec;
  const leased = await leaseNorm(weights, source, 'encoder', task.signal);
  const memory = context.storage(ids.length * pad4(D), 'encoder output');
  try {
    const output = await forward(context, weights, source, ids, { ...options, stack: 'encoder', past: 0 }, task);
    const batch = context.batch();
    normalise(context, batch, output, leased.norm('encoder'), memory, ids.length, D);
    batch.submit();
    return { ids, output, memory };
  } catch (error) {
    memory.buffer.destroy();
    throw error;
  } finally {
    leased.release();
  }
}
