/**
 * The floor of a similarity: what unrelated heads of the same shape score.
 * Role: seeded Gaussian heads put through the same measure, grouping and merge as the real ones. Without its floor a
 * similarity means nothing: V heads of a trained model may be no more alike than random ones.
 */
import { quietTask } from '../protocol/tasks';
import { kvHeadsOf, type LayerRole, type ModelSpec, type Role, type Weight, type WeightSource } from '../model/spec';
import { compareHeads, compareToPooled, type MeasureContext } from './compareHeads';
import { convert } from './convert';
import { readHeads, sliceHeads, stackHeads } from './heads';
import { pace } from './pace';
import { gaussianRandom } from './random';
import type { SimilarityJob } from './similarity';

export interface Floor {
  /** Mean similarity of two random heads. */
  floor: number;
  /** Mean similarity of a random head to the pooled head of its random group. */
  pooledFloor: number;
}

/** Random heads a side: 25 pairs. A similarity of random heads varies little from pair to pair, as heads have many entries. */
const sampledHeads = 5;

/** Numbers drawn between two pauses: some 10 ms. */
const drawsBetweenPauses = 200_000;

/** Floors do not depend on a layer's weights: they are measured once for each source, measure, grouping and merge. */
const knownFloors = new WeakMap<WeightSource, Map<string, Floor>>();

/** Measures (or remembers) the floor of a job. */
export async function similarityFloor(job: SimilarityJob, context: MeasureContext): Promise<Floor> {
  const groups = job.grouping.groupOfKvHead[job.layer] ?? [];
  const key = [job.target, job.measure.id, job.merge.id, ...groups].join(' ');
  const known = knownFloors.get(job.source) ?? new Map<string, Floor>();
  knownFloors.set(job.source, known);
  const floor = known.get(key) ?? (await measureFloor(job, groups, context));
  known.set(key, floor);
  return floor;
}

async function measureFloor(job: SimilarityJob, groups: readonly number[], context: MeasureContext): Promise<Floor> {
  const { layer, target, measure, grouping, merge } = job;
  const { K } = job.source.spec;
  const n = kvHeadsOf(job.source.spec, layer);
  const random = new RandomSource(job.source);
  const all = await readHeads(random, layer, target, context.task);
  const count = Math.min(n, sampledHeads);
  const heads = sliceHeads(all, 0, count);
  const strangers = stackHeads(await drawWeight(count * K, all.columns, 0, context.task.signal), K, 'random heads');

  const pairs: number[] = [];
  for (let head = 0; head < count; head += 1) {
    pairs.push(...(await compareHeads(measure, sliceHeads(heads, head, head + 1), strangers, context)));
  }
  const converted = await convert(random, grouping, merge, { calibration: null, task: quietTask });
  const pooled = await readHeads(converted, layer, target, context.task);
  const toPooled = await compareToPooled(measure, heads, pooled, groups, context);
  return { floor: average(pairs), pooledFloor: average(toPooled) };
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The projections that are drawn at random, and their shapes. The place in the list is the seed. */
const drawnRoles: readonly [LayerRole, (sizes: Pick<ModelSpec, 'D' | 'H' | 'G' | 'K'>) => [number, number]][] = [
  ['q.weight', ({ H, K, D }) => [H * K, D]],
  ['k.weight', ({ G, K, D }) => [G * K, D]],
  ['v.weight', ({ G, K, D }) => [G * K, D]],
  ['o.weight', ({ H, K, D }) => [D, H * K]],
];

/** A source whose attention projections are Gaussian, the same in every layer; everything else is the real model's. */
class RandomSource implements WeightSource {
  readonly spec: ModelSpec;

  constructor(private readonly real: WeightSource) {
    this.spec = real.spec;
  }

  has(role: Role, layer: number | null): boolean {
    return this.real.has(role, layer);
  }

  async read(role: Role, layer: number | null, signal?: AbortSignal): Promise<Weight> {
    const seed = drawnRoles.findIndex(([drawn]) => drawn === role);
    const shape = layer === null ? undefined : drawnRoles[seed]?.[1]({ ...this.spec, G: kvHeadsOf(this.spec, layer) });
    if (shape === undefined) return this.real.read(role, layer, signal);
    // Seed 0 is the strangers'.
    return drawWeight(shape[0], shape[1], seed + 1, signal);
  }

  async readRows(role: Role, layer: number | null, start: number, end: number, signal?: AbortSignal): Promise<Weight> {
    const { data, columns } = await this.read(role, layer, signal);
    return { data: data.subarray(start * columns, end * columns), rows: end - start, columns };
  }
}

async function drawWeight(rows: number, columns: number, seed: number, signal?: AbortSignal): Promise<Weight> {
  const breathe = pace({ ...quietTask, ...(signal ? { signal } : {}) });
  const draw = gaussianRandom(seed);
  const data = new Float32Array(rows * columns);
  for (let index = 0; index < data.length; index += 1) {
    if (index % drawsBetweenPauses === 0) await breathe();
    data[index] = draw();
  }
  return { data, rows, columns };
}
