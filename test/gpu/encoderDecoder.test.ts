/** Encoder-decoders against transformers' goldens: logits, the three kinds of attention, decoding, pooled heads. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { GpuContext } from '../../src/gpu/context';
import { GpuWeights } from '../../src/model/gpuWeights';
import { continueGreedily } from '../../src/model/greedy';
import { keepRun, type KeptRun } from '../../src/model/keptRun';
import { readLogits } from '../../src/model/logits';
import { readMaps } from '../../src/model/maps';
import { kvHeadsOf, type WeightSource } from '../../src/model/spec';
import type { TokenPair } from '../../src/protocol/model';
import { quietTask } from '../../src/protocol/tasks';
import { convertAs } from '../support/conversions';
import { maxDifference, relativeL2 } from './support/compare';
import { settleAfterAll, testContext } from './support/device';
import { fixtures, Golden, openModel } from './support/golden';

const models = ['t5', 't5-v1_1'];

async function goldenTokens(name: string): Promise<{ golden: Golden; tokens: TokenPair }> {
  const golden = await Golden.open(join(fixtures, name, 'golden.safetensors'));
  const tokens = { encoder: await golden.ids('input_ids'), decoder: await golden.ids('decoder_input_ids') };
  return { golden, tokens };
}

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
    const { golden, tokens } = await goldenTokens(name);
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
      const { tokens } = await goldenTokens(name);
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
      await expectSteps(context, weights, converted, tokens);
      run.destroy();
    },
  );
});

/** Decoding step by step from caches finds the tokens that whole passes find. */
async function expectSteps(
  context: GpuContext,
  weights: GpuWeights,
  source: WeightSource,
  { encoder }: TokenPair,
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
