/**
 * Whether two weight sources compute the same: their logits on the same tokens.
 * Role: the check behind every change of weights that must not change the model.
 */
import type { GpuContext } from '../gpu/context';
import type { TaskContext } from '../protocol/tasks';
import type { Tokens } from '../protocol/tokens';
import type { GpuWeights } from './gpuWeights';
import { keepRun } from './keptRun';
import { readLogits } from './logits';
import type { WeightSource } from './weightSource';

/** Relative L2 distance of the logits of `b` from those of `a` on the given tokens. */
export async function logitDistance(
  context: GpuContext,
  weights: GpuWeights,
  a: WeightSource,
  b: WeightSource,
  tokens: Tokens,
  task: TaskContext,
): Promise<number> {
  const logits = async (source: WeightSource): Promise<Float32Array> => {
    const run = await keepRun(context, weights, source, tokens, task);
    try {
      return await readLogits(context, weights, run, task);
    } finally {
      run.destroy();
    }
  };
  const expected = await logits(a);
  const found = await logits(b);
  let difference = 0;
  let size = 0;
  expected.forEach((value, index) => {
    difference += (value - (found[index] ?? NaN)) ** 2;
    size += value ** 2;
  });
  return Math.sqrt(difference / size);
}
