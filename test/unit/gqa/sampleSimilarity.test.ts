// The sample checkpoint's similarities against those of the PyTorch reference study, averaged over layers.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoint/checkpoint';
import { openCheckpoint } from '../../../src/checkpoint/openCheckpoint';
import { layerSimilarity } from '../../../src/gqa/similarity';
import { resolveModel } from '../../../src/model/resolve';
import type { WeightSource } from '../../../src/model/weightSource';
import { CheckpointWeights } from '../../../src/model/weights';
import type { SimilarityTarget } from '../../../src/protocol/similarity';
import { quietTask } from '../../../src/protocol/tasks';
import { similarityJobOf } from '../../support/conversions';

let checkpoint: Checkpoint;
let source: WeightSource;

beforeAll(async () => {
  checkpoint = await openCheckpoint('media/sample');
  source = new CheckpointWeights(checkpoint, resolveModel(checkpoint));
});

afterAll(() => checkpoint.close());

/** Mean and largest value of the pairs of all layers, and the mean floor. */
async function study(target: SimilarityTarget, measure: string): Promise<{ mean: number; max: number; floor: number }> {
  const pairs: number[] = [];
  const floors: number[] = [];
  for (let layer = 0; layer < source.spec.L; layer += 1) {
    const conversion = { G: 2, grouping: 'contiguous', merge: 'mean' };
    const result = await layerSimilarity(
      await similarityJobOf(source, { layer, target, measure, conversion }),
      quietTask,
    );
    floors.push(result.floor);
    for (let row = 0; row < result.n; row += 1) {
      pairs.push(...result.matrix.subarray(row * result.n + row + 1, (row + 1) * result.n));
    }
  }
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean: mean(pairs), max: Math.max(...pairs), floor: mean(floors) };
}

describe('similarity of the sample checkpoint', () => {
  // Tolerance 0.02: the reference drew other random heads and rounded to three digits.
  it.each([
    ['k', 'aligned', 0.173, 0.38, 0.056],
    ['v', 'aligned', 0.331, 0.4, 0.295],
    ['k', 'cosine', -0.006, 0.23, -0.001],
    ['v', 'cosine', 0, 0.03, 0.001],
  ] as const)('of %s by %s has mean %f, maximum %f and floor %f', async (target, measure, mean, max, floor) => {
    const found = await study(target, measure);
    expect(Math.abs(found.mean - mean)).toBeLessThan(0.02);
    expect(Math.abs(found.max - max)).toBeLessThan(0.02);
    expect(Math.abs(found.floor - floor)).toBeLessThan(0.02);
  });
});
