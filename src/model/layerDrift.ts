/**
 * How far two runs of the same tokens are apart in one layer: attention maps, what attention adds, the stream after it.
 * Role: the three measures of one layer and one window, from kept runs. Summing windows up is the caller's.
 */
import type { GpuContext } from '../gpu/context';
import { cosines } from '../gpu/operations/rows';
import { mean } from '../gqa/measures';
import type { Comparable } from '../protocol/sides';
import type { TaskContext } from '../protocol/tasks';
import type { GpuWeights } from './gpuWeights';
import type { KeptRun } from './keptRun';
import { readDivergence } from './maps';

export interface LayerDrift {
  /** Positions that the means below are over. */
  S: number;
  /** [H] Jensen-Shannon divergence of the maps in bits, mean over query positions; null where it was not asked for. */
  jensenShannon: Float32Array | null;
  streams: StreamDrift | null;
}

export interface StreamDrift {
  /** Cosine of what attention adds to the residual stream, mean over positions. */
  attentionCosine: number;
  /** Cosine of the residual streams after the layer, mean over positions. */
  residualCosine: number;
}

/**
 * Compares a layer of two runs that kept their attention (keepRun), on the same tokens.
 * @param parts what their shapes let correspond
 */
export async function layerDrift(
  context: GpuContext,
  weights: GpuWeights,
  a: KeptRun,
  b: KeptRun,
  layer: number,
  parts: Comparable,
  task: TaskContext,
): Promise<LayerDrift> {
  return {
    S: a.rowsOf(layer),
    jensenShannon: parts.heads ? (await readDivergence(context, weights, a, b, layer, task)).jensenShannon : null,
    streams: parts.streams ? await streamDrift(context, a, b, layer) : null,
  };
}

async function streamDrift(context: GpuContext, a: KeptRun, b: KeptRun, layer: number): Promise<StreamDrift> {
  const S = a.rowsOf(layer);
  const { D } = a.source.spec;
  const added = context.storage(S, 'cosines of attention');
  const stream = context.storage(S, 'cosines of the stream');
  try {
    const batch = context.batch();
    cosines(context, batch, a.attention(layer), b.attention(layer), added, S, D);
    cosines(context, batch, { rows: a.after(layer) }, { rows: b.after(layer) }, stream, S, D);
    batch.submit();
    return {
      attentionCosine: mean(await context.readFloat32(added)),
      residualCosine: mean(await context.readFloat32(stream)),
    };
  } finally {
    added.buffer.destroy();
    stream.buffer.destroy();
  }
}
