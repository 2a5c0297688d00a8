/**
 * Similarity of a layer's KV heads on weights or activations: to each other, to the pooled head of their group, and the
 * floor.
 * Role: the registry of measures, and one result of all that is compared. The loops are headSimilarity.ts; attention maps are
 * compared on the GPU (mapSimilarity.ts).
 */
import type { Calibration } from '../model/calibration';
import { layerOf } from '../model/specFacts';
import type { ModelSpec } from '../model/spec';
import type { WeightSource } from '../model/weightSource';
import { GqaLensError } from '../protocol/errors';
import type { SimilarityInfo } from '../protocol/methods';
import type { SimilarityBasis, SimilarityResult, SimilarityTarget } from '../protocol/similarity';
import type { TaskContext } from '../protocol/tasks';
import { measureFloor, type Floor } from './floor';
import { cpuGram, type Gram } from './gram';
import type { Grouping } from './grouping';
import { compareGroups, comparePairs, compareToPooled, headSetting, readCompared } from './headSimilarity';
import type { InputMoments } from './inputMetric';
import type { MergeMethod } from './merge';
import { describeMethods, findMethod } from './registry';
import { aligned } from './similarities/aligned';
import { attention } from './similarities/attention';
import { cka } from './similarities/cka';
import { cosine } from './similarities/cosine';
import type { HeadMeasure, SimilarityMeasure } from './similarities/measure';
import { pca } from './similarities/pca';

/** Every similarity measure. Views, quick picks and the command line read this list. */
export const similarities: readonly SimilarityMeasure[] = [aligned, cosine, cka, pca, attention];

/** The registry's data, for other processes. */
export function describeSimilarities(): SimilarityInfo[] {
  return describeMethods(similarities).map((info, place) => ({
    ...info,
    on: similarities[place]?.on ?? [],
    alike: similarities[place]?.alike ?? 'high',
    floorNote: similarities[place]?.floorNote ?? '',
  }));
}

/** @throws GqaLensError `conversion-invalid` when there is no such measure, or it cannot compare that */
export function findSimilarity(id: string, on: SimilarityBasis): SimilarityMeasure {
  const measure = findMethod(similarities, id, 'similarity');
  if (measure.on.includes(on)) return measure;
  throw new GqaLensError('conversion-invalid', `The similarity "${id}" does not compare ${on}`, {
    expected: similarities.flatMap((other) => (other.on.includes(on) ? [other.id] : [])).join(', '),
    found: id,
    next: `"${id}" works on ${measure.on.join(' and ')}.`,
  });
}

/** What `layerSimilarity` compares. */
export interface SimilarityJob {
  /** The checkpoint as it is, not a conversion of it. */
  source: WeightSource;
  layer: number;
  target: SimilarityTarget;
  measure: HeadMeasure;
  grouping: Grouping;
  merge: MergeMethod;
  /** The conversion of `source` with this grouping and merge. */
  converted: WeightSource;
  /** What activations are of; null compares weights. */
  inputs: { moments: InputMoments; text: string } | null;
  /** What the merge was solved on, for the floor; null unless it needs a text. */
  calibration: Calibration | null;
  /** A faster A·Bᵀ for large models. */
  gram?: Gram;
}

/** Floors depend on the inputs, and on weights they are the same in every layer. */
const knownFloors = new WeakMap<object, Map<string, Floor>>();

/**
 * Compares the KV heads of a layer with each other and with the pooled head of their group. On weights biases stay out,
 * but for measures of what is read. Every 20 ms it lets other work run, and `task` can cancel it.
 * @throws GqaLensError `checkpoint-invalid` when a head holds NaN or infinity.
 */
export async function layerSimilarity(job: SimilarityJob, task: TaskContext): Promise<SimilarityResult> {
  const { source, layer, target, measure, grouping, converted, inputs } = job;
  checkLayer(layer, source.spec);
  const [side, { title }] = [target.toUpperCase(), layerOf(source.spec, layer)];
  task.report(`Reading the ${side} heads of ${title}`, null);
  const gram = job.gram ?? cpuGram;
  const setting = await headSetting(source, { layer, target, measure }, inputs?.moments ?? null, gram, task);
  const compared = await readCompared(source, setting);
  const matrix = await comparePairs(compared, setting);
  const groups = [...(grouping.groupOfKvHead[layer] ?? [])];
  task.report(`Comparing the ${side} heads of ${title} with their pooled heads`, null);
  const toPooled = await compareToPooled(compared, converted, groups, setting);
  const ofGroup = await compareGroups(compared, groups, setting);

  task.report('Measuring random heads for the floor', null);
  const owner = inputs?.moments ?? source;
  const floors = knownFloors.get(owner) ?? new Map<string, Floor>();
  knownFloors.set(owner, floors);
  const key = [target, measure.id, setting.comparison.gauge.planes.length, job.merge.id, ...groups].join(' ');
  const quiet = { ...setting, task: { ...task, report: () => undefined } };
  const floor = floors.get(key) ?? (await measureFloor(source, job, quiet));
  floors.set(key, floor);
  return {
    layer,
    on: inputs === null ? 'weights' : 'activations',
    target,
    measure: measure.id,
    n: compared.own.length,
    matrix,
    toPooled,
    groups,
    ofGroup,
    ...floor,
    text: inputs?.text ?? null,
  };
}

/** @throws GqaLensError `input-invalid` when there is no such layer */
export function checkLayer(layer: number, { L }: Pick<ModelSpec, 'L'>): void {
  if (Number.isInteger(layer) && layer >= 0 && layer < L) return;
  throw new GqaLensError('input-invalid', `There is no layer ${String(layer)}`, { expected: `0 to ${L - 1}` });
}
