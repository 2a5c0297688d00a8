/** What the structure editor is told of a file: tensors as columns, roles, head layouts, statistics, failures. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serialize } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { Structures } from '../../../src/engine/structures';
import { unpackNames } from '../../../src/protocol/packedNames';
import type { CheckpointStructure, TensorColumns, TensorKind } from '../../../src/protocol/structure';
import { quietTask } from '../../../src/protocol/tasks';
import { fixtures } from '../../support/fixtures';
import { writeManyTensors } from '../../support/manyTensors';
import { entry, safetensorsBytes } from '../checkpoint/safetensorsBytes';
import { temporaryFolder } from '../checkpoint/temporaryFolder';

const fixture = (name: string): string => join(fixtures, name, 'model.safetensors');

async function read(path: string): Promise<CheckpointStructure> {
  const structures = new Structures();
  const structure = await structures.read(path, quietTask);
  await structures.close(path);
  return structure;
}

function namesOf({ names }: TensorColumns): string[] {
  return unpackNames(names);
}

function kindOf(tensors: TensorColumns, name: string): TensorKind | undefined {
  return tensors.kinds[tensors.kindOf[namesOf(tensors).indexOf(name)] ?? -1];
}

describe('the structure of a file', () => {
  it('has every tensor, in natural order, with its role', async () => {
    const { tensors, summary } = await read('media/sample/model.safetensors');
    expect(kindOf(tensors, 'model.layers.2.self_attn.k_proj.weight')).toEqual({
      ...{ dtype: 'BF16', shape: [256, 256], bytes: 256 * 256 * 2, role: 'k.weight', file: 'model.safetensors' },
    });
    const sizes = Array.from(tensors.kindOf, (kind) => tensors.kinds[kind]?.bytes ?? NaN);
    const total = sizes.reduce((sum, own) => sum + own, 0);
    expect(total).toBeLessThan(summary.bytesOnDisk);
    expect(total).toBeGreaterThan(summary.bytesOnDisk - 20_000);
    expect(summary).toMatchObject({ family: 'llama', hasTokenizer: true, L: 6, H: 8, notRunnable: null });
  });

  it('of a GGUF file has quantised types and bytes, under the names of its family, and statistics of what they stand for', async () => {
    const file = join(fixtures, 'gguf/llama-sample-q4_0.gguf');
    const { tensors, summary } = await read(file);
    const name = 'model.layers.2.self_attn.k_proj.weight';
    const bytes = (256 * 256 * 18) / 32;
    expect(kindOf(tensors, name)).toMatchObject({ dtype: 'Q4_0', bytes, role: 'k.weight' });
    expect(summary).toMatchObject({ family: 'llama', hasTokenizer: true, L: 6, H: 8, notRunnable: null });
    const structures = new Structures();
    const found = await structures.statistics(file, name, quietTask);
    const original = await structures.statistics('media/sample/model.safetensors', name, quietTask);
    expect(found.standardDeviation).toBeCloseTo(original.standardDeviation ?? NaN, 3);
    await structures.close(file);
    await structures.close('media/sample/model.safetensors');
  });

  it('orders layer 2 before layer 10, and names fused roles together', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'a.safetensors');
    const names = ['h.10.w', 'h.2.w', 'b'];
    await writeFile(file, safetensorsBytes(Object.fromEntries(names.map((name) => [name, entry('F32', [0], 0, 0)]))));
    expect(namesOf((await read(file)).tensors)).toEqual(['b', 'h.2.w', 'h.10.w']);
    const { tensors } = await read(fixture('gpt2'));
    const fused = namesOf(tensors).find((name) => name.endsWith('h.0.attn.c_attn.weight')) ?? '';
    expect(kindOf(tensors, fused)?.role).toBe('q.weight, k.weight, v.weight');
  });

  it.each([
    ['llama-mha', [[0, 1, 2, 3, 4, 5, 6, 7]]],
    ['llama-gqa', [[0, 0, 0, 0, 1, 1, 1, 1]]],
  ])('tells which heads of %s share a KV head', async (name, expected) => {
    const { layouts, summary } = await read(fixture(name));
    expect(layouts.map(({ groupOfHead }) => groupOfHead.length)).toEqual(expected.map(({ length }) => length));
    expect(layouts.flatMap(({ layers }) => layers)).toHaveLength(summary.L);
    const R = summary.H / summary.G;
    for (const { groupOfHead } of layouts) expect(groupOfHead).toEqual(groupOfHead.map((_, h) => Math.floor(h / R)));
  });

  it('has one layout for each kind of layer', async () => {
    const { layouts } = await read(fixture('gemma2'));
    expect(new Set(layouts.map(({ window }) => window)).size).toBe(2);
    const t5 = await read(fixture('t5'));
    expect(t5.layouts.map(({ stack, attention }) => `${stack} ${attention}`)).toEqual([
      'encoder full',
      'decoder causal',
      'decoder cross',
    ]);
  });

  it('of a file without a config has tensors, and says why it cannot run', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'lonely.safetensors');
    await writeFile(file, safetensorsBytes({ w: entry('I64', [2], 0, 16) }, new Uint8Array(16)));
    const { summary, layouts, tensors } = await read(file);
    expect(namesOf(tensors)).toEqual(['w']);
    expect(layouts).toEqual([]);
    expect(summary.notRunnable).toMatch(/config\.json/);
  });

  it('is refused by name when a header is broken or a shard is missing', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'broken.safetensors');
    await writeFile(file, new Uint8Array(64).fill(255));
    await expect(read(file)).rejects.toMatchObject({ code: 'checkpoint-invalid', detail: { file } });
    const index = join(folder, 'model.safetensors.index.json');
    await writeFile(index, JSON.stringify({ weight_map: { w: 'model-00001-of-00001.safetensors' } }));
    await expect(read(index)).rejects.toMatchObject({
      code: 'checkpoint-not-found',
      detail: { file: join(folder, 'model-00001-of-00001.safetensors') },
    });
  });

  it('is read again after the file has changed, and statistics are of the new one', async () => {
    const file = join(await temporaryFolder(), 'a.safetensors');
    const structures = new Structures();
    const write = (value: number): Promise<void> =>
      writeFile(file, safetensorsBytes({ w: entry('F32', [1], 0, 4) }, new Uint8Array(Float32Array.of(value).buffer)));
    await write(1);
    await structures.read(file, quietTask);
    expect((await structures.statistics(file, 'w', quietTask)).maximum).toBe(1);
    await write(2);
    await structures.read(file, quietTask);
    expect((await structures.statistics(file, 'w', quietTask)).maximum).toBe(2);
    await structures.close(file);
    // A new engine has opened nothing yet.
    expect((await structures.statistics(file, 'w', quietTask)).maximum).toBe(2);
    await structures.close(file);
  });

  it('of 100 000 tensors is compact: its names, and a number each', async () => {
    const file = join(await temporaryFolder(), 'many.safetensors');
    const names = await writeManyTensors(file, 100_000);
    const { tensors } = await read(file);
    expect(namesOf(tensors)).toEqual(names);
    expect(tensors.kinds).toHaveLength(1);
    // What crosses the borders is little more than the names.
    expect(serialize(tensors).byteLength).toBeLessThan(JSON.stringify(names).length + 100_000 * 5);
  });
});
