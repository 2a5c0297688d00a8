/**
 * Similarity of a layer's KV heads on weights: to each other, to the pooled head of their group, and the floor.
 * Role: the registry of measures and the loop over heads. The measures are in similarities/, their interface in
 * compareHeads.ts.
 */
import { GqaLensError } from '../protocol/errors';
import type { SimilarityRequest, SimilarityResult, SimilarityTarget } from '../protocol/model';
import type { TaskContext } from '../protocol/tasks';
import { kvHeadsOf, layerOf, type WeightSource } from '../model/spec';
import { compareHeads, compareToPooled, type SimilarityMeasure } from './compareHeads';
import { similarityFloor } from './floor';
import { cpuGram, type Gram } from './gram';
import type { Grouping } from './grouping';
import { planesOf, readHeads, sliceHeads } from './heads';
import { merges, type MergeMethod } from './merge';
import { pace } from './pace';
import { findMethod } from './registry';
import { aligned } from './similarities/aligned';
import { cosine } from './similarities/cosine';

/** Every similarity measure. Views, quick picks and the command line read this list. */
export const similarities: readonly SimilarityMeasure[] = [aligned, cosine];

/** What `layerSimilarity` compares. */
export interface SimilarityJob {
  /** The checkpoint as it is, not a conversion of it. */
  source: WeightSource;
  layer: number;
  target: SimilarityTarget;
  measure: SimilarityMeasure;
  grouping: Grouping;
  merge: MergeMethod;
  /** The conversion of `source` with this grouping and merge. */
  converted: WeightSource;
  /** A faster A·Bᵀ for large models. */
  gram?: Gram;
}

/** The job that a request's registry ids mean. @throws GqaLensError when an id or number in it is unknown. */
export function similarityJob(
  source: WeightSource,
  request: Omit<SimilarityRequest, 'modelId'> & Pick<SimilarityJob, 'converted' | 'grouping'>,
): SimilarityJob {
  const { conversion, layer, target, converted, grouping } = request;
  const { L } = source.spec;
  if (!Number.isInteger(layer) || layer < 0 || layer >= L) {
    throw new GqaLensError('input-invalid', `There is no layer ${String(layer)}`, { expected: `0 to ${L - 1}` });
  }
  return {
    source,
    layer,
    target,
    measure: findMethod(similarities, request.measure, 'similarity'),
    grouping,
    merge: findMethod(merges, conversion.merge, 'merge'),
    converted,
  };
}

/**
 * Compares the n source KV heads of a layer with each other and with the pooled head of their group, on the projection
 * matrices without their biases. On the CPU this takes some 30 ms for n 8, K 32, D 256; every 20 ms it lets other work
 * run, and `task` can cancel it.
 * @throws GqaLensError `checkpoint-invalid` when a head holds NaN or infinity.
 */
export async function layerSimilarity(job: SimilarityJob, task: TaskContext): Promise<SimilarityResult> {
  const { source, layer, target, measure, grouping } = job;
  const n = kvHeadsOf(source.spec, layer);
  const name = `${target.toUpperCase()} heads of ${layerOf(source.spec, layer).title}`;
  const planes = planesOf(source.spec, layer, target);
  const context = { planes, gram: job.gram ?? cpuGram, breathe: pace(task), task };

  task.report(`Reading the ${name}`, null);
  const heads = await readHeads(source, layer, target, task);
  const matrix = new Float32Array(n * n);
  for (let head = 0; head < n; head += 1) {
    // Later heads do less: the share of pairs that are done.
    task.report(`Comparing the ${name}`, 1 - ((n - head) * (n - head)) / (n * n));
    const others = sliceHeads(heads, head + 1, n);
    const row = await compareHeads(measure, sliceHeads(heads, head, head + 1), others, context);
    matrix[head * n + head] = 1;
    row.forEach((value, index) => {
      const other = head + 1 + index;
      matrix[head * n + other] = value;
      matrix[other * n + head] = value;
    });
  }

  task.report(`Comparing the ${name} with their pooled heads`, null);
  const groups = [...(grouping.groupOfKvHead[layer] ?? [])];
  const pooled = await readHeads(job.converted, layer, target, task);
  const toPooled = await compareToPooled(measure, heads, pooled, groups, context);

  task.report('Measuring random heads for the floor', null);
  const { floor, pooledFloor } = await similarityFloor(job, context);
  return {
    layer,
    target,
    measure: measure.id,
    n,
    matrix,
    toPooled: Float32Array.from(toPooled),
    groups,
    floor,
    pooledFloor,
  };
}
