/** Pictures of maps against the exact maps pooled by plain code, and scores against the probabilities made of them. */
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EngineCore } from '../../src/engine/core';
import { entropy } from '../../src/gqa/measures';
import { readMaps, readRow } from '../../src/model/maps';
import { GpuWeights } from '../../src/model/gpuWeights';
import { keepRun } from '../../src/model/keptRun';
import { toErrorValue } from '../../src/protocol/errors';
import type { AttentionRequest, CellCoding, MapCells, MapWindow } from '../../src/protocol/maps';
import { quietTask } from '../../src/protocol/tasks';
import { maxDifference } from './support/compare';
import { settleAfterAll, testContext } from './support/device';
import { fixtures, Golden, openModel } from './support/golden';

const core = new EngineCore({ adapter: 'auto', weightBudget: 1 << 30 });
afterAll(() => core.destroy());

/** A run of the tiny llama (8 heads, 2 groups) on some tokens, and the exact maps [8, S, S] of its layer 1. */
async function longRun(S: number): Promise<{ runId: string; maps: Float32Array }> {
  const { modelId } = await core.open(join(fixtures, 'llama-gqa'), quietTask);
  const ids = Array.from({ length: S }, (_, s) => (s * s + 7 * s) % 100);
  const request = { modelId, input: { kind: 'ids' as const, ids }, conversion: null, maxTokens: 2048 };
  const { runId } = await core.run(request, quietTask);
  return { runId, maps: await core.maps(runId, 1, quietTask) };
}

/** The strongest of each cell, as protocol/maps.ts says. `values` [S, T]; NaN where there is none. */
function pooled(
  values: ArrayLike<number>,
  T: number,
  window: MapWindow,
  size: number,
  isDifference = false,
): Float64Array {
  const [N, M] = [window.q1 - window.q0, window.k1 - window.k0];
  const [rows, columns] = [Math.min(N, size), Math.min(M, size)];
  const cells = new Float64Array(rows * columns).fill(NaN);
  for (let i = 0; i < N; i++) {
    for (let j = 0; j < M; j++) {
      const value = values[(window.q0 + i) * T + window.k0 + j] ?? NaN;
      if (Number.isNaN(value)) continue;
      const cell = Math.floor((i * rows) / N) * columns + Math.floor((j * columns) / M);
      const known = cells[cell] ?? NaN;
      const isStronger = isDifference ? Math.abs(value) > Math.abs(known) : value > known;
      if (Number.isNaN(known) || isStronger) cells[cell] = value;
    }
  }
  return cells;
}

/** Holds codes against the numbers they were made from; half a step of each coding is allowed. */
function expectCells({ codes, coding }: MapCells, map: number, expected: Float64Array): void {
  const wrong: unknown[] = [];
  expected.forEach((value, cell) => {
    const code = codes[map * expected.length + cell] ?? -1;
    if (!isCode(coding, code, value)) wrong.push({ map, cell, code, value });
  });
  expect(wrong).toEqual([]);
}

function isCode(coding: CellCoding, code: number, value: number): boolean {
  if (coding.kind === 'weights') {
    if (!(value > 1e-6)) return code <= 17;
    return Math.abs(Math.log2(value) - (code - 255) / 12) < 0.52 / 12;
  }
  if (Number.isNaN(value)) return code === 0;
  if (coding.kind === 'scores') {
    const step = (coding.high - coding.low) / 254;
    return Math.abs(coding.low + (code - 1) * step - value) < 0.51 * step;
  }
  const share = Math.sqrt(Math.abs(value) / coding.largest) * 127;
  return Math.abs(Math.abs(code - 128) - share) < 0.51 && (code === 128 || Math.sign(code - 128) === Math.sign(value));
}

const mean = (maps: Float32Array, size: number, heads: readonly number[]): Float64Array =>
  Float64Array.from({ length: size }, (_, place) =>
    heads.reduce((sum, head) => sum + (maps[head * size + place] ?? 0) / heads.length, 0),
  );
const member = (maps: Float32Array, size: number, head: number): Float32Array =>
  maps.subarray(head * size, (head + 1) * size);
/** Masked cells of a causal map have no number. */
const masked = (values: ArrayLike<number>, S: number): number[] =>
  Array.from(values, (value, place) => (place % S > Math.floor(place / S) ? NaN : value));

