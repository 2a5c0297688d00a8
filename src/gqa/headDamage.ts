/**
 * Damage of a conversion to every query head of a layer, on the layer's inputs in a run.
 * Role: reads queries, keys, values, maps and output columns of both models and hands them on head by head; the numbers are
 * damage.ts.
 */
import type { GpuContext } from '../gpu/context';
import type { GpuWeights } from '../model/gpuWeights';
import type { KeptRun } from '../model/keptRun';
import { probeLayer, readAttention, type LayerAttention } from '../model/layerProbe';
import { readMaps } from '../model/maps';
import { groupOfHead, kvHeadsOf, layerOf } from '../model/specFacts';
import type { WeightSource } from '../model/weightSource';
import type { HeadDamage } from '../protocol/damage';
import type { TaskContext } from '../protocol/tasks';
import { damageOf, type HeadOnText } from './damage';
import type { Gram } from './gram';
import { gaugeOf } from './heads';

/** What `headDamage` measures. */
export interface DamageJob {
  context: GpuContext;
  weights: GpuWeights;
  /** A run of the checkpoint as it is. */
  run: KeptRun;
  /** The conversion of the run's source. */
  converted: WeightSource;
  layer: number;
  gram: Gram;
}

/** One model's side of the layer. */
interface Side {
  run: KeptRun;
  attention: LayerAttention;
  /** [D, H·K] */
  outputs: Float32Array;
}

/** Measures every query head. @throws AbortError when cancelled */
export async function headDamage(job: DamageJob, task: TaskContext): Promise<HeadDamage> {
  const { context, weights, run, converted, layer } = job;
  const { spec } = run.source;
  const { scale, attention } = layerOf(spec, layer);
  const setting = {
    ...{ K: spec.K, scale, causal: attention === 'causal', gauge: gaugeOf(spec, layer, 'k') },
    ...{ capped: spec.softcaps?.scores !== undefined, sunk: run.source.has('sinks', layer) },
  };
  const damage = {
    observed: new Float32Array(spec.H),
    byValues: new Float32Array(spec.H),
    byKeys: new Float32Array(spec.H),
  };
  const probe = await probeLayer(context, weights, converted, run, layer, task.signal);
  try {
    const [a, b] = [await readSide(job, run, task), await readSide(job, probe.run, task)];
    for (let head = 0; head < spec.H; head += 1) {
      task.report(`Measuring head ${head} of ${layerOf(spec, layer).title}`, head / spec.H);
      const [before, after] = [await headOf(job, a, head, task), await headOf(job, b, head, task)];
      const attendedAsBefore = await attend(before.map, after.values, spec.K, job.gram, task);
      const { observed, byValues, byKeys } = await damageOf(
        before,
        { ...after, attendedAsBefore },
        setting,
        job.gram,
        task,
      );
      damage.observed[head] = observed;
      damage.byValues[head] = byValues;
      damage.byKeys[head] = byKeys;
    }
    return { layer, ...damage };
  } finally {
    probe.free();
  }
}

async function readSide({ context, weights, layer }: DamageJob, run: KeptRun, { signal }: TaskContext): Promise<Side> {
  const attention = await readAttention(context, weights, run, layer, signal);
  const { data: outputs } = await run.source.read('o.weight', layer, signal);
  return { run, attention, outputs };
}

async function headOf(
  { context, weights, layer, gram }: DamageJob,
  { run, attention, outputs }: Side,
  head: number,
  task: TaskContext,
): Promise<HeadOnText & { map: Float32Array }> {
  const { spec } = run.source;
  const { H, K } = spec;
  const [S, T, G] = [run.rowsOf(layer), run.keysOf(layer), kvHeadsOf(spec, layer)];
  const kvHead = groupOfHead(spec, layer)[head] ?? 0;
  const values = gatherHead(attention.values, T, G, K, kvHead);
  const map = await readMaps(context, weights, run, layer, [head], [0, S], task);
  return {
    queries: gatherHead(attention.queries, S, H, K, head),
    keys: gatherHead(attention.keys, T, G, K, kvHead),
    values,
    attended: await attend(map, values, K, gram, task),
    outputs: gatherHead(outputs, spec.D, H, K, head),
    map,
  };
}

/** [S, K] a map [S, T] of values [T, K]. */
async function attend(
  map: Float32Array,
  values: Float32Array,
  K: number,
  gram: Gram,
  task: TaskContext,
): Promise<Float32Array> {
  const T = values.length / K;
  const turned = Float32Array.from(values, (_, place) => values[(place % T) * K + Math.floor(place / T)] ?? 0);
  return Float32Array.from(await gram(map, turned, T, task));
}

/** [n, K] of one head of [n, heads, K]. */
function gatherHead(data: Float32Array, n: number, heads: number, K: number, head: number): Float32Array {
  const result = new Float32Array(n * K);
  for (let row = 0; row < n; row += 1) {
    const start = (row * heads + head) * K;
    result.set(data.subarray(start, start + K), row * K);
  }
  return result;
}
