/** Exports: what is written opens again and says what was converted. */
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoint/checkpoint';
import { exportCheckpoint, type CheckpointExport } from '../../../src/checkpoint/export/exportCheckpoint';
import { defaultShardBytes } from '../../../src/checkpoint/export/shards';
import { writeMxfp4, writeQuantised } from '../../support/quantised';
import { temporaryFolder } from './temporaryFolder';
import { json, open, prepare, tensorsOf } from './exporting';

const layerRoles = [
  'q.weight',
  'k.weight',
  'v.weight',
  'o.weight',
  'q.bias',
  'k.bias',
  'v.bias',
  'down.weight',
] as const;

describe('an exported Llama', () => {
  it('has the new number of KV heads and the weights of the conversion', async () => {
    const outFolder = join(await temporaryFolder(), 'deep', 'gqa2');
    const request = await prepare('test/fixtures/llama-mha', 2, outFolder);
    const result = await exportCheckpoint(request);
    expect(result.format).toMatchObject({ id: 'same', repeatsHeads: false });
    const { checkpoint, weights } = await open(outFolder);
    expect(weights.spec).toMatchObject({ H: 8, G: 2, K: 8 });
    for (const role of layerRoles) {
      if (!request.source.has(role, 1)) continue;
      expect(await weights.read(role, 1), role).toEqual(await request.source.read(role, 1));
    }
    for (const name of request.checkpoint.tensors.keys()) {
      if (/[kv]_proj/.test(name)) continue;
      expect(await checkpoint.readBytes(name), name).toEqual(await request.checkpoint.readBytes(name));
    }
  });

  it('is named and shaped as the grouped model that transformers made, with the fields of its config', async () => {
    const outFolder = join(await temporaryFolder(), 'out');
    await exportCheckpoint(await prepare('test/fixtures/llama-mha', 2, outFolder));
    const theirs = 'test/fixtures/llama-gqa';
    expect(await tensorsOf(outFolder)).toEqual(await tensorsOf(theirs));
    const [own, expected] = [await json(outFolder, 'config.json'), await json(theirs, 'config.json')];
    // The two differ in their rotary scaling alone.
    expect({ ...own, rope_parameters: null }).toEqual({ ...expected, rope_parameters: null });
  });

  it('has K rows a KV head, whatever the head size and the groups of the original', async () => {
    const parent = await temporaryFolder();
    for (const [name, G] of [
      ['llama-gqa', 1],
      ['llama-mqa-headdim', 1],
      ['qwen2', 1],
    ] as const) {
      const request = await prepare(join('test/fixtures', name), G, join(parent, name));
      await exportCheckpoint(request);
      const { D, H, K } = request.original.spec;
      const shapes = await tensorsOf(request.outFolder);
      const shapeOf = (projection: string): unknown =>
        shapes.get(`model.layers.1.self_attn.${projection}.weight`)?.shape;
      expect(shapeOf('q_proj'), name).toEqual([H * K, D]);
      expect(shapeOf('k_proj'), name).toEqual([G * K, D]);
      expect(shapeOf('v_proj'), name).toEqual([G * K, D]);
      expect(shapeOf('o_proj'), name).toEqual([D, H * K]);
      expect(await json(request.outFolder, 'config.json')).toMatchObject({ num_key_value_heads: G });
    }
  });

  it('keeps every other character of config.json, companions and provenance', async () => {
    const outFolder = join(await temporaryFolder(), 'out');
    const result = await exportCheckpoint(await prepare('media/sample', 4, outFolder));
    const before = await readFile('media/sample/config.json', 'utf8');
    const after = await readFile(join(outFolder, 'config.json'), 'utf8');
    expect(after).toBe(before.replace('"num_key_value_heads": 8', '"num_key_value_heads": 4'));
    expect(await readFile(join(outFolder, 'tokenizer.json'))).toEqual(await readFile('media/sample/tokenizer.json'));
    expect(await readdir(outFolder)).toEqual(result.files);
    const readme = await readFile(join(outFolder, 'README.md'), 'utf8');
    expect(readme).toContain('| KV heads | 8 → 4 |');
    expect(readme).toContain('sha256:0');
    const record = await json(outFolder, 'gqa-lens.json');
    expect(record).toMatchObject({ source: 'fixture', grouping: 'contiguous', merge: 'mean', kvHeads: 4 });
    expect((record.groupOfKvHead as number[][])[5]).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
  });

  it('writes bfloat16 back as the nearest bfloat16', async () => {
    const outFolder = join(await temporaryFolder(), 'out');
    const request = await prepare('media/sample', 1, outFolder);
    await exportCheckpoint(request);
    const { weights } = await open(outFolder);
    const written = await weights.read('k.weight', 3);
    const wanted = await request.source.read('k.weight', 3);
    expect(written.rows).toBe(32);
    written.data.forEach((value, i) => {
      const exact = wanted.data[i] ?? NaN;
      expect(Math.abs(value - exact)).toBeLessThanOrEqual(Math.abs(exact) * 2 ** -8);
    });
  });

  it('is divided into shards above the limit, which is that of transformers', async () => {
    expect(defaultShardBytes).toBe(5e9);
    const outFolder = join(await temporaryFolder(), 'out');
    const request = await prepare('test/fixtures/llama-mha', 4, outFolder);
    const { files } = await exportCheckpoint({ ...request, shardBytes: 100_000 });
    const shards = files.filter((name) => name.endsWith('.safetensors'));
    expect(shards.length).toBeGreaterThan(2);
    const index = await json(outFolder, 'model.safetensors.index.json');
    expect(new Set(Object.values(index.weight_map as object))).toEqual(new Set(shards));
    const { checkpoint, weights } = await open(outFolder);
    expect(checkpoint.tensors.size).toBe(request.checkpoint.tensors.size);
    expect(await weights.read('v.weight', 0)).toEqual(await request.source.read('v.weight', 0));
    for (const shard of shards) {
      const tensors = [...checkpoint.tensors.values()].filter(({ file }) => file.endsWith(shard));
      const bytes = tensors.reduce((sum, { byteLength }) => sum + byteLength, 0);
      expect(bytes <= 100_000 || tensors.length === 1, shard).toBe(true);
    }
  });

  it('takes a licence along', async () => {
    const parent = await temporaryFolder();
    const model = join(parent, 'model');
    await cp('test/fixtures/llama-mha', model, { recursive: true });
    for (const name of ['LICENSE', 'NOTICE.txt', 'training.log']) await writeFile(join(model, name), name);
    const { files } = await exportCheckpoint(await prepare(model, 2, join(parent, 'out')));
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'NOTICE.txt']));
    expect(files).not.toContain('training.log');
  });
});