describe('pictures of maps', () => {
  settleAfterAll();

  // 8 heads · 1100² · 4 bytes are more than one block: cells that begin in one end in the next.
  it('have the strongest weight of each cell, and statistics of the whole map', async () => {
    const S = 1100;
    const { runId, maps } = await longRun(S);
    const size = S * S;
    const heads = [0, 1, 2, 3, 4, 5, 6, 7];
    const tile = await core.attention({ runId, layer: 1, heads, size: 48, memberSize: 31 }, quietTask);
    const window = { q0: 0, q1: S, k0: 0, k1: S };
    expect(tile).toMatchObject({
      S,
      T: S,
      causal: true,
      window,
      mean: { rows: 48, columns: 48 },
      members: { rows: 31 },
    });
    expectCells(tile.mean, 0, pooled(mean(maps, size, heads), S, window, 48));
    for (const head of heads) {
      if (tile.members) expectCells(tile.members, head, pooled(member(maps, size, head), S, window, 31));
    }
    const own = tile.statistics[5];
    const rows = Array.from({ length: S }, (_, row) => maps.subarray(5 * size + row * S, 5 * size + (row + 1) * S));
    const average = (of: (row: Float32Array, s: number) => number): number =>
      rows.reduce((sum, row, s) => sum + of(row, s) / S, 0);
    expect(own?.entropy).toBeCloseTo(
      average((row) => entropy(Array.from(row))),
      3,
    );
    expect(own?.firstToken).toBeCloseTo(
      average((row) => row[0] ?? 0),
      5,
    );
    expect(own?.largest).toBeCloseTo(
      average((row) => Math.max(...row)),
      5,
    );
    expect(own?.distance).toBeCloseTo(
      average((row, s) => row.reduce((sum, weight, t) => sum + weight * (s - t), 0)),
      1,
    );
  });

  it('show a window, a cell a weight where it is small, and cut it to the map', async () => {
    const S = 70;
    const { runId, maps } = await longRun(S);
    const window = { q0: 40, q1: 70, k0: 13, k1: 60 };
    const asked: AttentionRequest = { runId, layer: 1, heads: [2, 3], window: { ...window, q1: 99 }, size: 64 };
    const tile = await core.attention(asked, quietTask);
    expect(tile).toMatchObject({ window, mean: { rows: 30, columns: 47 }, statistics: [] });
    expectCells(tile.mean, 0, pooled(mean(maps, S * S, [2, 3]), S, window, 64));
    const small = await core.attention({ ...asked, size: 7 }, quietTask);
    if (small.members) expectCells(small.members, 1, pooled(member(maps, S * S, 3), S, window, 7));
    expect((await core.attention({ ...asked, meanOnly: true }, quietTask)).members).toBeNull();
  });

  it('leave the first key out when asked', async () => {
    const S = 50;
    const { runId, maps } = await longRun(S);
    const tile = await core.attention({ runId, layer: 1, heads: [6], size: 9, withoutFirst: true }, quietTask);
    const rest = Array.from(member(maps, S * S, 6), (weight, place) => (place % S === 0 ? NaN : weight));
    expectCells(tile.mean, 0, pooled(rest, S, tile.window, 9));
  });

  it('show members minus their mean', async () => {
    const S = 60;
    const { runId, maps } = await longRun(S);
    const heads = [4, 5, 6, 7];
    const group = mean(maps, S * S, heads);
    for (const size of [60, 13]) {
      const tile = await core.attention({ runId, layer: 1, heads, deviations: true, size }, quietTask);
      expect(tile.mean.coding.kind).toBe('weights');
      heads.forEach((head, place) => {
        const deviations = member(maps, S * S, head).map((weight, at) => weight - (group[at] ?? 0));
        if (tile.members) expectCells(tile.members, place, pooled(deviations, S, tile.window, size, true));
      });
    }
  });

  it('show scores, their mean, and each minus that', async () => {
    const S = 60;
    const { runId } = await longRun(S);
    const heads = [0, 1, 2, 3];
    const scores = new Float32Array(4 * S * S);
    for (let query = 0; query < S; query++) {
      const { weights } = await core.attentionRow({ runId, layer: 1, heads, query, values: 'scores' }, quietTask);
      heads.forEach((_, place) => scores.set(weights.subarray(place * S, (place + 1) * S), (place * S + query) * S));
    }
    const asked: AttentionRequest = { runId, layer: 1, heads, values: 'scores', size: 17 };
    const tile = await core.attention(asked, quietTask);
    expect(tile.statistics).toHaveLength(4);
    const group = mean(scores, S * S, heads);
    expectCells(tile.mean, 0, pooled(masked(group, S), S, tile.window, 17));
    if (tile.members) expectCells(tile.members, 2, pooled(masked(member(scores, S * S, 2), S), S, tile.window, 17));
    const { members } = await core.attention({ ...asked, deviations: true }, quietTask);
    const deviations = masked(member(scores, S * S, 2), S).map((score, at) => score - (group[at] ?? 0));
    if (members) expectCells(members, 2, pooled(deviations, S, tile.window, 17, true));
  });

  it('show what changed from another run', async () => {
    const S = 40;
    const { runId, maps } = await longRun(S);
    const { modelId } = await core.open(join(fixtures, 'llama-gqa'), quietTask);
    const ids = Array.from({ length: S }, (_, s) => (s * s + 7 * s) % 100);
    const conversion = { G: 1, grouping: 'contiguous', merge: 'mean' };
    const request = { modelId, input: { kind: 'ids' as const, ids }, conversion, maxTokens: 2048 };
    const converted = await core.run(request, quietTask);
    const after = await core.maps(converted.runId, 1, quietTask);
    const heads = [1, 6];
    for (const size of [40, 9]) {
      const asked = { runId: converted.runId, minus: runId, layer: 1, heads, size };
      const { members, window, mean: average } = await core.attention(asked, quietTask);
      expectCells(average, 0, pooled(mean(after, S * S, heads), S, window, size));
      heads.forEach((head, place) => {
        const before = member(maps, S * S, head);
        const changes = member(after, S * S, head).map((weight, at) => weight - (before[at] ?? 0));
        if (members) expectCells(members, place, pooled(changes, S, window, size, true));
      });
      // What changed of a head minus the mean; nothing of it tells in the mean and the statistics.
      const both = await core.attention({ ...asked, deviations: true }, quietTask);
      const [means, meansAfter] = [mean(maps, S * S, heads), mean(after, S * S, heads)];
      const deviations = member(after, S * S, 6).map((weight, at) => {
        const before = (member(maps, S * S, 6)[at] ?? 0) - (means[at] ?? 0);
        return weight - (meansAfter[at] ?? 0) - before;
      });
      if (both.members) expectCells(both.members, 1, pooled(deviations, S, window, size, true));
      expect(both.mean.codes).toEqual(average.codes);
      expect(both.statistics).toEqual((await core.attention({ ...asked }, quietTask)).statistics);
    }
    const scores = { runId: converted.runId, minus: runId, layer: 1, heads, values: 'scores' as const };
    const row = async (run: string): Promise<Float32Array> =>
      (await core.attentionRow({ runId: run, layer: 1, heads, query: 30, values: 'scores' }, quietTask)).weights;
    const [scoresAfter, scoresBefore] = [await row(converted.runId), await row(runId)];
    for (const deviations of [false, true]) {
      const { members } = await core.attention({ ...scores, deviations }, quietTask);
      const change = (place: number, key: number): number =>
        (scoresAfter[place * S + key] ?? 0) - (scoresBefore[place * S + key] ?? 0);
      const coding = members?.coding ?? { kind: 'weights' };
      for (const key of [0, 7, 30]) {
        const wanted = change(1, key) - (deviations ? (change(0, key) + change(1, key)) / 2 : 0);
        expect(isCode(coding, members?.codes[(S + 30) * S + key] ?? -1, wanted)).toBe(true);
      }
      expect(members?.codes[(S + 30) * S + 31]).toBe(0);
    }
    const shorter = await longRun(S - 1);
    const wrong = core.attention({ runId: converted.runId, minus: shorter.runId, layer: 1, heads }, quietTask);
    await expect(wrong).rejects.toThrow(/same tokens/);
  });

  it('are refused where the map has no such part', async () => {
    const { runId } = await longRun(8);
    const refusal = async (wrong: Partial<AttentionRequest>): Promise<string> =>
      core.attention({ runId, layer: 0, heads: [0], ...wrong }, quietTask).then(
        () => 'nothing',
        (error: unknown) => toErrorValue(error).code,
      );
    expect(await refusal({ window: { q0: 8, q1: 9, k0: 0, k1: 8 } })).toBe('input-invalid');
    expect(await refusal({ window: { q0: 0, q1: 1.5, k0: 0, k1: 8 } })).toBe('input-invalid');
    expect(await refusal({ size: 0 })).toBe('input-invalid');
  });
});

