/** Attention maps of heads against each other, and the damage of heads, against plain float64 on real checkpoints. */
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EngineCore } from '../../src/engine/core';
import { cpuGram } from '../../src/gqa/gram';
import { headDamage } from '../../src/gqa/headDamage';
import { mapDivergence, mean } from '../../src/gqa/measures';
import { GpuWeights } from '../../src/model/gpuWeights';
import { keepRun, type KeptRun } from '../../src/model/keptRun';
import { probeLayer, readAttention } from '../../src/model/layerProbe';
import { groupOfHead, kvHeadsOf, layerOf, type WeightSource } from '../../src/model/spec';
import type { ConversionRequest, SimilarityResult } from '../../src/protocol/model';
import { quietTask } from '../../src/protocol/tasks';
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
    const shape = { S, past: 0, H, G, K, scale: layerOf(spec, layer).scale };
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
  ])('is that of float64, and no more than is predicted: %s, %o', async (name, conversion) => {
    const context = await testContext();
    const weights = new GpuWeights(context, 1 << 28);
    const { source } = await openModel(join(fixtures, name));
    const run = await keepRun(context, weights, source, ids, quietTask);
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