describe('a chosen dtype', () => {
  const cases = [
    ['F16', 'float16'],
    ['BF16', 'bfloat16'],
    ['F32', 'float32'],
  ] as const;

  it.each(cases)('%s is that of every weight and of config.json', async (dtype, name) => {
    const outFolder = join(await temporaryFolder(), 'out');
    const request = await prepare('test/fixtures/llama-mha', 2, outFolder);
    await exportCheckpoint({ ...request, dtype });
    const { checkpoint, weights } = await open(outFolder);
    expect(new Set([...checkpoint.tensors.values()].map((info) => info.dtype))).toEqual(new Set([dtype]));
    expect(await json(outFolder, 'config.json')).toMatchObject({ dtype: name });
    const [written, wanted] = [await weights.read('down.weight', 1), await request.original.read('down.weight', 1)];
    const precision = { F16: 2 ** -11, BF16: 2 ** -8, F32: 0 }[dtype];
    written.data.forEach((value, i) => {
      const exact = wanted.data[i] ?? NaN;
      expect(Math.abs(value - exact)).toBeLessThanOrEqual(Math.abs(exact) * precision + 2 ** -25);
    });
  });

  it('is written in the older spelling too, and not added where there is none', async () => {
    const parent = await temporaryFolder();
    for (const [field, expected] of [
      ['"torch_dtype": "bfloat16"', '"torch_dtype": "float16"'],
      ['"x": {"dtype": "bfloat16"}', '"x": {"dtype": "bfloat16"}'],
    ] as const) {
      const model = join(parent, 'model');
      await cp('test/fixtures/llama-mha', model, { recursive: true });
      const text = await readFile(join(model, 'config.json'), 'utf8');
      await writeFile(join(model, 'config.json'), text.replace('"dtype": "float32"', field));
      const outFolder = join(parent, `out-${field.length}`);
      await exportCheckpoint({ ...(await prepare(model, 2, outFolder)), dtype: 'F16' });
      const after = await readFile(join(outFolder, 'config.json'), 'utf8');
      expect(after).toContain(expected);
      expect(after.match(/dtype/g)).toHaveLength(1);
    }
  });

  it.each([
    ['F16', 65519, 65520, '65504'],
    ['BF16', 3.39e38, 3.4e38, '3.39e38'],
  ] as const)('%s is refused where a weight does not fit, naming the tensor', async (dtype, fits, tooLarge, limit) => {
    const parent = await temporaryFolder();
    const request = await prepare('test/fixtures/llama-mha', 2, join(parent, 'out'));
    const withWeight = (value: number): CheckpointExport => ({
      ...request,
      dtype,
      checkpoint: Object.assign(Object.create(request.checkpoint) as Checkpoint, {
        readFloat32: async (...args: Parameters<Checkpoint['readFloat32']>): Promise<Float32Array> => {
          const data = await request.checkpoint.readFloat32(...args);
          return args[0] === 'model.layers.1.mlp.down_proj.weight' ? data.fill(-value, 7, 8) : data;
        },
      }),
    });
    await expect(exportCheckpoint(withWeight(tooLarge))).rejects.toMatchObject({
      code: 'conversion-invalid',
      detail: { tensor: 'model.layers.1.mlp.down_proj.weight', limit },
    });
    expect(await readdir(parent)).toEqual([]);
    await exportCheckpoint(withWeight(fits));
  });
});

