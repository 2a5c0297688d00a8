/** Encoder-decoders against transformers' goldens: logits, the three kinds of attention, decoding, pooled heads. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { GpuContext } from '../../src/gpu/context';
import { convert } from '../../src/gqa/convert';
import { aligned } from '../../src/gqa/merges/aligned';
import { calibrate } from '../../src/model/calibration';
import { GpuWeights } from '../../src/model/gpuWeights';
import { continueGreedily } from '../../src/model/greedy';
import { keepRun, type KeptRun } from '../../src/model/keptRun';
import { readLogits } from '../../src/model/logits';
import { readMaps } from '../../src/model/maps';
import { logitDistance } from '../../src/model/sameFunction';
import { kvHeadsOf, layerOf } from '../../src/model/specFacts';
import type { WeightSource } from '../../src/model/weightSource';
import { encoderTokens } from '../../src/model/tokens';
import { quietTask } from '../../src/protocol/tasks';
import { convertAs, groupingOf } from '../support/conversions';
import { maxDifference, relativeL2 } from './support/compare';
import { settleAfterAll, testContext } from './support/device';
import { fixtures, Golden, openModel } from './support/golden';

const models = ['t5', 't5-v1_1'];

const goldenOf = (name: string): Promise<Golden> => Golden.open(join(fixtures, name, 'golden.safetensors'));

/** Compares logits and all maps of a run with a golden file whose names start with `prefix`. */
async function expectGolden(
  context: GpuContext,
  weights: GpuWeights,
  run: KeptRun,
  golden: Golden,
  prefix = '',
): Promise<void> {
  const { layers, H } = run.source.spec;
  const heads = Array.from({ length: H }, (_, head) => head);
  const logits = await readLogits(context, weights, run, quietTask);
  expect(relativeL2(logits, await golden.floats(`${prefix}logits`))).toBeLessThan(1e-4);
  for (const [layer, { name }] of layers.entries()) {
    const maps = await readMaps(context, weights, run, layer, heads, [0, run.rowsOf(layer)], quietTask);
    expect(maxDifference(maps, await golden.floats(`${prefix}attn.${name}`))).toBeLessThan(1e-4);
  }
}

describe.each(models)('%s', (name) => {
  settleAfterAll();

  it('equals the goldens', async () => {
    const context = await testContext();
    const { source } = await openModel(join(fixtures, name));
    const golden = await goldenOf(name);
    const tokens = await golden.tokens();
    const weights = new GpuWeights(context, 1 << 30);
    const run = await keepRun(context, weights, source, tokens, quietTask);
    await expectGolden(context, weights, run, golden);
    const greedy = await golden.ids('greedy');
    const answer = await continueGreedily(context, weights, run, greedy.length - 1, quietTask);
    expect([source.spec.decoderStart, ...answer]).toEqual(greedy);
    run.destroy();
  });

  it.each(['mean', 'first'].flatMap((merge) => [8, 4, 2, 1].map((G) => ({ merge, G }))))(
    'with the decoder pooled to $G by $merge equals the golden',
    async ({ merge, G }) => {
      const context = await testContext();
      const { source } = await openModel(join(fixtures, name));
      const tokens = await (await goldenOf(name)).tokens();
      const golden = await Golden.open(join(fixtures, name, 'golden-conversions.safetensors'));
      const converted = await convertAs(source, { G, grouping: 'contiguous', merge });
      const weights = new GpuWeights(context, 1 << 30);
      const run = await keepRun(context, weights, converted, tokens, quietTask);
      const { spec } = converted;
      for (const [layer, { stack }] of spec.layers.entries()) {
        expect(kvHeadsOf(spec, layer)).toBe(stack === 'encoder' ? 8 : G);
        expect(run.caches[layer]?.keys.size).toBe(run.keysOf(layer) * kvHeadsOf(spec, layer) * spec.K * 4);
      }
      await expectGolden(context, weights, run, golden, `${merge}.${G}.`);
      await expectSteps(context, weights, converted, encoderTokens(tokens) ?? []);
      run.destroy();
    },
  );
});

