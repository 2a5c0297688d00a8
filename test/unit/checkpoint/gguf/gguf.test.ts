/** GGUF files as checkpoints: paths, parts, settings of the rotary embedding, types that are not decoded, exports. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Checkpoint } from '../../../../src/checkpoint/checkpoint';
import { identify } from '../../../../src/checkpoint/identity';
import { openCheckpoint } from '../../../../src/checkpoint/openCheckpoint';
import { resolveModel } from '../../../../src/model/resolve';
import { summarise } from '../../../../src/model/summary';
import { CheckpointWeights } from '../../../../src/model/weights';
import { convertAs } from '../../../support/conversions';
import { exportAs } from '../../../support/exports';
import { fixtures } from '../../../support/fixtures';
import { convertToGguf, type ConvertOptions } from '../../../support/gguf/convert';
import { float32Tensor, ggufBytes, pairsOf } from '../../../support/gguf/writer';
import { temporaryFolder } from '../temporaryFolder';

async function open(path: string): Promise<Checkpoint> {
  const checkpoint = await openCheckpoint(path);
  onTestFinished(() => checkpoint.close());
  return checkpoint;
}

async function fixtureAsGguf(name: string, options: ConvertOptions = {}, file = 'model.gguf'): Promise<string> {
  const path = join(await temporaryFolder(), file);
  await writeFile(path, await convertToGguf(await open(join(fixtures, name)), options));
  return path;
}

const summaryOf = (checkpoint: Checkpoint) =>
  summarise(checkpoint, null, { modelId: 'm', hasTokenizer: false, notRunnable: null });

describe('paths', () => {
  it('a folder with one file is that file', async () => {
    const path = await fixtureAsGguf('qwen2');
    const checkpoint = await open(join(path, '..'));
    expect(resolveModel(checkpoint).family).toBe('qwen2');
    expect(checkpoint.tensors.get('model.norm.weight')?.file).toBe(path);
  });

  it('a folder with two models is refused, unless one is for images', async () => {
    const path = await fixtureAsGguf('qwen2');
    await writeFile(join(path, '../mmproj-model.gguf'), 'not read');
    expect(resolveModel(await open(join(path, '..'))).family).toBe('qwen2');
    await writeFile(join(path, '../other.gguf'), await readFile(path));
    await expect(openCheckpoint(join(path, '..'))).rejects.toMatchObject({
      code: 'checkpoint-unsupported',
      detail: { found: '2 models: model.gguf, other.gguf' },
    });
  });

  it('a split model is opened by any part, and parts that are missing are named', async () => {
    const folder = join(await temporaryFolder(), 'split');
    await mkdir(folder);
    const part = (number: number): string => join(folder, `m-0000${number}-of-00002.gguf`);
    const split = (number: number, values: object, name: string): Uint8Array =>
      ggufBytes({
        pairs: pairsOf({ ...values, 'split.no': number, 'split.count': 2 }),
        tensors: [float32Tensor(name, [2], Float32Array.of(number, 5))],
      });
    await writeFile(part(1), split(0, { 'general.architecture': 'mystery', 'mystery.block_count': 7 }, 'x'));
    await expect(openCheckpoint(part(1))).rejects.toMatchObject({
      detail: { found: 'no m-00002-of-00002.gguf' },
    });
    await writeFile(part(2), split(1, {}, 'y'));
    for (const path of [part(1), part(2), folder]) {
      const checkpoint = await open(path);
      expect([...checkpoint.tensors.keys()]).toEqual(['x', 'y']);
      expect([...(await checkpoint.readFloat32('y'))]).toEqual([1, 5]);
      expect(summaryOf(checkpoint)).toMatchObject({ L: 7, family: 'mystery' });
    }
    await writeFile(part(2), split(0, {}, 'y'));
    await expect(openCheckpoint(part(1))).rejects.toMatchObject({
      code: 'checkpoint-invalid',
      detail: { file: part(2) },
    });
  });
});

describe('settings', () => {
  it('experts in files of their own, as the first converters wrote them, are the same model', async () => {
    const [stacked, single] = [
      await open(await fixtureAsGguf('mixtral')),
      await open(await fixtureAsGguf('mixtral', { eachExpert: true })),
    ];
    expect([...single.tensors.keys()].sort()).toEqual([...stacked.tensors.keys()].sort());
    const name = 'model.layers.1.block_sparse_moe.experts.3.w2.weight';
    expect(await single.readFloat32(name)).toEqual(await stacked.readFloat32(name));
  });

  it('a window of 0 is none', async () => {
    const metadata = { 'phi3.attention.sliding_window': 0 };
    const { layers } = resolveModel(await open(await fixtureAsGguf('phi3', { metadata })));
    expect(layers.map(({ window }) => window)).toEqual([undefined, undefined]);
  });

  it('special tokens and the end of a turn end a text', async () => {
    const metadata = { 'tokenizer.ggml.eos_token_id': 5, 'tokenizer.ggml.eot_token_id': 7 };
    expect(resolveModel(await open(await fixtureAsGguf('qwen2', { metadata }))).endTokens).toEqual([5, 7]);
  });
});

describe('rotary settings', () => {
  const factors = Float32Array.of(1, 1.5, 8, 8);
  const positionOf = async (
    name: string,
    options: ConvertOptions,
  ): Promise<{ frequencies: number[]; text: string }> => {
    const { position, positionText } = resolveModel(await open(await fixtureAsGguf(name, options)));
    if (position.kind !== 'rotary') throw new Error(position.kind);
    return { frequencies: [...position.inverseFrequencies], text: positionText };
  };

  it('rope_freqs divides each frequency, at every length', async () => {
    const plain = await positionOf('llama-gqa', {});
    const tensors = [float32Tensor('rope_freqs.weight', [4], factors)];
    const { frequencies, text } = await positionOf('llama-gqa', { tensors });
    for (const [plane, factor] of factors.entries()) {
      expect(frequencies[plane]).toBeCloseTo((plain.frequencies[plane] ?? NaN) / factor, 6);
    }
    expect(text).toBe('rotary, base 500000, wavelengths stretched 1 to 8x');
  });

  it('long and short factors of Phi-3 are longrope', async () => {
    const tensors = [
      float32Tensor('rope_factors_short.weight', [4], Float32Array.of(1, 1, 1, 2)),
      float32Tensor('rope_factors_long.weight', [4], factors),
    ];
    const metadata = { 'phi3.rope.scaling.attn_factor': 1.25, 'phi3.rope.scaling.original_context_length': 64 };
    const { position } = resolveModel(await open(await fixtureAsGguf('phi3', { tensors, metadata })));
    expect(position).toMatchObject({ scale: 1.25, longer: { above: 64 } });
  });

  it.each([
    [{ 'qwen2.rope.scaling.type': 'linear', 'qwen2.rope.scaling.factor': 4 }, 'rotary, base 10000, linear scaling 4x'],
    [{ 'qwen2.rope.scaling.type': 'none', 'qwen2.rope.scaling.factor': 4 }, 'rotary, base 10000'],
    [{ 'qwen2.rope.scale_linear': 2 }, 'rotary, base 10000, linear scaling 2x'],
    [
      {
        'qwen2.rope.scaling.type': 'yarn',
        'qwen2.rope.scaling.factor': 4,
        'qwen2.rope.scaling.original_context_length': 64,
      },
      'rotary, base 10000, yarn scaling 4x',
    ],
  ])('%o', async (metadata, text) => {
    expect((await positionOf('qwen2', { metadata })).text).toBe(text);
  });
});

describe('tensors', () => {
  it('of a type that is not decoded can be looked at, and reading them says which are decoded', async () => {
    const path = join(await temporaryFolder(), 'x.gguf');
    const quantised = { name: 'blk.0.x.weight', dimensions: [256, 2], type: 10, data: new Uint8Array(168) };
    await writeFile(path, ggufBytes({ pairs: pairsOf({ 'general.architecture': 'mystery' }), tensors: [quantised] }));
    const checkpoint = await open(path);
    expect(checkpoint.tensors.get('blk.0.x.weight')).toMatchObject({ dtype: 'Q2_K', shape: [2, 256], byteLength: 168 });
    await expect(checkpoint.readFloat32('blk.0.x.weight')).rejects.toMatchObject({
      code: 'checkpoint-unsupported',
      detail: { tensor: 'blk.0.x.weight', found: 'Q2_K', expected: expect.stringContaining('Q6_K') as string },
    });
  });

  it('are counted and measured as they are stored', async () => {
    const checkpoint = await open(join(fixtures, 'gguf/llama-sample-q4_0.gguf'));
    const { dtypes, dtype } = summarise(checkpoint, resolveModel(checkpoint), {
      modelId: 'm',
      hasTokenizer: true,
      notRunnable: null,
    });
    expect(dtype).toBe('Q4_0');
    const stored = [...checkpoint.tensors.values()].filter((info) => info.dtype === 'Q4_0');
    const bytes = stored.reduce((total, { byteLength }) => total + byteLength, 0);
    expect((dtypes.Q4_0 ?? NaN) * (18 / 32)).toBe(bytes);
    expect((await identify(checkpoint)).fingerprint).toMatch(/^sha256:/);
  });

  it('that are quantised count as parameters of a model that cannot be run', async () => {
    const checkpoint = await open(join(fixtures, 'gguf/llama-sample-q4_0.gguf'));
    const { Q4_0 } = summaryOf(checkpoint).dtypes;
    expect(Q4_0).toBeGreaterThan(5e6);
  });

  it('and settings that no family runs are told as the metadata that they are from', async () => {
    const metadata = { 'qwen2.rope.scaling.type': 'spiral', 'qwen2.rope.scaling.factor': 2 };
    const path = await fixtureAsGguf('qwen2', { metadata });
    const checkpoint = await open(path);
    expect(() => resolveModel(checkpoint)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining("The field rope_type of the file's metadata is not usable") as string,
        detail: expect.objectContaining({ file: path, found: '"spiral"' }) as object,
      }) as Error,
    );
  });

  it('of a file that names layers without end are shown without them', async () => {
    const path = join(await temporaryFolder(), 'x.gguf');
    const values = { 'general.architecture': 'mystery', 'mystery.block_count': 2 ** 31 - 1 };
    await writeFile(path, ggufBytes({ pairs: pairsOf(values) }));
    expect(summaryOf(await open(path))).toMatchObject({ L: 0, layers: [] });
  });

  it('a weight that the architecture does not use is refused by name', async () => {
    const tensors = [float32Tensor('blk.1.attn_sub_norm.weight', [64], new Float32Array(64))];
    const checkpoint = await open(await fixtureAsGguf('llama-gqa', { tensors }));
    expect(() => resolveModel(checkpoint)).toThrow(/model\.layers\.1\.attn_sub_norm\.weight/);
  });

  it('rows that do not fit the metadata are refused', async () => {
    const metadata = { 'llama.attention.key_length': 24 };
    await expect(openCheckpoint(await fixtureAsGguf('llama-gqa', { metadata }))).rejects.toMatchObject({
      code: 'checkpoint-invalid',
      detail: { tensor: expect.stringMatching(/attn_[qk]/) as string },
    });
  });

  it.each([
    ['no number of layers', { 'llama.block_count': 'two' }, /llama\.block_count as a number/],
    ['heads that do not divide', { 'llama.attention.head_count_kv': 3 }, /a divisor of the 8 query heads; found 3/],
    [
      'experts without end',
      { 'llama.expert_count': 2 ** 31 - 1 },
      /llama\.expert_count as a whole number from 0 to 4096/,
    ],
    ['layers of different heads', { 'llama.attention.head_count_kv': [2, 4] }, /the same for every layer/],
  ])('%s is refused', async (_, metadata, message) => {
    await expect(openCheckpoint(await fixtureAsGguf('llama-gqa', { metadata }))).rejects.toThrow(message);
  });
});

describe('exports', () => {
  it.each([
    ['llama-gqa', null, 'F32'],
    ['gpt2', 'F16', 'F16'],
    ['gemma', 'BF16', 'BF16'],
  ] as const)('of %s are Hugging Face folders that hold the same weights', async (name, dtype, stored) => {
    const checkpoint = await open(await fixtureAsGguf(name));
    const original = new CheckpointWeights(checkpoint, resolveModel(checkpoint));
    const source = await convertAs(original, { G: 1, grouping: 'contiguous', merge: 'mean' });
    const outFolder = join(await temporaryFolder(), 'out');
    await exportAs({ checkpoint, source, original, outFolder, dtype });
    const written = await open(outFolder);
    const weights = new CheckpointWeights(written, resolveModel(written));
    expect(written.tensors.get('model.norm.weight')?.dtype ?? stored).toBe(stored);
    for (const role of ['q.weight', 'o.weight', 'up.weight', 'attention.norm.weight'] as const) {
      const [read, right] = [await weights.read(role, 1), await source.read(role, 1)];
      const tolerance = { F32: 2 ** -23, F16: 2 ** -10, BF16: 2 ** -7 }[stored];
      const scale = Math.max(...right.data.map(Math.abs));
      for (const [index, value] of right.data.entries()) {
        expect(Math.abs((read.data[index] ?? NaN) - value)).toBeLessThanOrEqual(tolerance * scale);
      }
    }
  });

  it('of GPT-2 with one KV head can be GPTBigCode', async () => {
    const checkpoint = await open(await fixtureAsGguf('gpt2'));
    const original = new CheckpointWeights(checkpoint, resolveModel(checkpoint));
    const source = await convertAs(original, { G: 1, grouping: 'contiguous', merge: 'mean' });
    const outFolder = join(await temporaryFolder(), 'out');
    await exportAs({ checkpoint, source, original, outFolder, format: 'equivalent' });
    const written = await open(outFolder);
    const spec = resolveModel(written);
    expect(spec).toMatchObject({ family: 'gpt_bigcode', G: 1, L: 2, D: 64, V: 112 });
    const read = await new CheckpointWeights(written, spec).read('k.weight', 1);
    expect(read.data).toEqual((await source.read('k.weight', 1)).data);
  });

  it('hold quantised weights as float32, and the tokenizer', async () => {
    const checkpoint = await open(join(fixtures, 'gguf/llama-sample-q4_0.gguf'));
    const original = new CheckpointWeights(checkpoint, resolveModel(checkpoint));
    const source = await convertAs(original, { G: 2, grouping: 'contiguous', merge: 'mean' });
    const outFolder = join(await temporaryFolder(), 'out');
    const { files } = await exportAs({ checkpoint, source, original, outFolder });
    expect(files).toContain('tokenizer.json');
    const written = await open(outFolder);
    expect([...written.tensors.values()].every(({ dtype }) => dtype === 'F32')).toBe(true);
    const name = 'model.layers.0.self_attn.q_proj.weight';
    expect(await written.readFloat32(name)).toEqual(await checkpoint.readFloat32(name));
    expect(await readFile(join(outFolder, 'README.md'), 'utf8')).toContain('quantised ones as float32');
  });
});
