/**
 * Similarity of a layer's attention maps: query head to query head, and each to its own map over pooled keys.
 * Role: what is compared with what, on the layer's inputs in a run, so that nothing but the layer changes. The maps are
 * compared on the GPU (model/maps.ts).
 */
import type { GpuContext } from '../gpu/context';
import type { GpuWeights } from '../model/gpuWeights';
import type { KeptRun } from '../model/keptRun';
import { probeLayer } from '../model/layerProbe';
import { readDivergence, readHeadDivergences } from '../model/maps';
import { groupOfHead } from '../model/specFacts';
import type { WeightSource } from '../model/weightSource';
import type { SimilarityResult } from '../protocol/similarity';
import type { TaskContext } from '../protocol/tasks';
import { convertRandom, summarisePairs, type Floor, type Pooling } from './floor';
import { mean } from './measures';
import { RandomLayer } from './randomLayer';
import type { MapMeasure } from './similarities/measure';

/** What `mapSimilarity` compares. */
export interface MapJob extends Pooling {
  context: GpuContext;
  weights: GpuWeights;
  /** A run of the checkpoint as it is. */
  run: KeptRun;
  layer: number;
  measure: MapMeasure;
  /** The conversion of the run's source. */
  converted: WeightSource;
}

/** Floors by run: other tokens are other inputs. */
const knownFloors = new WeakMap<KeptRun, Map<string, Floor>>();

/** Compares the maps of a layer's query heads. @throws AbortError when cancelled */
export async function mapSimilarity(
  job: MapJob,
  task: TaskContext,
): Promise<Omit<SimilarityResult, 'target' | 'text'>> {
  const { run, layer, measure, converted, merge } = job;
  task.report('Comparing attention maps', null);
  const { matrix, toPooled } = await compareMapsOf(job, run, converted, task);
  const groups = groupOfHead(converted.spec, layer);
  task.report('Comparing the maps of random heads for the floor', null);
  const floors = knownFloors.get(run) ?? new Map<string, Floor>();
  knownFloors.set(run, floors);
  const key = [layer, merge.id, ...groups].join(' ');
  const floor = floors.get(key) ?? (await measureFloor(job, task));
  floors.set(key, floor);
  return {
    layer,
    on: 'attention',
    measure: measure.id,
    n: run.source.spec.H,
    matrix,
    toPooled,
    groups: [...groups],
    ofGroup: null,
    ...floor,
  };
}

/** Random queries and keys in the layer's place, on its inputs. */
async function measureFloor(job: MapJob, task: TaskContext): Promise<Floor> {
  const { context, weights, run, layer } = job;
  const random = new RandomLayer(run.source, layer);
  const converted = await convertRandom(random, job, task);
  const probe = await probeLayer(context, weights, random, run, layer, task.signal);
  try {
    const { matrix, toPooled } = await compareMapsOf(job, probe.run, converted, task);
    const { mean: floor, extreme } = summarisePairs(matrix, run.source.spec.H, job.measure.alike);
    return { floor, floorExtreme: extreme, pooledFloor: mean(toPooled), groupFloor: null };
  } finally {
    probe.free();
    for (const source of [random, converted]) weights.drop(source);
  }
}

async function compareMapsOf(
  { context, weights, layer, measure }: MapJob,
  run: KeptRun,
  converted: WeightSource,
  task: TaskContext,
): Promise<Pick<SimilarityResult, 'matrix' | 'toPooled'>> {
  const { H } = run.source.spec;
  const divergences = await readHeadDivergences(context, weights, run, layer, task);
  const matrix = divergences.map((value, place) =>
    place % (H + 1) === 0 ? measure.self : measure.ofDivergence(value),
  );
  const probe = await probeLayer(context, weights, converted, run, layer, task.signal);
  try {
    const { jensenShannon } = await readDivergence(context, weights, run, probe.run, layer, task);
    return { matrix, toPooled: jensenShannon.map((value) => measure.ofDivergence(value)) };
  } finally {
    probe.free();
  }
}
