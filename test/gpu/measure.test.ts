/** Measures of a conversion against plain float64 computed from logits, and of a model against itself. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineCore } from '../../src/engine/core';
import { TextMeasurer } from '../../src/engine/measure';
import * as measures from '../../src/gqa/measures';
import { toErrorValue, type ErrorValue } from '../../src/protocol/errors';
import { GpuWeights } from '../../src/model/gpuWeights';
import type { Weight } from '../../src/model/weightSource';
import type { ConversionRequest } from '../../src/protocol/conversion';
import type { MeasureRequest, TextMeasures } from '../../src/protocol/measures';
import type { Token } from '../../src/protocol/tokens';
import { quietTask } from '../../src/protocol/tasks';
import { testContext } from './support/device';
import { fixtures, openModel, sample } from './support/golden';

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

interface LayerOfWindow {
  /** [H, S, S] */
  maps: Float32Array;
  /** [S][D] what attention adds to the stream, from maps and weights in float64. */
  added: number[][];
  /** [S][D] the stream after the layer. */
  after: number[][];
}

/** weight[out, in] · x, in float64. */
function times({ data, rows, columns }: Weight, x: readonly number[]): number[] {
  return Array.from({ length: rows }, (_, row) =>
    x.reduce((sum, value, column) => sum + value * (data[row * columns + column] ?? NaN), 0),
  );
}

/** Mean over all positions of a value that each window has. */
function weighted(value: (window: number) => number): number {
  const tokens = windows.reduce((sum, { length }) => sum + length, 0);
  return windows.reduce((sum, { length }, window) => sum + (length / tokens) * value(window), 0);
}