describe('an exported quantised checkpoint', () => {
  it('holds plain weights, and its config says nothing else', async () => {
    const folder = await temporaryFolder();
    await writeQuantised('test/fixtures/llama-mha', join(folder, 'fp8'));
    const request = await prepare(join(folder, 'fp8'), 2, join(folder, 'gqa2'));
    await expect(exportCheckpoint(request)).rejects.toThrow(/F8_E4M3 and I8 weights.*Choose a dtype/);
    await exportCheckpoint({ ...request, dtype: 'F32' });
    const { checkpoint, weights } = await open(join(folder, 'gqa2'));
    expect(checkpoint.quantisation).toBeUndefined();
    const original = await json('test/fixtures/llama-mha', 'config.json');
    expect(await json(folder, 'gqa2', 'config.json')).toEqual({ ...original, num_key_value_heads: 2 });
    expect([...checkpoint.tensors.keys()].sort()).toEqual(
      [...(await tensorsOf('test/fixtures/llama-mha')).keys()].sort(),
    );
    for (const role of layerRoles) {
      if (!request.source.has(role, 1)) continue;
      expect(await weights.read(role, 1), role).toEqual(await request.source.read(role, 1));
    }
  });

  it('keeps experts in MXFP4 as they are stored', async () => {
    const folder = await temporaryFolder();
    await writeMxfp4('test/fixtures/gpt-oss', join(folder, 'mxfp4'));
    const request = await prepare(join(folder, 'mxfp4'), 1, join(folder, 'mqa'));
    await exportCheckpoint({ ...request, dtype: 'F32' });
    expect(await readFile(join(folder, 'mqa', 'README.md'), 'utf8')).toContain(
      'float32; experts in MXFP4 as in the source',
    );
    const { checkpoint, weights } = await open(join(folder, 'mqa'));
    expect(weights.spec).toMatchObject({ H: 8, G: 1 });
    for (const name of request.checkpoint.tensors.keys()) {
      if (/[kv]_proj/.test(name)) continue;
      expect(await checkpoint.readBytes(name), name).toEqual(await request.checkpoint.readBytes(name));
    }
    expect(await json(folder, 'mqa', 'config.json')).toEqual({
      ...(await json(folder, 'mxfp4', 'config.json')),
      num_key_value_heads: 1,
    });
    expect(await weights.read('experts.2.up.weight', 0)).toEqual(await request.source.read('experts.2.up.weight', 0));
  });
});
