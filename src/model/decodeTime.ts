/**
 * Time per decoded token of several models on this adapter.
 * Role: measuring greedy decoding from outside, as a user waits for it: head, argmax, readback and one forward step.
 */
import type { GpuContext } from '../gpu/context';
import type { TaskContext } from '../protocol/tasks';
import type { GpuWeights } from './gpuWeights';
import { greedyTokens } from './greedy';
import type { KeptRun } from './keptRun';

/** Tokens decoded before the clock counts: pipelines are compiled and weights read in them. */
export const warmUpTokens = 4;

/**
 * Decodes on from each run, one token of each in turn, so that a slower moment of the machine meets all of them.
 * @param tokens how many of each are timed
 * @returns median milliseconds a token of each run
 */
export async function decodeTimes(
  context: GpuContext,
  weights: GpuWeights,
  runs: readonly KeptRun[],
  tokens: number,
  task: TaskContext,
): Promise<number[]> {
  const count = warmUpTokens + tokens;
  const sides = runs.map((run) => ({
    decoded: greedyTokens(context, weights, run, count, task.signal),
    times: new Array<number>(),
  }));
  try {
    for (let step = 0; step < count; step++) {
      task.report(`Timing token ${step + 1} of ${count}`, step / count);
      for (const { decoded, times } of sides) {
        const start = performance.now();
        const { done } = await decoded.next();
        if (step >= warmUpTokens && done !== true) times.push(performance.now() - start);
      }
    }
    return sides.map(({ times }) => median(times));
  } finally {
    for (const { decoded } of sides) await decoded.return();
  }
}

/** The middle one of some numbers, the mean of the middle two when their count is even; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? NaN) + (sorted[Math.floor(half)] ?? NaN)) / 2;
}
