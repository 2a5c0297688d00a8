/** Attention maps of heads against each other, and the damage of heads, against plain float64 on real checkpoints. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EngineCore } from '../../src/engine/core';
import { cpuGram } from '../../src/gqa/gram';
import { summarisePairs } from '../../src/gqa/floor';
import { headDamage } from '../../src/gqa/headDamage';
import { mapDivergence, mean } from '../../src/gqa/measures';
import { GpuWeights } from '../../src/model/gpuWeights';
import { keepRun, type KeptRun } from '../../src/model/keptRun';
import { probeLayer, readAttention } from '../../src/model/layerProbe';
import { groupOfHead, isEncoderDecoder, kvHeadsOf, layerOf } from '../../src/model/specFacts';
import type { WeightSource } from '../../src/model/weightSource';
import type { ConversionRequest } from '../../src/protocol/conversion';
import type { SimilarityResult } from '../../src/protocol/similarity';
import { quietTask } from '../../src/protocol/tasks';
import type { RunInput } from '../../src/protocol/tokens';
import { convertAs } from '../support/conversions';
import { testContext } from './support/device';
import { fixtures, openModel, sample } from './support/golden';
import { groupedAttention } from './support/reference';

const ids = Array.from({ length: 21 }, (_, s) => (s * 7 + 3) % 100);
const contiguous = (G: number, merge: string): ConversionRequest => ({ G, grouping: 'contiguous', merge });
/** Unequal groups of heads that are not neighbours. */
const manual = (L: number, groups: number[], merge: string): ConversionRequest => ({
  G: Math.max(...groups) + 1,
  grouping: 'manual',
  merge,
  assignment: Array.from({ length: L }, () => groups),
});

describe('similarity of attention maps', () => {
  const core = new EngineCore({ adapter: 'auto', weightBudget: 1 << 30 });
  afterAll(() => core.destroy());

  async function compare(path: string, conversion: ConversionRequest, layer: number) {
    const { modelId, H } = await core.open(path, quietTask);
    const input = { kind: 'ids', ids } as const;
    const run = await core.run({ modelId, input, conversion: null, maxTokens: 99 }, quietTask);
    const converted = await core.run({ modelId, input, conversion, maxTokens: 99 }, quietTask);
    const request = { modelId, runId: run.runId, layer, on: 'attention', target: 'k', measure: 'attention' } as const;
    const result = await core.similarity({ ...request, conversion }, quietTask);
    const [a, b] = [await core.maps(run.runId, layer, quietTask), await core.maps(converted.runId, layer, quietTask)];
    const size = ids.length ** 2;
    const headsOf = (maps: Float32Array): Float32Array[] =>
      Array.from({ length: H }, (_, head) => maps.subarray(head * size, (head + 1) * size));
    return { result, H, original: headsOf(a), converted: headsOf(b) };
  }

  const pooledOf = (result: SimilarityResult): number => mean(result.toPooled);

  it.each([
    ['the sample', sample, contiguous(2, 'mean')],
    ['unequal groups', sample, manual(6, [0, 1, 0, 2, 1, 0, 0, 2], 'mean')],
    ['a merge that turns queries', join(fixtures, 'gpt2'), contiguous(2, 'pca')],
    ['a grouped checkpoint', join(fixtures, 'llama-gqa'), contiguous(1, 'first')],
  ])('is that of the maps themselves: %s', async (_, path, conversion) => {
    // Layer 0 has the same inputs in both models, so that its pooled maps are those of the converted run.
    const { result, H, original, converted } = await compare(path, conversion, 0);
    expect(result.n).toBe(H);
    original.forEach((map, row) => {
      original.forEach((other, column) => {
        const expected = 1 - mapDivergence(map, other, ids.length);
        expect(result.matrix[row * H + column]).toBeCloseTo(expected, 4);
      });
      const pooled = converted[row] ?? new Float32Array();
      expect(result.toPooled[row]).toBeCloseTo(1 - mapDivergence(map, pooled, ids.length), 4);
    });
    expect(result.text).toBe('21 tokens of the text');
    expect(result.floor).toBeGreaterThan(0);
    expect(result.floor).toBeLessThan(1);
  });

  it('compares cross-attention and the encoder of an encoder-decoder', async () => {
    const { modelId, layers } = await core.open(join(fixtures, 't5'), quietTask);
    const input: RunInput = { kind: 'ids', ids, decoder: { kind: 'ids', ids: [0, 5, 6, 7] } };
    const run = await core.run({ modelId, input, conversion: null, maxTokens: 99 }, quietTask);
    const cross = layers.findIndex(({ attention }) => attention === 'cross');
    const cases: [number, string][] = [
      [0, '21 tokens'],
      [cross, '4 tokens'],
    ];
    for (const [layer, text] of cases) {
      const ask = { modelId, runId: run.runId, layer, target: 'k', conversion: contiguous(1, 'mean') } as const;
      const maps = await core.similarity({ ...ask, on: 'attention', measure: 'attention' }, quietTask);
      expect(maps.text).toContain(text);
      // Encoder heads are left alone.
      if (layer === 0) expect(pooledOf(maps)).toBeCloseTo(1, 5);
      else expect(pooledOf(maps)).toBeLessThan(0.999);
      const shares = await core.similarity({ ...ask, on: 'activations', measure: 'pca' }, quietTask);
      // What keys are made from is the encoder's text in both.
      expect(shares.text).toContain('21 tokens');
      for (const value of shares.matrix) expect(value).toBeLessThan(1);
    }
  });

  it('changes the layer alone: a later layer keeps the inputs of the original', async () => {
    const { result, original, converted } = await compare(sample, contiguous(1, 'mean'), 4);
    const drifted = mean(original.map((map, head) => 1 - mapDivergence(map, converted[head] ?? map, ids.length)));
    expect(Math.abs(pooledOf(result) - drifted)).toBeGreaterThan(1e-3);
    expect(pooledOf((await compare(sample, contiguous(8, 'mean'), 4)).result)).toBeCloseTo(1, 5);
  });

  it('refuses what it cannot compare, by name', async () => {
    const { modelId } = await core.open(sample, quietTask);
    const conversion = contiguous(2, 'mean');
    const request = { modelId, layer: 0, on: 'attention', target: 'k', measure: 'attention', conversion } as const;
    await expect(core.similarity(request, quietTask)).rejects.toThrow(/those of a run/);
    await expect(core.similarity({ ...request, measure: 'cka' }, quietTask)).rejects.toThrow(/"cka" does not compare/);
    const input = { kind: 'ids', ids } as const;
    const { runId } = await core.run({ modelId, input, conversion, maxTokens: 99 }, quietTask);
    await expect(core.similarity({ ...request, runId }, quietTask)).rejects.toThrow(/without a conversion/);
    await expect(core.headDamage({ modelId, runId, layer: 0, conversion }, quietTask)).rejects.toThrow(/as it is/);
  });
});

