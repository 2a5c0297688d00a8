/** GGUF files against transformers' goldens, and against the safetensors that they were made from. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkpointTokenizer, loadTokenizer } from '../../src/checkpoint/tokenizer';
import { GpuWeights } from '../../src/model/gpuWeights';
import { keepRun, type KeptRun } from '../../src/model/keptRun';
import { readLogits } from '../../src/model/logits';
import { readMaps } from '../../src/model/maps';
import { groupOfHead } from '../../src/model/specFacts';
import { quietTask } from '../../src/protocol/tasks';
import { convertToGguf } from '../support/gguf/convert';
import { maxDifference, relativeL2 } from './support/compare';
import { settleAfterAll, testContext } from './support/device';
import { fixtures, Golden, openModel, sample, type Fixture } from './support/golden';

const folder = join(fixtures, 'gguf');

interface Run extends Fixture {
  weights: GpuWeights;
  run: KeptRun;
  logits: Float32Array;
  maps: (layer: number) => Promise<Float32Array>;
}

async function runOf(path: string, ids: readonly number[]): Promise<Run> {
  const context = await testContext();
  const fixture = await openModel(path);
  const weights = new GpuWeights(context, 1 << 30);
  const run = await keepRun(context, weights, fixture.source, ids, quietTask);
  const heads = Array.from({ length: fixture.source.spec.H }, (_, head) => head);
  return {
    ...fixture,
    weights,
    run,
    logits: await readLogits(context, weights, run, quietTask),
    maps: (layer) => readMaps(context, weights, run, layer, heads, [0, run.S], quietTask),
  };
}

describe.each(['llama-gqa-f16', 'llama-sample-q8_0', 'llama-sample-q4_0'])('%s.gguf', (name) => {
  settleAfterAll();

  it('computes what transformers does with its dequantised weights', async () => {
    const golden = await Golden.open(join(folder, `${name}.golden.safetensors`));
    const { source, run, logits, maps } = await runOf(join(folder, `${name}.gguf`), await golden.ids('input_ids'));
    expect(relativeL2(logits, await golden.floats('logits'))).toBeLessThan(1e-4);
    for (let layer = 0; layer < source.spec.L; layer++) {
      expect(maxDifference(await maps(layer), await golden.floats(`attn.${layer}`))).toBeLessThan(1e-3);
    }
    run.destroy();
  });
});

describe('llama-gqa-f16.gguf and its safetensors', () => {
  settleAfterAll();

  it('show the same heads and maps', async () => {
    const golden = await Golden.open(join(fixtures, 'llama-gqa/golden.safetensors'));
    const ids = await golden.ids('input_ids');
    const ours = await runOf(join(folder, 'llama-gqa-f16.gguf'), ids);
    const theirs = await runOf(join(fixtures, 'llama-gqa'), ids);
    const sizes = ({ source }: Run): number[] => {
      const { L, D, H, G, K, F, V } = source.spec;
      return [L, D, H, G, K, F, V];
    };
    expect(sizes(ours)).toEqual(sizes(theirs));
    for (let layer = 0; layer < ours.source.spec.L; layer++) {
      expect(groupOfHead(ours.source.spec, layer)).toEqual(groupOfHead(theirs.source.spec, layer));
      // Half precision of the weights: 2^-11 relative.
      expect(relativeL2(await ours.maps(layer), await theirs.maps(layer))).toBeLessThan(2e-3);
    }
    ours.run.destroy();
    theirs.run.destroy();
  });
});

describe.each(['gpt2', 'gpt-neox', 'gemma2', 'gemma3', 'mixtral'])('%s, written as llama.cpp does', (name) => {
  settleAfterAll();

  it('computes what its safetensors do', async () => {
    const temporary = await mkdtemp(join(tmpdir(), 'gqa-lens-gguf-'));
    onTestFinished(() => rm(temporary, { recursive: true, force: true }));
    const file = join(temporary, `${name}.gguf`);
    await writeFile(file, await convertToGguf((await openModel(join(fixtures, name))).checkpoint, { version: 2 }));
    const golden = await Golden.open(join(fixtures, name, 'golden.safetensors'));
    const { source, run, logits, maps } = await runOf(file, await golden.ids('input_ids'));
    expect(relativeL2(logits, await golden.floats('logits'))).toBeLessThan(1e-4);
    for (let layer = 0; layer < source.spec.L; layer++) {
      expect(maxDifference(await maps(layer), await golden.floats(`attn.${layer}`))).toBeLessThan(1e-4);
    }
    run.destroy();
  });
});

it('the tokenizer in a GGUF file encodes as the tokenizer.json that it was made from', async () => {
  const { checkpoint } = await openModel(join(folder, 'llama-sample-q8_0.gguf'));
  const ours = await checkpointTokenizer(checkpoint);
  const theirs = await loadTokenizer(sample);
  for (const text of [
    'It was a dark night.',
    "  She'd said 1815,\n\nthen — “no”!\t\tÆ 漢字 🙂 ",
    '<|endoftext|>x',
    '',
  ]) {
    expect(ours?.encode(text)).toEqual(theirs?.encode(text));
    expect(ours?.decode(ours.encode(text))).toBe(theirs?.decode(theirs.encode(text)));
  }
});
