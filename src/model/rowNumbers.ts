/**
 * Numbers about each row of logits, made on the GPU: log-sum-exp, the target's logit, the most probable token, KL of two runs.
 * Role: what losses and comparisons are summed from (engine/measure.ts). Logits themselves are logits.ts.
 */
import type { GpuContext, Span } from '../gpu/context';
import { divergeLogits, reduceLogits } from '../gpu/operations/loss';
import type { TaskContext } from '../protocol/tasks';
import type { GpuWeights } from './gpuWeights';
import { HeadPass, type HeadInput } from './headPass';

/** Per row: log-sum-exp, the target's logit, the most probable token. */
export interface RowNumbers {
  logSumExp: Float32Array;
  targetLogit: Float32Array;
  argmax: Uint32Array;
}

/**
 * Reduces each row of logits on the GPU.
 * @param targets [rows] the token that each row should predict (0 where there is none: ignore that row's target logit)
 * @param excluded tokens that are never the argmax
 */
export async function reduceRows(
  context: GpuContext,
  weights: GpuWeights,
  input: HeadInput,
  targets: Uint32Array,
  task: TaskContext,
  excluded: readonly number[] = [],
): Promise<RowNumbers> {
  const results = await sweepRows(context, weights, [input], targets, task, excluded);
  return results.rows[0] ?? emptyRows(0);
}

/** Reduces each row of two runs and their KL(a || b), [S] in nats. Both runs must have the same tokens. */
export async function compareRows(
  context: GpuContext,
  weights: GpuWeights,
  a: HeadInput,
  b: HeadInput,
  targets: Uint32Array,
  task: TaskContext,
): Promise<{ a: RowNumbers; b: RowNumbers; kl: Float32Array }> {
  const { rows, kl } = await sweepRows(context, weights, [a, b], targets, task);
  return { a: rows[0] ?? emptyRows(0), b: rows[1] ?? emptyRows(0), kl };
}

function emptyRows(count: number): RowNumbers {
  return {
    logSumExp: new Float32Array(count),
    targetLogit: new Float32Array(count),
    argmax: new Uint32Array(count),
  };
}

async function sweepRows(
  context: GpuContext,
  weights: GpuWeights,
  inputs: readonly HeadInput[],
  targets: Uint32Array,
  task: TaskContext,
  excluded: readonly number[] = [],
): Promise<{ rows: RowNumbers[]; kl: Float32Array }> {
  const count = targets.length;
  const V = inputs[0]?.source.spec.V ?? 0;
  const passes: HeadPass[] = [];
  const buffers: Span[] = [];
  const own = (span: Span): Span => {
    buffers.push(span);
    return span;
  };
  try {
    for (const input of inputs) passes.push(await HeadPass.open(context, weights, input, count, task.signal));
    const [first] = passes;
    if (!first) throw new Error('no input');
    const numbers = inputs.map(() => emptyRows(count));
    const reduced = inputs.map(() => own(context.storage(first.rowsPerBlock * 4, 'row numbers')));
    const divergence = own(context.storage(first.rowsPerBlock, 'row divergence'));
    const span = excluded.length > 0 ? own(context.upload(Uint32Array.from(excluded), 'excluded tokens')) : null;
    const exclusion = span ? { span, count: excluded.length } : null;
    const kl = new Float32Array(inputs.length === 2 ? count : 0);
    for (let row0 = 0; row0 < count; row0 += first.rowsPerBlock) {
      task.signal.throwIfAborted();
      const blocks = passes.map((pass) => pass.block(row0, count));
      const rows = blocks[0]?.rows ?? 0;
      const blockTargets = context.upload(targets.subarray(row0, row0 + rows), 'targets');
      const batch = context.batch();
      const pairs = blocks.map(({ logits }, index) => ({ logits, rows: reduced[index] ?? divergence }));
      const size = { rows, V, stride: first.stride };
      for (const { logits, rows: result } of pairs) {
        reduceLogits(context, batch, logits, blockTargets, exclusion, result, size);
      }
      const [a, b] = pairs;
      if (a && b) divergeLogits(batch, a, b, divergence, size);
      batch.submit();
      blockTargets.buffer.destroy();
      for (const [index, pair] of pairs.entries()) {
        const values = await context.readFloat32({ ...pair.rows, size: rows * 16 });
        const into = numbers[index];
        for (let row = 0; into && row < rows; row++) {
          into.logSumExp[row0 + row] = values[row * 4] ?? 0;
          into.targetLogit[row0 + row] = values[row * 4 + 1] ?? 0;
          into.argmax[row0 + row] = values[row * 4 + 2] ?? 0;
        }
      }
      if (kl.length > 0) kl.set(await context.readFloat32({ ...divergence, size: rows * 4 }), row0);
    }
    return { rows: numbers, kl };
  } finally {
    for (const pass of passes) pass.close();
    for (const { buffer } of buffers) buffer.destroy();
  }
}