describe('similarity on activations', () => {
  it('reproduces the reference study on the sample: K heads share structure, V heads do not', async () => {
    const core = new EngineCore({ adapter: 'auto', weightBudget: 1 << 30 });
    const { modelId, L } = await core.open(sample, quietTask);
    // 8192 tokens give the table of BENCHMARKS.md; these few are within 0.03 of it.
    const conversion = { ...contiguous(2, 'mean'), calibration: { file: null, tokens: 1024 } };
    const all: Record<string, SimilarityResult[]> = {};
    const compared = [
      ['k', 'aligned'],
      ['k', 'pca'],
      ['v', 'aligned'],
    ] as const;
    for (let layer = 0; layer < L; layer++) {
      for (const [target, measure] of compared) {
        const ask = { modelId, layer, on: 'activations', target, measure, conversion } as const;
        (all[`${target} ${measure}`] ??= []).push(await core.similarity(ask, quietTask));
      }
    }
    const pairs = (name: string): number =>
      mean((all[name] ?? []).map(({ matrix, n }) => summarisePairs(matrix, n, 'high').mean));
    const floor = (name: string): number => mean((all[name] ?? []).map((result) => result.floor));
    expect(Math.abs(pairs('k aligned') - 0.59)).toBeLessThan(0.03);
    expect(Math.abs(floor('k aligned') - 0.156)).toBeLessThan(0.03);
    expect(pairs('v aligned')).toBeLessThan(floor('v aligned'));
    const groups = all['k pca'] ?? [];
    const shares = groups.map(({ ofGroup }) => mean(ofGroup ?? []));
    expect(Math.min(...shares)).toBeGreaterThan(0.02);
    expect(Math.max(...shares)).toBeLessThan(0.15);
    for (const { groupFloor } of groups) {
      expect(groupFloor).toBeGreaterThan(0.45);
      expect(groupFloor).toBeLessThan(0.7);
    }
    core.destroy();
  });
});

