/** Each architecture: a fixture written as llama.cpp would is the same model when it is read. */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Checkpoint } from '../../../../src/checkpoint/checkpoint';
import { architectures } from '../../../../src/checkpoint/gguf/architectures';
import { openCheckpoint } from '../../../../src/checkpoint/openCheckpoint';
import { writeSafetensors } from '../../../../src/checkpoint/safetensorsWriter';
import { encodeFloat32 } from '../../../../src/checkpoint/dtypes';
import { uniformRandom } from '../../../../src/gqa/random';
import { resolveModel } from '../../../../src/model/resolve';
import type { ModelSpec } from '../../../../src/model/spec';
import type { Role } from '../../../../src/model/roles';
import { CheckpointWeights } from '../../../../src/model/weights';
import { fixtures } from '../../../support/fixtures';
import { convertToGguf, type ConvertOptions } from '../../../support/gguf/convert';
import { temporaryFolder } from '../temporaryFolder';

const named = ['llama-gqa', 'llama-biases', 'mixtral', 'qwen2', 'qwen3', 'gemma', 'gemma2', 'gemma3', 'phi3'];
const others = [
  'gpt2',
  'gpt-neox',
  'starcoder2',
  'falcon-mqa',
  'falcon-new',
  'bloom',
  'granite',
  'olmo2',
  'smollm3',
  'cohere',
];

/** Both forms of a model. */
async function both(name: string, options: ConvertOptions = {}): Promise<{ theirs: Checkpoint; ours: Checkpoint }> {
  const folder = await temporaryFolder();
  const theirs = await openCheckpoint((await made[name]?.(folder)) ?? join(fixtures, name));
  const file = join(folder, `${name}.gguf`);
  await writeFile(file, await convertToGguf(theirs, options));
  const ours = await openCheckpoint(file);
  onTestFinished(async () => {
    await ours.close();
    await theirs.close();
  });
  return { theirs, ours };
}

/** Falcon's new decoder architecture, of which there is no fixture: 8 heads of 8 in 2 groups, a norm for each half. */
async function newFalcon(parent: string): Promise<string> {
  const folder = join(parent, 'falcon-new');
  await mkdir(folder);
  const small = await openCheckpoint(join(fixtures, 'falcon-mqa'));
  const config = { ...small.config, new_decoder_architecture: true, multi_query: false, num_kv_heads: 2 };
  await small.close();
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  const shapes: Record<string, readonly number[]> = { 'transformer.word_embeddings.weight': [112, 64] };
  for (const kind of ['weight', 'bias']) {
    shapes[`transformer.ln_f.${kind}`] = [64];
    for (const layer of [0, 1]) {
      for (const norm of ['ln_attn', 'ln_mlp']) shapes[`transformer.h.${layer}.${norm}.${kind}`] = [64];
    }
  }
  for (const layer of [0, 1]) {
    shapes[`transformer.h.${layer}.self_attention.query_key_value.weight`] = [96, 64];
    shapes[`transformer.h.${layer}.self_attention.dense.weight`] = [64, 64];
    shapes[`transformer.h.${layer}.mlp.dense_h_to_4h.weight`] = [256, 64];
    shapes[`transformer.h.${layer}.mlp.dense_4h_to_h.weight`] = [64, 256];
  }
  const random = uniformRandom(7);
  const tensors = Object.entries(shapes).map(([name, shape]) => ({
    name,
    dtype: 'F32' as const,
    shape,
    async *chunks(): AsyncGenerator<Uint8Array> {
      const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random() - 0.5);
      yield await Promise.resolve(encodeFloat32('F32', values));
    },
  }));
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
  return folder;
}

/** Llama with biases on queries and keys, which are permuted like rows: Qwen2 under another name. */
async function biasedLlama(parent: string): Promise<string> {
  const folder = join(parent, 'llama-biases');
  await mkdir(folder);
  const config = JSON.parse(await readFile(join(fixtures, 'qwen2/config.json'), 'utf8')) as object;
  await writeFile(join(folder, 'config.json'), JSON.stringify({ ...config, model_type: 'llama' }));
  await copyFile(join(fixtures, 'qwen2/model.safetensors'), join(folder, 'model.safetensors'));
  return folder;
}

/** Models of which there is no fixture, written into a folder. */
const made: Readonly<Record<string, (parent: string) => Promise<string>>> = {
  'falcon-new': newFalcon,
  'llama-biases': biasedLlama,
};

/** Every role of a model with its layer. */
function rolesOf({ globals, layers }: ModelSpec): [Role, number | null][] {
  return [
    ...Object.keys(globals).map((role): [Role, null] => [role as Role, null]),
    ...layers.flatMap(({ weights, experts = [] }, layer) => [
      ...Object.keys(weights).map((role): [Role, number] => [role as Role, layer]),
      ...experts.flatMap((parts, expert) => {
        return Object.keys(parts).map((part): [Role, number] => [`experts.${expert}.${part}` as Role, layer]);
      }),
    ]),
  ];
}

/** What a spec says apart from where weights lie. */
function settings({ globals: _globals, layers, ...spec }: ModelSpec): unknown {
  return { ...spec, layers: layers.map(({ weights: _weights, experts: _experts, ...layer }) => layer) };
}

it('every architecture is tested', () => {
  expect(architectures).toHaveLength(16);
});

describe.each([...named, ...others])('%s', (name) => {
  it('has the settings and the weights of its safetensors', async () => {
    const { theirs, ours } = await both(name);
    const [expected, found] = [resolveModel(theirs), resolveModel(ours)];
    // The ids of special tokens are the tokenizer's, which the file has none of, and BLOOM knows no longest input.
    const same = {
      endTokens: [],
      maxPositions: null,
      ...(name === 'llama-gqa' && { position: null, positionText: '' }),
    };
    expect({ ...(settings(found) as object), ...same }).toEqual({ ...(settings(expected) as object), ...same });
    const roles = rolesOf(expected);
    expect(rolesOf(found)).toEqual(roles);
    const [theirWeights, ourWeights] = [new CheckpointWeights(theirs, expected), new CheckpointWeights(ours, found)];
    for (const [role, layer] of roles) {
      const [read, right] = [await ourWeights.read(role, layer), await theirWeights.read(role, layer)];
      expect(read.rows).toBe(right.rows);
      // Norms of Gemma were rounded when 1 was added to them.
      const tolerance = role.includes('norm') && name.startsWith('gemma') ? 2 ** -23 : 0;
      expect(largestDifference(read.data, right.data), `${role} ${layer}`).toBeLessThanOrEqual(tolerance);
    }
  });

  it('reads any range of a tensor as a part of the whole', async () => {
    const { ours } = await both(name);
    const random = uniformRandom(3);
    for (const tensor of [...ours.tensors.values()].filter(({ derived }) => derived)) {
      const whole = await ours.readFloat32(tensor.name);
      for (let run = 0; run < 4; run++) {
        const start = Math.floor(random() * whole.length);
        const end = start + Math.floor(random() * (whole.length - start + 1));
        const part = await ours.readFloat32(tensor.name, { start, end });
        expect(part).toEqual(whole.slice(start, end));
      }
      await expect(ours.readFloat32(tensor.name, { start: 0, end: whole.length + 1 })).rejects.toThrow(RangeError);
    }
  });
});

function largestDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return NaN;
  return a.reduce((largest, value, index) => Math.max(largest, Math.abs(value - (b[index] ?? NaN))), 0);
}
