/** The engine's calls as the host makes them: cancellation, limits, released runs, weights under a budget of nothing. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EngineCore } from '../../src/engine/core';
import { engineService } from '../../src/engine/service';
import { GpuWeights } from '../../src/model/gpuWeights';
import { keepRun } from '../../src/model/keptRun';
import { readLogits } from '../../src/model/logits';
import { toErrorValue, type ErrorValue } from '../../src/protocol/errors';
import type { RunSummary } from '../../src/protocol/runs';
import { quietTask, type Progress } from '../../src/protocol/tasks';
import type { RunInput } from '../../src/protocol/tokens';
import { relativeL2 } from './support/compare';
import { testContext } from './support/device';
import { fixtures, Golden, openModel, sample } from './support/golden';

const core = new EngineCore({ adapter: 'auto', weightBudget: 1 << 30 });
afterAll(() => core.destroy());

const ids = (count: number): { kind: 'ids'; ids: number[] } => ({
  kind: 'ids',
  ids: Array.from({ length: count }, (_, s) => (s * 7) % 100),
});
const request = (modelId: string, count: number) => ({ modelId, input: ids(count), conversion: null, maxTokens: 2048 });

async function errorOf(work: Promise<unknown>): Promise<ErrorValue> {
  return work.then(
    () => Promise.reject(new Error('no error was thrown')),
    (error: unknown) => toErrorValue(error),
  );
}

describe('engine calls', () => {
  it('cancels a run by its task and can run again', async () => {
    const reports: Progress[] = [];
    const service = engineService(
      core,
      { progress: (progress) => reports.push(progress), swept: () => undefined },
      () => undefined,
    );
    const { modelId } = await service.open(sample, 'open');
    const running = errorOf(service.run(request(modelId, 512), 'long'));
    await expect.poll(() => reports.some(({ task }) => task === 'long'), { timeout: 20_000, interval: 1 }).toBe(true);
    service.cancel('long');
    expect((await running).code).toBe('cancelled');
    const { tokens, loss } = await service.run(request(modelId, 8), 'short');
    expect(tokens).toHaveLength(8);
    expect(loss).toBeGreaterThan(0);
  });

  it('opens a path once and forgets a closed one', async () => {
    const folder = join(fixtures, 'llama-gqa');
    const { modelId } = await core.open(folder, quietTask);
    expect((await core.open(folder, quietTask)).modelId).toBe(modelId);
    await core.close(modelId);
    expect((await errorOf(core.run(request(modelId, 4), quietTask))).code).toBe('unknown-id');
  });

  it('runs token ids where the tokenizer file is damaged, and says so when text is given', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gqa-lens-core-'));
    try {
      await cp(join(fixtures, 'llama-mha'), folder, { recursive: true });
      await writeFile(join(folder, 'tokenizer.json'), '{ "model": 7 }');
      const { modelId, hasTokenizer } = await core.open(folder, quietTask);
      expect(hasTokenizer).toBe(false);
      expect((await core.run(request(modelId, 4), quietTask)).tokens[1]?.text).toBe('#7');
      const input = { kind: 'text' as const, text: 'Hello' };
      const error = await errorOf(core.run({ ...request(modelId, 4), input }, quietTask));
      expect(error).toMatchObject({ code: 'tokenizer-invalid', detail: { file: join(folder, 'tokenizer.json') } });
      await core.close(modelId);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('names what is wrong with an input', async () => {
    const { modelId } = await core.open(join(fixtures, 'gpt2'), quietTask);
    const run = (input: Parameters<EngineCore['run']>[0]['input']): Promise<ErrorValue> =>
      errorOf(core.run({ modelId, input, conversion: null, maxTokens: 512 }, quietTask));
    expect(await run({ kind: 'ids', ids: [3, 112] })).toMatchObject({
      code: 'input-invalid',
      detail: { found: '112' },
    });
    expect(await run({ kind: 'ids', ids: [] })).toMatchObject({ code: 'input-invalid' });
    expect(await run({ kind: 'text', text: 'Hello' })).toMatchObject({ code: 'tokenizer-missing' });
    const conversion = { G: 3, grouping: 'contiguous', merge: 'mean' };
    const wrong = errorOf(core.run({ ...request(modelId, 4), conversion }, quietTask));
    expect(await wrong).toMatchObject({ code: 'conversion-invalid', detail: { found: '3' } });
  });

  it('cuts an input at the learned positions and at the limit, and says how much', async () => {
    const { modelId, maxPositions } = await core.open(join(fixtures, 'gpt2'), quietTask);
    expect(maxPositions).toBe(128);
    const run = await core.run(request(modelId, 150), quietTask);
    expect([run.tokens.length, run.droppedTokens]).toEqual([128, 22]);
    const shorter = await core.run({ ...request(modelId, 150), maxTokens: 10 }, quietTask);
    expect([shorter.tokens.length, shorter.droppedTokens]).toEqual([10, 140]);
    // No position is left to continue at; one token can still be predicted.
    expect((await core.continuation(run.runId, 5, quietTask)).ids).toHaveLength(1);
  });

  it('runs an encoder-decoder on its own answer, and a conversion of it on the same', async () => {
    const { modelId, layers } = await core.open(join(fixtures, 't5'), quietTask);
    const encoder = { kind: 'ids' as const, ids: [9, 17, 40, 5, 23] };
    const original = await core.run({ modelId, input: encoder, conversion: null, maxTokens: 512 }, quietTask);
    expect(original.encoderTokens?.map(({ id }) => id)).toEqual(encoder.ids);
    const answer = original.tokens.map(({ id }) => id);
    expect(answer[0]).toBe(0);
    // To the end token, or to the limit.
    expect(answer.length === 33 ? 1 : answer.at(-1)).toBe(1);
    const conversion = { G: 2, grouping: 'contiguous', merge: 'mean' };
    const converted = await core.run({ modelId, input: encoder, conversion, maxTokens: 512 }, quietTask);
    expect((await core.compare(original.runId, converted.runId, quietTask)).klMean).toBeGreaterThan(0);
    expect([converted.kvCacheBytesPerToken, original.kvCacheBytesPerToken]).toEqual([256, 1024]);
    expect([converted.crossCacheBytesPerToken, original.crossCacheBytesPerToken]).toEqual([256, 1024]);

    const divergence = layers.map(async ({ stack }, layer) => {
      const { maxDifference } = await core.headDivergence(original.runId, converted.runId, layer, quietTask);
      expect(Math.max(...maxDifference) > 0).toBe(stack === 'decoder');
    });
    await Promise.all(divergence);
    const cross = await core.attention({ runId: original.runId, layer: 3, heads: [0, 5] }, quietTask);
    expect(cross).toMatchObject({ S: answer.length, T: 5, statistics: [{ distance: null }, { distance: null }] });
    const full = await core.attention({ runId: original.runId, layer: 0, heads: [2] }, quietTask);
    const row = await core.attentionRow({ runId: original.runId, layer: 0, heads: [2], query: 0 }, quietTask);
    expect([full.S, full.T, row.weights.length]).toEqual([5, 5, 5]);
    // The first token of the encoder sees all of them.
    expect(row.weights.every((weight) => weight > 0)).toBe(true);
  });

  it('takes two texts for an encoder-decoder only', async () => {
    const start = async (name: string, input: RunInput): Promise<RunSummary> => {
      const { modelId } = await core.open(join(fixtures, name), quietTask);
      return core.run({ modelId, input, conversion: null, maxTokens: 4 }, quietTask);
    };
    const both: RunInput = { kind: 'ids', ids: [3, 4, 5, 6, 7], decoder: { kind: 'ids', ids: [0, 8, 9, 10, 11, 12] } };
    const run = await start('t5', both);
    expect([run.encoderTokens?.length, run.tokens.length, run.droppedTokens]).toEqual([4, 4, 3]);
    expect((await errorOf(start('gpt2', both))).message).toMatch(/Only an encoder-decoder/);
    const empty = start('t5', { kind: 'ids', ids: [3], decoder: { kind: 'ids', ids: [] } });
    expect((await errorOf(empty)).code).toBe('input-invalid');
  });

  it('refuses to compare different tokens, and knows a released run no more', async () => {
    const { modelId } = await core.open(sample, quietTask);
    const [a, b] = [await core.run(request(modelId, 6), quietTask), await core.run(request(modelId, 7), quietTask)];
    expect((await errorOf(core.compare(a.runId, b.runId, quietTask))).code).toBe('input-invalid');
    const self = await core.compare(a.runId, a.runId, quietTask);
    expect(self.klMean).toBeLessThan(1e-6);
    expect(self.top1Agreement).toBe(1);
    core.release(a.runId);
    core.release(a.runId);
    const row = core.attentionRow({ runId: a.runId, layer: 0, heads: [0], query: 0 }, quietTask);
    expect((await errorOf(row)).code).toBe('unknown-id');
  });
});

describe('weights on the GPU', () => {
  it('stream through a budget of nothing with the same result', async () => {
    const context = await testContext();
    const { source } = await openModel(join(fixtures, 'llama-gqa'));
    const golden = await Golden.open(join(fixtures, 'llama-gqa', 'golden.safetensors'));
    const weights = new GpuWeights(context, 0);
    const run = await keepRun(context, weights, source, await golden.ids('input_ids'), quietTask);
    const logits = await readLogits(context, weights, run, quietTask);
    expect(relativeL2(logits, await golden.floats('logits'))).toBeLessThan(1e-4);
    expect(weights.resident).toBe(0);
    run.destroy();
  });
});