describe('damage of heads', () => {
  /** [H][S][D] what each head adds to the residual stream, in float64. */
  async function contributionsOf(source: WeightSource, run: KeptRun, layer: number): Promise<number[][][]> {
    const context = await testContext();
    const { spec } = source;
    const { H, K, D } = spec;
    const S = run.rowsOf(layer);
    const weights = new GpuWeights(context, 0);
    const { queries, keys, values } = await readAttention(context, weights, run, layer, quietTask.signal);
    const { data: o } = await source.read('o.weight', layer);
    const G = kvHeadsOf(spec, layer);
    const { scale, attention } = layerOf(spec, layer);
    const shape = { S, T: run.keysOf(layer), past: 0, H, G, K, scale, causal: attention === 'causal' };
    const { outputs } = groupedAttention(queries, keys, values, shape, groupOfHead(spec, layer));
    return Array.from({ length: H }, (_, head) =>
      Array.from({ length: S }, (__, s) =>
        Array.from({ length: D }, (___, d) => {
          let sum = 0;
          for (let j = 0; j < K; j++) {
            sum += (o[d * H * K + head * K + j] ?? NaN) * (outputs[(s * H + head) * K + j] ?? NaN);
          }
          return sum;
        }),
      ),
    );
  }

  const norm = (rows: number[][]): number => Math.sqrt(rows.flat().reduce((sum, value) => sum + value ** 2, 0));

  it.each([
    ['llama-mha', contiguous(1, 'mean')],
    ['llama-mha', contiguous(2, 'pca')],
    ['llama-mha', manual(2, [0, 0, 1, 0, 2, 2, 1, 0], 'aligned')],
    ['gpt2', contiguous(2, 'pca')],
    ['llama-gqa', contiguous(1, 'aligned-renormalised')],
    // Its last layer is cross-attention.
    ['t5', contiguous(1, 'pca')],
  ])('is that of float64, and no more than is predicted: %s, %o', async (name, conversion) => {
    const context = await testContext();
    const weights = new GpuWeights(context, 1 << 28);
    const { source } = await openModel(join(fixtures, name));
    const tokens = isEncoderDecoder(source.spec) ? { encoder: ids, decoder: ids.slice(0, 9) } : ids;
    const run = await keepRun(context, weights, source, tokens, quietTask);
    const converted = await convertAs(source, conversion);
    const layer = source.spec.L - 1;
    const probe = await probeLayer(context, weights, converted, run, layer, quietTask.signal);
    const job = { context, weights, run, converted, layer, gram: cpuGram };
    const { observed, byValues, byKeys } = await headDamage(job, quietTask);
    const before = await contributionsOf(source, run, layer);
    const after = await contributionsOf(converted, probe.run, layer);
    before.forEach((rows, head) => {
      const change = rows.map((row, s) => row.map((value, d) => (after[head]?.[s]?.[d] ?? NaN) - value));
      expect(observed[head]).toBeCloseTo(norm(change) / norm(rows), 4);
      expect(observed[head]).toBeLessThanOrEqual((byValues[head] ?? NaN) + (byKeys[head] ?? NaN) + 1e-4);
    });
    expect(mean(observed)).toBeGreaterThan(0.01);
    probe.free();
    run.destroy();
  });
});

describe('every family', () => {
  const core = new EngineCore({ adapter: 'auto', weightBudget: 1 << 30 });
  afterAll(() => core.destroy());
  const folders = readdirSync(fixtures).filter((name) => existsSync(join(fixtures, name, 'config.json')));

  it.each(folders)('compares heads on a text and predicts no less than is observed: %s', async (name) => {
    const { modelId, layers, groupChoices, L } = await core.open(join(fixtures, name), quietTask);
    const isPair = layers.some(({ attention }) => attention === 'cross');
    const input: RunInput = { kind: 'ids', ids, ...(isPair ? { decoder: { kind: 'ids', ids: ids.slice(0, 9) } } : {}) };
    const { runId } = await core.run({ modelId, input, conversion: null, maxTokens: 99 }, quietTask);
    // Half as many KV heads; a model of one keeps it.
    const conversion = contiguous(groupChoices[1] ?? 1, 'pca');
    const ask = { modelId, runId, layer: L - 1, target: 'k', conversion } as const;
    const compared = [
      ['activations', 'pca'],
      ['attention', 'attention'],
    ] as const;
    for (const [on, measure] of compared) {
      const { matrix, toPooled, floor } = await core.similarity({ ...ask, on, measure }, quietTask);
      for (const value of [...matrix, ...toPooled, floor]) {
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1.0001);
      }
    }
    const { observed, byValues, byKeys } = await core.headDamage(ask, quietTask);
    observed.forEach((value, head) => {
      expect(value).toBeLessThanOrEqual(1.0001 * ((byValues[head] ?? NaN) + (byKeys[head] ?? NaN)) + 1e-4);
    });
    if (conversion.G < (groupChoices[0] ?? 1)) expect(mean(observed)).toBeGreaterThan(0.1);
    await core.close(modelId);
  });
});
