/** Checkpoints under other names compute what their goldens say, and are exported under the names that they have. */
import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GpuWeights } from '../../src/model/gpuWeights';
import { keepRun } from '../../src/model/keptRun';
import { readLogits } from '../../src/model/logits';
import { readMaps } from '../../src/model/maps';
import { logitDistance } from '../../src/model/sameFunction';
import { quietTask } from '../../src/protocol/tasks';
import { convertAs } from '../support/conversions';
import { exportAs } from '../support/exports';
import { writeRenamed } from '../support/renamed';
import { maxDifference, relativeL2 } from './support/compare';
import { settleAfterAll, testContext } from './support/device';
import { fixtures, Golden, openModel } from './support/golden';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gqa-lens-names-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const vision = { model_type: 'larger', vision_config: { num_key_value_heads: 3 } };
const cases = [
  { name: 'gpt2', saved: 'compiled and parallel', rename: (own: string) => `module._orig_mod.${own}`, config: undefined }, // prettier-ignore
  { name: 'bert', saved: "TensorFlow's", rename: (own: string) => own.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta'), config: undefined }, // prettier-ignore
  { name: 'llama-mha', saved: 'within a larger model', rename: (own: string) => `language_model.${own}`, config: (config: object) => ({ ...vision, text_config: config }) }, // prettier-ignore
  { name: 'gemma3', saved: 'within a larger model', rename: (own: string) => own.replace('model.', 'model.language_model.'), config: (config: object) => ({ ...vision, text_config: config }) }, // prettier-ignore
];

describe.each(cases)('$name, $saved,', ({ name, rename, config }) => {
  settleAfterAll();

  it('equals its goldens, and what its export computes', async () => {
    const context = await testContext();
    const weights = new GpuWeights(context, 1 << 30);
    const saved = join(folder, `${name}-saved`);
    await writeRenamed(name, saved, rename, config);
    const { checkpoint, source } = await openModel(saved);
    const golden = await Golden.open(join(fixtures, name, 'golden.safetensors'));
    const ids = await golden.ids('input_ids');
    const run = await keepRun(context, weights, source, ids, quietTask);
    const logits = await readLogits(context, weights, run, quietTask);
    run.destroy();
    expect(relativeL2(logits, await golden.floats('logits'))).toBeLessThan(1e-4);

    const G = Math.max(1, source.spec.G / 4);
    const converted = await convertAs(source, { G, grouping: 'contiguous', merge: 'mean' });
    const outFolder = join(folder, `${name}-exported`);
    await exportAs({ checkpoint, source: converted, original: source, outFolder });
    const exported = await openModel(outFolder);
    expect([...exported.checkpoint.tensors.keys()].sort()).toEqual([...checkpoint.tensors.keys()].sort());
    expect(await logitDistance(context, weights, converted, exported.source, ids, quietTask)).toBeLessThan(1e-6);
    if (source.spec.formatHasKvHeads) {
      const written = JSON.parse(await readFile(join(outFolder, 'config.json'), 'utf8')) as typeof vision & {
        text_config: { num_key_value_heads: number };
      };
      // Said where the language model is described, and nowhere else.
      expect(written).toMatchObject({ text_config: { num_key_value_heads: G }, vision_config: vision.vision_config });
      expect(written).not.toHaveProperty('num_key_value_heads');
    }
  });
});

const larger = join(fixtures, 'larger');

describe.each(readdirSync(larger))('the language model within %s', (name) => {
  settleAfterAll();

  it('equals what transformers computes of a text without images', async () => {
    const context = await testContext();
    const weights = new GpuWeights(context, 1 << 30);
    const { source } = await openModel(join(larger, name));
    const golden = await Golden.open(join(larger, name, 'golden.safetensors'));
    const run = await keepRun(context, weights, source, await golden.ids('input_ids'), quietTask);
    const { L, H, within } = source.spec;
    expect(within?.besides).toMatch(/^\d+ tensors of multi_modal_projector, vision_tower$/);
    const logits = await readLogits(context, weights, run, quietTask);
    expect(relativeL2(logits, await golden.floats('logits'))).toBeLessThan(1e-4);
    const heads = Array.from({ length: H }, (_, head) => head);
    for (let layer = 0; layer < L; layer++) {
      const maps = await readMaps(context, weights, run, layer, heads, [0, run.S], quietTask);
      expect(maxDifference(maps, await golden.floats(`attn.${layer}`))).toBeLessThan(1e-4);
    }
    run.destroy();
  });
});
