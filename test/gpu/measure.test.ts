/** Measures of a conversion against plain float64 computed from logits, and of a model against itself. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineCore } from '../../src/engine/core';
import * as measures from '../../src/gqa/measures';
import { toErrorValue, type ErrorValue } from '../../src/protocol/errors';
import type { ConversionRequest, MeasureRequest, TextMeasures } from '../../src/protocol/model';
import { quietTask } from '../../src/protocol/tasks';
import { fixtures, sample } from './support/golden';

const core = new EngineCore({ adapter: 'auto', weightBudget: 1 << 30 });
afterAll(() => core.destroy());

const windows = [9, 5].map((count, window) => Array.from({ length: count }, (_, s) => (s * 7 + 3 * window) % 90));
const mean2: ConversionRequest = { G: 2, grouping: 'contiguous', merge: 'mean' };

let modelId = '';
beforeAll(async () => {
  ({ modelId } = await core.open(join(fixtures, 'llama-mha'), quietTask));
});

function request(conversion: ConversionRequest | null, change: Partial<MeasureRequest> = {}): MeasureRequest {
  const a = { modelId, conversion: null };
  return { a, b: { modelId, conversion }, windows, detail: false, timedTokens: 0, ...change };
}

async function errorOf(work: Promise<unknown>): Promise<ErrorValue> {
  return work.then(
    () => Promise.reject(new Error('no error was thrown')),
    (error: unknown) => toErrorValue(error),
  );
}

/** [S, V] logits of each window. */
async function logitsOf(conversion: ConversionRequest | null): Promise<Float32Array[]> {
  const all: Float32Array[] = [];
  for (const ids of windows) {
    const run = await core.run({ modelId, input: { kind: 'ids', ids }, conversion, maxTokens: 99 }, quietTask);
    all.push(await core.logits(run.runId, quietTask));
    core.release(run.runId);
  }
  return all;
}

describe('measures of a conversion', () => {
  let found: TextMeasures;
  let V = 0;
  beforeAll(async () => {
    found = await core.measure(request(mean2), quietTask);
    V = core.model(modelId).summary.V;
  });

  it('are those of its logits', async () => {
    const a = await logitsOf(null);
    const b = await logitsOf(mean2);
    const loss = (logits: Float32Array[]): number =>
      measures.mean(logits.flatMap((rows, window) => [...measures.lossPerToken(rows, V, windows[window] ?? [])]));
    const kl = a.map((rows, window) => measures.klPerToken(rows, b[window] ?? rows, V));
    const agreed = a.map((rows, window) => measures.top1Agreement(rows, b[window] ?? rows, V));
    expect(found.a.loss).toBeCloseTo(loss(a), 5);
    expect(found.b.loss).toBeCloseTo(loss(b), 5);
    expect(found.b.perplexity).toBeCloseTo(Math.exp(loss(b)), 3);
    expect(found.klMean).toBeCloseTo(measures.mean(kl.flatMap((values) => [...values])), 5);
    expect(found.klPerPosition).toHaveLength(9);
    expect(found.klPerPosition[0]).toBeCloseTo(measures.mean(kl.map((values) => values[0] ?? NaN)), 5);
    expect(found.klPerPosition[8]).toBeCloseTo(kl[0]?.[8] ?? NaN, 5);
    expect(found.top1Agreement).toBeCloseTo(((agreed[0] ?? NaN) * 9 + (agreed[1] ?? NaN) * 5) / 14, 6);
    const most = found.moved[0];
    expect(most?.kl).toBeCloseTo(Math.max(...kl.flatMap((values) => [...values])), 5);
    expect(most?.context.at(-1)?.id).toBe(windows[most?.window ?? 0]?.[most?.position ?? 0]);
  });

  it('tell what the conversion saves', () => {
    const { L, H, K, D } = core.model(modelId).summary;
    expect([found.a.G, found.b.G]).toEqual([H, 2]);
    expect(found.b.kvCacheBytesPerToken / found.a.kvCacheBytesPerToken).toBeCloseTo(2 / H, 9);
    expect(found.a.parameters - found.b.parameters).toBe(2 * L * (H - 2) * K * D);
  });

  it('are nothing between a model and itself', async () => {
    const same = await core.measure(request(null), quietTask);
    expect(same).toMatchObject({ klMean: 0, top1Agreement: 1, moved: [], tokens: 14, windows: 2 });
    expect(same.b.loss).toBe(same.a.loss);
  });

  it('need tokens, and one vocabulary', async () => {
    const empty = core.measure(request(mean2, { windows: [[]] }), quietTask);
    expect(await errorOf(empty)).toMatchObject({ code: 'input-invalid' });
    const other = await core.open(sample, quietTask);
    const wrong = core.measure(request(null, { b: { modelId: other.modelId, conversion: null } }), quietTask);
    expect(await errorOf(wrong)).toMatchObject({
      code: 'input-invalid',
      detail: { found: expect.stringContaining('4096') as string },
    });
  });
});