describe('scores before the softmax', () => {
  settleAfterAll();

  // Plain, soft caps, ALiBi, buckets of T5 in three kinds of attention, sinks, sliding windows.
  it.each(['llama-gqa', 'gemma2', 'bloom', 't5', 'gpt-oss', 'mistral-swa'])(
    'of %s give its probabilities',
    async (name) => {
      const context = await testContext();
      const { source } = await openModel(join(fixtures, name));
      const golden = await Golden.open(join(fixtures, name, 'golden.safetensors'));
      const weights = new GpuWeights(context, 1 << 30);
      const run = await keepRun(context, weights, source, await golden.tokens(), quietTask);
      const { L, H } = source.spec;
      const heads = Array.from({ length: H }, (_, head) => head);
      for (let layer = 0; layer < L; layer++) {
        const T = run.keysOf(layer);
        const query = run.rowsOf(layer) - 1;
        const exact = await readMaps(context, weights, run, layer, heads, [query, query + 1], quietTask);
        const scores = await readRow(
          context,
          weights,
          run,
          { runId: '', layer, heads, query, values: 'scores' },
          quietTask,
        );
        expect(scores.sinks === null).toBe(name !== 'gpt-oss');
        const softmax = heads.flatMap((head) => {
          const own = Array.from(scores.weights.subarray(head * T, (head + 1) * T));
          const sink = scores.sinks?.[head] ?? -Infinity;
          const largest = Math.max(sink, ...own);
          const total = own.reduce((sum, score) => sum + Math.exp(score - largest), Math.exp(sink - largest));
          return own.map((score) => Math.exp(score - largest) / total);
        });
        expect(maxDifference(exact, Float32Array.from(softmax))).toBeLessThan(1e-4);
        // What is masked has no score: the sliding window leaves most keys out.
        expect(softmax.map((weight) => weight === 0)).toEqual(Array.from(exact, (weight) => weight === 0));
      }
      run.destroy();
    },
  );
});
