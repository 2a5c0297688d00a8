/**
 * Greedy continuation with a key/value cache: one token a step, K and V at G heads.
 * Role: decoding. The prompt has been run before (keptRun.ts): its caches are copied, not recomputed.
 */
import type { GpuContext, Span } from '../gpu/context';
import { GqaLensError } from '../protocol/errors';
import { isEncoderOnly } from '../protocol/layers';
import type { TaskContext } from '../protocol/tasks';
import { pad4 } from '../gpu/operations/matrix';
import { forward, newCaches } from './forward';
import type { LayerCache } from './project';
import type { GpuWeights } from './gpuWeights';
import type { KeptRun } from './keptRun';
import { reduceRows } from './rowNumbers';
import { kvHeadsOf, layerOf } from './specFacts';

/**
 * The `count` tokens that continue a run's prompt (KeptRun.promptLength), each the most probable one (the smallest id where two are equal).
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
  const ids: number[] = [];
  for await (const id of greedyTokens(context, weights, run, count, task.signal)) {
    ids.push(id);
    task.report(`Token ${ids.length} of ${count}`, ids.length / count);
  }
  return ids;
}

/**
 * The tokens of continueGreedily, each computed when it is asked for.
 * @param stopAtEnd an end-of-text token is not passed over, but the last one
 */
export async function* greedyTokens(
  context: GpuContext,
  weights: GpuWeights,
  run: KeptRun,
  count: number,
  signal: AbortSignal,
  stopAtEnd = false,
): AsyncGenerator<number, void, undefined> {
  const { source, promptLength: S } = run;
  const { position, endTokens } = source.spec;
  if (isEncoderOnly(source.spec)) throw cannotContinue();
  const room = position.kind === 'learned' ? position.maxPositions - S + 1 : count;
  const steps = Math.min(count, Math.max(0, room));
  if (steps === 0) return;
  const caches = copyCaches(context, run, S + steps);
  let last = lastRow(context, run);
  const quiet = { signal, report: (): void => undefined };
  const passedOver = stopAtEnd ? [] : endTokens;
  const memory = run.encoded ? { memory: { T: run.encoded.ids.length, rows: null } } : {};
  try {
    for (let step = 0; ; step++) {
      const input = { source, output: last };
      const { argmax } = await reduceRows(context, weights, input, new Uint32Array(1), quiet, passedOver);
      const id = argmax[0] ?? 0;
      yield id;
      if (step + 1 === steps || (stopAtEnd && endTokens.includes(id))) return;
      const output = await forward(context, weights, source, [id], { past: S + step, caches, ...memory }, quiet);
      last.buffer.destroy();
      last = output;
    }
  } finally {
    for (const { buffer } of [last, ...caches.flatMap(({ keys, values }) => [keys, values])]) buffer.destroy();
  }
}

function cannotContinue(): GqaLensError {
  return new GqaLensError('input-invalid', 'An encoder does not continue a text', {
    expected: 'a model with a decoder',
    found: 'a model that fills in masked tokens',
    next: 'Put its mask token into the text and look at what it predicts there.',
  });
}

/** A run's keys and values with room for more. */
function copyCaches(context: GpuContext, run: KeptRun, capacity: number): LayerCache[] {
  const { spec } = run.source;
  const T = run.encoded?.ids.length ?? 0;
  const room = { causal: capacity, cross: T, full: 0 };
  const used = { causal: run.promptLength, cross: T, full: 0 };
  const copies = newCaches(context, spec, ({ attention }) => room[attention]);
  const batch = context.batch();
  copies.forEach(({ keys, values }, layer) => {
    const from = run.caches[layer];
    if (!from) throw new Error(`the run has no layer ${layer}`);
    const bytes = used[layerOf(spec, layer).attention] * kvHeadsOf(spec, layer) * pad4(spec.K) * 4;
    if (bytes === 0) return;
    batch.copy({ ...from.keys, size: bytes }, keys);
    batch.copy({ ...from.values, size: bytes }, values);
  });
  batch.submit();
  return copies;
}

/** A prompt's last row in a buffer of its own: row offsets of a kept buffer are not always aligned for binding. */
function lastRow(context: GpuContext, { source, promptLength, output }: KeptRun): Span {
  const size = pad4(source.spec.D) * 4;
  const row = context.storage(size / 4, 'last row');
  const batch = context.batch();
  batch.copy({ buffer: output.buffer, offset: output.offset + (promptLength - 1) * size, size }, row);
  batch.submit();
  return row;
}