/** One layer of each window, from what the engine tells of a run and the weights themselves. */
async function layerOfWindows(conversion: ConversionRequest | null, layer: number): Promise<LayerOfWindow[]> {
  const { source } = await core.prepare(modelId, conversion, quietTask);
  const { H, K, D, norm } = source.spec;
  const gain = await source.read('attention.norm.weight', layer);
  const [wv, wo] = [await source.read('v.weight', layer), await source.read('o.weight', layer)];
  const result: LayerOfWindow[] = [];
  for (const ids of windows) {
    const S = ids.length;
    const run = await core.run({ modelId, input: { kind: 'ids', ids }, conversion, maxTokens: 99 }, quietTask);
    const rows = async (index: number): Promise<number[][]> => {
      const flat = await core.hidden(run.runId, index, quietTask);
      return ids.map((_, s) => [...flat.subarray(s * D, (s + 1) * D)]);
    };
    const maps = await core.maps(run.runId, layer, quietTask);
    const values = (await rows(layer)).map((x) => {
      const size = Math.sqrt(measures.mean(x.map((value) => value ** 2)) + norm.epsilon);
      return times(
        wv,
        x.map((value, d) => (value / size) * (gain.data[d] ?? NaN)),
      );
    });
    const added = ids.map((_, s) => {
      const heads = Array.from({ length: H * K }, (_, at) => {
        const head = Math.floor(at / K);
        const place = (run.grouping.groupOfHead[layer]?.[head] ?? NaN) * K + (at % K);
        return values.reduce((sum, value, t) => sum + (maps[(head * S + s) * S + t] ?? NaN) * (value[place] ?? NaN), 0);
      });
      return times(wo, heads);
    });
    // After the last layer there is only the normalised stream: without its gain it has the same direction.
    const isLast = layer === source.spec.L - 1;
    const final = isLast ? await source.read('final.norm.weight', null) : null;
    const after = (await rows(layer + 1)).map((row) => row.map((value, d) => value / (final?.data[d] ?? 1)));
    result.push({ maps, added, after });
    core.release(run.runId);
  }
  return result;
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

  it('compare attention maps, what attention adds, and the stream after each layer', async () => {
    const { layers } = await core.measure(request(mean2, { detail: true }), quietTask);
    const { L, H } = core.model(modelId).summary;
    expect(layers).toHaveLength(L);
    for (let layer = 0; layer < L; layer++) {
      const a = await layerOfWindows(null, layer);
      const b = await layerOfWindows(mean2, layer);
      const found = layers?.[layer];
      expect(found?.title).toBe(`layer ${layer}`);
      for (let head = 0; head < H; head++) {
        const expected = weighted((w) => {
          const S = windows[w]?.length ?? 0;
          const [p, q] = [a, b].map((side) => side[w]?.maps.subarray(head * S * S, (head + 1) * S * S));
          return p && q ? measures.mapDivergence(p, q, S) : NaN;
        });
        expect(found?.jensenShannon?.[head]).toBeCloseTo(expected, 5);
      }
      const cosine = (what: 'added' | 'after'): number =>
        weighted((w) =>
          measures.mean((a[w]?.[what] ?? []).map((row, s) => measures.cosine(row, b[w]?.[what][s] ?? []))),
        );
      expect(found?.attentionCosine).toBeCloseTo(cosine('added'), 5);
      expect(found?.residualCosine).toBeCloseTo(cosine('after'), 5);
      expect(found?.residualCosine).toBeLessThan(0.999);
    }
  });

  it('time a decoded token of both when asked', async () => {
    const { a, b } = await core.measure(request(mean2, { timedTokens: 3 }), quietTask);
    expect(a.millisecondsPerToken).toBeGreaterThan(0);
    expect(b.millisecondsPerToken).toBeGreaterThan(0);
    expect(found.a.millisecondsPerToken).toBeNull();
  });

  it('tell what the conversion saves', () => {
    const { L, H, K, D } = core.model(modelId).summary;
    expect([found.a.G, found.b.G]).toEqual([H, 2]);
    expect(found.b.kvCacheBytesPerToken / found.a.kvCacheBytesPerToken).toBeCloseTo(2 / H, 9);
    expect(found.a.parameters - found.b.parameters).toBe(2 * L * (H - 2) * K * D);
  });

  it('tell what each model expects next', async () => {
    const ids = windows[0] ?? [];
    const run = await core.run({ modelId, input: { kind: 'ids', ids }, conversion: mean2, maxTokens: 99 }, quietTask);
    const logits = (await logitsOf(mean2))[0]?.subarray(4 * V, 5 * V) ?? [];
    const predictions = await core.predictions(run.runId, 4, 5, quietTask);
    const expected = measures.mostProbable(logits, 5);
    expect(predictions.map(({ token }) => token.id)).toEqual(expected.map(({ id }) => id));
    predictions.forEach(({ probability }, place) =>
      expect(probability).toBeCloseTo(expected[place]?.probability ?? NaN, 5),
    );
    expect(await errorOf(core.predictions(run.runId, 9, 5, quietTask))).toMatchObject({ code: 'input-invalid' });
    core.release(run.runId);
  });

  it('are nothing between a model and itself', async () => {
    const same = await core.measure(request(null, { detail: true }), quietTask);
    for (const { jensenShannon, attentionCosine, residualCosine } of same.layers ?? []) {
      expect(Math.max(...(jensenShannon ?? [NaN]))).toBeLessThan(1e-7);
      expect(attentionCosine).toBeCloseTo(1, 6);
      expect(residualCosine).toBeCloseTo(1, 6);
    }
    expect(same.layers).not.toBeNull();
    expect(same).toMatchObject({ klMean: 0, top1Agreement: 1, moved: [], tokens: 14, windows: 2 });
    expect(same.b.loss).toBe(same.a.loss);
  });

  it('are the same whether the original is kept between conversions or run again', async () => {
    const context = await testContext();
    const gpu = { context, weights: new GpuWeights(context, 1 << 30), name: 'test' };
    const { source } = await openModel(join(fixtures, 'llama-mha'));
    const sizes = { parameters: 0, kvCacheBytesPerToken: 0, crossCacheBytesPerToken: 0 };
    const original = { name: 'original', conversion: null, source, sizes };
    const token = (id: number): Token => ({ id, text: String(id) });
    const measurement = { windows, token, detail: true, timedTokens: 0 };
    const { source: converted } = await core.prepare(modelId, mean2, quietTask);
    const results = [];
    for (const budget of [0, 1 << 28]) {
      const measurer = new TextMeasurer(gpu, original, measurement, budget);
      const other = { ...original, source: converted };
      results.push(await measurer.measure(other, quietTask), await measurer.measure(other, quietTask));
      measurer.destroy();
    }
    for (const result of results) {
      expect(result.klMean).toBe(found.klMean);
      expect(result.layers).toEqual(results[0]?.layers);
    }
  });

  it('tell how far they are, and stop when cancelled', async () => {
    const controller = new AbortController();
    const reports: { message: string; fraction: number | null }[] = [];
    const report = (message: string, fraction: number | null): void => {
      reports.push({ message, fraction });
      if (message.startsWith('Window 2')) controller.abort();
    };
    const measuring = core.measure(request(mean2, { detail: true }), { signal: controller.signal, report });
    await expect(measuring).rejects.toThrow();
    expect(reports.some(({ message }) => message === 'Window 1 of 2: comparing layer 2 of 2')).toBe(true);
    const fractions = reports.flatMap(({ message, fraction }) =>
      message.startsWith('Window') ? [fraction ?? NaN] : [],
    );
    expect(fractions).toEqual([...fractions].sort((one, other) => one - other));
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
