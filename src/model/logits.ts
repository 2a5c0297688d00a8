/**
 * A kept run's logits and last hidden states, read to the CPU. Role: what users, goldens and exports ask for whole; losses and
 * KL are rowNumbers.ts, which never brings logits to the CPU. Maps are maps.ts.
 */
import type { GpuContext } from '../gpu/context';
import { pad4 } from '../gpu/operations/matrix';
import type { TaskContext } from '../protocol/tasks';
import type { GpuWeights } from './gpuWeights';
import { HeadPass, readFinal } from './headPass';
import type { KeptRun } from './keptRun';
import { leaseGlobals } from './layerWeights';
import { unpad } from './unpad';

/** Logits [rows, V] of a run's positions [first, end), all of them unless said otherwise, on the CPU. */
export async function readLogits(
  context: GpuContext,
  weights: GpuWeights,
  run: KeptRun,
  task: TaskContext,
  [first, end]: readonly [number, number] = [0, run.S],
): Promise<Float32Array> {
  const { V } = run.source.spec;
  const pass = await HeadPass.open(context, weights, run, end - first, task.signal);
  try {
    const result = new Float32Array((end - first) * V);
    for (let row0 = first; row0 < end; row0 += pass.rowsPerBlock) {
      task.signal.throwIfAborted();
      const { rows, logits, stride } = pass.block(row0, end);
      const values = await context.readFloat32({ ...logits, size: rows * stride * 4 });
      for (let row = 0; row < rows; row++) {
        result.set(values.subarray(row * stride, row * stride + V), (row0 - first + row) * V);
      }
    }
    return result;
  } finally {
    pass.close();
  }
}

/** The hidden states after the final norm, [rows, D], of rows [0, S). What transformers gives as the last hidden state. */
export async function readFinalHidden(
  context: GpuContext,
  weights: GpuWeights,
  run: KeptRun,
  task: TaskContext,
): Promise<Float32Array> {
  const { D } = run.source.spec;
  const leased = await leaseGlobals(weights, run.source, task.signal);
  const normed = context.storage(run.S * pad4(D), 'final hidden');
  try {
    const batch = context.batch();
    readFinal(context, batch, { ...run.source.spec, outputScale: 1 }, leased, run.output, 0, normed, run.S);
    batch.submit();
    return unpad(await context.readFloat32(normed), run.S, D);
  } finally {
    leased.release();
    normed.buffer.destroy();
  }
}