describe.each(models)('merges solved on the weights of %s', (name) => {
  it('turn the heads of both attentions of the decoder without changing the function', async () => {
    const context = await testContext();
    const { source } = await openModel(join(fixtures, name));
    const tokens = await (await goldenOf(name)).tokens();
    const weights = new GpuWeights(context, 1 << 30);
    const distances: number[] = [];
    const changed: string[] = [];
    const check = async (turned: WeightSource): Promise<void> => {
      distances.push(await logitDistance(context, weights, source, turned, tokens, quietTask));
      for (const [layer, { name: block }] of source.spec.layers.entries()) {
        const [own, before] = [await turned.read('k.weight', layer), await source.read('k.weight', layer)];
        if (relativeL2(own.data, before.data) > 0.1) changed.push(block);
      }
    };
    const grouping = await groupingOf(source, { G: 2, grouping: 'contiguous' });
    await convert(source, grouping, aligned, { calibration: null, check, task: quietTask });
    expect(distances[0]).toBeLessThan(1e-4);
    expect(changed).toEqual(['decoder.0', 'cross.0', 'decoder.1', 'cross.1']);
  });

  it.each(['mean', 'medoid', 'renormalised', 'aligned', 'aligned-renormalised', 'pca'])(
    '%s leaves equal heads as they are, and the encoder in any case',
    async (merge) => {
      const context = await testContext();
      const { source } = await openModel(join(fixtures, name));
      const tokens = await (await goldenOf(name)).tokens();
      const equal = withEqualHeads(source, 2);
      const merged = await convertAs(equal, { G: 2, grouping: 'contiguous', merge });
      expect(merged.spec.G).toBe(2);
      const weights = new GpuWeights(context, 1 << 30);
      expect(await logitDistance(context, weights, equal, merged, tokens, quietTask)).toBeLessThan(1e-4);
      expect(merged.owner?.('k.weight', 0)).toBe(equal);
    },
  );
});

describe.each(models)('merges solved on a text, in %s', (name) => {
  it.each(['pca-text', 'pca-refit', 'score-als'])(
    '%s leaves equal heads of both attentions as they are',
    async (merge) => {
      const context = await testContext();
      const { source } = await openModel(join(fixtures, name));
      const tokens = await (await goldenOf(name)).tokens();
      const equal = withEqualHeads(source, 2);
      const weights = new GpuWeights(context, 1 << 30);
      // Windows of different lengths on the two sides of cross-attention.
      const windows = Array.from({ length: 12 }, (_, window) => ({
        encoder: Array.from({ length: 32 }, (__, s) => 3 + ((s * 7 + window * 13) % 100)),
        decoder: Array.from({ length: 16 }, (__, s) => (s === 0 ? 0 : 3 + ((s * 11 + window * 17) % 100))),
      }));
      const calibration = await calibrate(context, weights, equal, windows, 'test', quietTask);
      const merged = await convertAs(equal, { G: 2, grouping: 'contiguous', merge }, calibration);
      expect(merged.spec.G).toBe(2);
      expect(await logitDistance(context, weights, equal, merged, tokens, quietTask)).toBeLessThan(1e-2);
      expect(merged.owner?.('k.weight', 0)).toBe(equal);
    },
  );
});

/** A model whose decoder has `G` groups of adjacent heads with the same K and V. */
function withEqualHeads(source: WeightSource, G: number): WeightSource {
  const { spec } = source;
  const R = spec.H / G;
  return {
    spec,
    has: (role, layer) => source.has(role, layer),
    readRows: (role, layer, start, end) => source.readRows(role, layer, start, end),
    read: async (role, layer) => {
      const weight = await source.read(role, layer);
      if (layer === null || !layerOf(spec, layer).grouped || !/^[kv]\./.test(role)) return weight;
      const block = weight.data.length / spec.H;
      const data = weight.data.map(
        (_, index) => weight.data[(index % block) + Math.floor(index / block / R) * R * block] ?? 0,
      );
      return { ...weight, data };
    },
  };
}

/** Decoding step by step from caches finds the tokens that whole passes find. */
async function expectSteps(
  context: GpuContext,
  weights: GpuWeights,
  source: WeightSource,
  encoder: readonly number[],
): Promise<void> {
  const start = source.spec.decoderStart ?? NaN;
  const first = await keepRun(context, weights, source, { encoder, decoder: [start] }, quietTask);
  const answer = await continueGreedily(context, weights, first, 4, quietTask);
  first.destroy();
  const whole = await keepRun(context, weights, source, { encoder, decoder: [start, ...answer] }, quietTask);
  const logits = await readLogits(context, weights, whole, quietTask);
  whole.destroy();
  const { V, endTokens } = source.spec;
  const tops = answer.map((_, s) => {
    const row = logits.subarray(s * V, (s + 1) * V);
    return row.reduce((best, value, id) => (value > (row[best] ?? NaN) && !endTokens.includes(id) ? id : best), 0);
  });
  expect(tops).toEqual(answer);
}
