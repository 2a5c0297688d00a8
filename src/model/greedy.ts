/**
 * Greedy continuation with a key/value cache: one token a step, K and V at G heads.
 * Role: decoding. The prompt has been run before (keptRun.ts): its caches are copied, not recomputed.
 */
import type { GpuContext } from '../gpu/context';
import type { TaskContext } from '../protocol/tasks';
import { pad4 } from '../gpu/operations/matrix';
import { forward, newCaches } from './forward';
import type { GpuWeights } from './gpuWeights';
import type { KeptRun } from './keptRun';
import { reduceRows } from './logits';
import { kvHeadsOf } from './spec';

/**
 * The `count` tokens that continue a run, each the most probable one (the smallest id where two are equal).
 * End-of-text tokens are passed over, so that there are always `count` of them (transformers' min_new_tokens); only the
 * end of a learned position table stops earlier.
 */
export async function continueGreedily(
  context: GpuContext,
  weights: GpuWeights,
  run: KeptRun,
  count: number,
  task: TaskContext,
): Promise<number[]> {
  const { source, S } = run;
  const { K, D, position, endTokens } = source.spec;
  const room = position.kind === 'learned' ? position.maxPositions - S + 1 : count;
  const steps = Math.min(count, Math.max(0, room));
  const caches = newCaches(context, source.spec, S + steps);
  try {
    const copy = context.batch();
    caches.forEach(({ keys, values }, layer) => {
      const from = run.caches[layer];
      if (!from) throw new Error(`the run has no layer ${layer}`);
      const bytes = S * kvHeadsOf(source.spec, layer) * pad4(K) * 4;
      copy.copy({ ...from.keys, size: bytes }, keys);
      copy.copy({ ...from.values, size: bytes }, values);
    });
    copy.submit();

    const rowBytes = pad4(D) * 4;
    const ids: number[] = [];
    let last = { buffer: run.output.buffer, offset: run.output.offset + (S - 1) * rowBytes, size: rowBytes };
    // Row offsets of a kept buffer are not always aligned for binding: the last row moves to a buffer of its own.
    const own = context.storage(pad4(D), 'last row');
    const move = context.batch();
    move.copy(last, own);
    move.submit();
    last = own;
    const quiet = { signal: task.signal, report: (): void => undefined };
    for (let step = 0; step < steps; step++) {
      task.report(`Token ${step + 1} of ${steps}`, step / steps);
      const { argmax } = await reduceRows(
        context,
        weights,
        { source, output: last },
        new Uint32Array(1),
        quiet,
        endTokens,
      );
      last.buffer.destroy();
      const id = argmax[0] ?? 0;
      ids.push(id);
      if (step + 1 === steps) return ids;
      last = await forward(context, weights, source, [id], { past: S + step, caches }, quiet);
    }
    last.buffer.destroy();
    return ids;
  } finally {
    for (const { keys, values } of caches) {
      keys.buffer.destroy();
      values.buffer.destroy();
    }
  }
}
