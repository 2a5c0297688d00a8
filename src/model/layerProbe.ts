/**
 * One layer under other weights, on the inputs that it had in a run: what a conversion does there while nothing before it
 * changes.
 * Role: a run of that layer alone, and what meets in its attention, on the CPU. What is compared is gqa/'s business.
 */
import type { GpuContext } from '../gpu/context';
import { pad4 } from '../gpu/operations/matrix';
import type { GpuWeights } from './gpuWeights';
import { KeptRun } from './keptRun';
import { keyRoles, leaseLayer } from './layerWeights';
import { unpad } from './unpad';
import { projectKeysAndValues, readStream, type LayerCache } from './project';
import { leaseQueries } from './queries';
import { RotaryTables } from './rotaryTables';
import { kvHeadsOf, layerOf } from './specFacts';
import type { WeightSource } from './weightSource';

/** A layer of other weights on a run's inputs. */
export interface LayerProbe {
  /** Holds this layer only. Its inputs are the other run's, which must outlive it. */
  run: KeptRun;
  free: () => void;
}

/** Computes the keys and values of a layer under `source`; free them. */
export async function probeLayer(
  context: GpuContext,
  weights: GpuWeights,
  source: WeightSource,
  run: KeptRun,
  layer: number,
  signal: AbortSignal,
): Promise<LayerProbe> {
  const { spec } = source;
  const [S, count] = [run.rowsOf(layer), run.keysOf(layer)];
  const input = run.inputs[layer];
  if (!input) throw new Error(`the run has no layer ${layer}`);
  const leased = await leaseLayer(weights, source, layer, signal, keyRoles);
  const size = count * kvHeadsOf(spec, layer) * pad4(spec.K);
  const cache: LayerCache = {
    keys: context.storage(size, 'probed keys'),
    values: context.storage(size, 'probed values'),
  };
  const normed = context.storage(S * pad4(spec.D), 'normed');
  const tables = new RotaryTables(context, spec, 0, count);
  const batch = context.batch();
  const read = readStream(context, batch, spec, leased, 'attention', input, normed, S);
  const isCross = layerOf(spec, layer).attention === 'cross';
  const rows = isCross ? (run.encoded?.memory ?? read) : read;
  const what = { layer, rows, count, row0: 0, table: tables.of(layer) };
  projectKeysAndValues(context, batch, spec, leased, what, cache);
  batch.submit();
  leased.release();
  normed.buffer.destroy();
  tables.destroy();
  const caches: LayerCache[] = [];
  caches[layer] = cache;
  const probed = new KeptRun(source, run.tokens, run.inputs, run.output, caches, [], run.encoded);
  const free = (): void => {
    const queries = [...probed.queries.values()].map(({ span }) => span);
    for (const { buffer } of [cache.keys, cache.values, ...queries]) buffer.destroy();
  };
  return { run: probed, free };
}

/** What meets in a layer's attention. */
export interface LayerAttention {
  /** [S, H, K], rotated */
  queries: Float32Array;
  /** [T, G, K], rotated */
  keys: Float32Array;
  /** [T, G, K] */
  values: Float32Array;
}

/** Reads the queries, keys and values of a layer of a run or a probe. */
export async function readAttention(
  context: GpuContext,
  weights: GpuWeights,
  run: KeptRun,
  layer: number,
  signal: AbortSignal,
): Promise<LayerAttention> {
  const { spec } = run.source;
  const cache = run.caches[layer];
  if (!cache) throw new Error(`the run has no layer ${layer}`);
  const [S, T, G] = [run.rowsOf(layer), run.keysOf(layer), kvHeadsOf(spec, layer)];
  const leased = await leaseQueries(context, weights, run, layer, signal);
  try {
    return {
      queries: unpad(await context.readFloat32(leased.span), S * spec.H, spec.K),
      keys: unpad(await context.readFloat32(cache.keys), T * G, spec.K),
      values: unpad(await context.readFloat32(cache.values), T * G, spec.K),
    };
  } finally {
    leased.release();
  }
}
