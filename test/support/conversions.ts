// Conversions by request, for tests that need no engine.
import { convert } from '../../src/gqa/convert';
import { makeGrouping, type Grouping } from '../../src/gqa/grouping';
import { merges } from '../../src/gqa/merge';
import { findMethod } from '../../src/gqa/registry';
import type { InputMoments } from '../../src/gqa/inputMetric';
import { findSimilarity, type SimilarityJob } from '../../src/gqa/similarity';
import type { Calibration } from '../../src/model/calibration';
import type { WeightSource } from '../../src/model/weightSource';
import type { ConversionRequest } from '../../src/protocol/conversion';
import type { SimilarityRequest } from '../../src/protocol/similarity';
import { quietTask } from '../../src/protocol/tasks';

/** The grouping that a request means for a source. */
export function groupingOf(
  source: WeightSource,
  { G, grouping, assignment }: Omit<ConversionRequest, 'merge'>,
  calibration: Calibration | null = null,
): Promise<Grouping> {
  return makeGrouping(grouping, { source, G, assignment: assignment ?? null, calibration, task: quietTask });
}

/** The weights that a request means for a source. */
export async function convertAs(
  source: WeightSource,
  request: ConversionRequest,
  calibration: Calibration | null = null,
): Promise<WeightSource> {
  const grouping = await groupingOf(source, request, calibration);
  return convert(source, grouping, findMethod(merges, request.merge, 'merge'), { calibration, task: quietTask });
}

/** The job that a request means for a source, on weights unless moments are given. */
export async function similarityJobOf(
  source: WeightSource,
  { layer, target, measure, conversion }: Pick<SimilarityRequest, 'layer' | 'target' | 'measure' | 'conversion'>,
  moments: InputMoments | null = null,
): Promise<SimilarityJob> {
  const found = findSimilarity(measure, moments === null ? 'weights' : 'activations');
  if (found.kind !== 'heads') throw new Error(`${measure} compares maps`);
  return {
    source,
    layer,
    target,
    measure: found,
    grouping: await groupingOf(source, conversion),
    merge: findMethod(merges, conversion.merge, 'merge'),
    converted: await convertAs(source, conversion),
    inputs: moments && { moments, text: 'test' },
    calibration: null,
  };
}
