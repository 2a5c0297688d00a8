/** What a path may be: folder, file, shard, index, or something that is refused. */
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoint/checkpoint';
import { openCheckpoint } from '../../../src/checkpoint/openCheckpoint';
import { entry, safetensorsBytes } from './safetensorsBytes';
import { temporaryFolder } from './temporaryFolder';

const sharded = 'test/fixtures/qwen3';

async function open(path: string): Promise<Checkpoint> {
  const checkpoint = await openCheckpoint(path);
  onTestFinished(() => checkpoint.close());
  return checkpoint;
}

interface Header {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** A second, independent reading: the whole file at once. */
async function parseWhole(file: string): Promise<Map<string, { shape: number[]; values: Float32Array }>> {
  const bytes = await readFile(file);
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<string, Header>;
  delete header.__metadata__;
  return new Map(
    Object.entries(header).map(
      ([
        name,
        {
          shape,
          data_offsets: [begin, end],
        },
      ]) => {
        const stored = bytes.subarray(8 + length + begin, 8 + length + end);
        return [
          name,
          { shape, values: Float32Array.from({ length: stored.length / 4 }, (_, i) => stored.readFloatLE(i * 4)) },
        ];
      },
    ),
  );
}

describe('a sharded folder', () => {
  it('reads every tensor of every shard as the file has it', async () => {
    const checkpoint = await open(sharded);
    let compared = 0;
    for (let shard = 1; shard <= 7; shard++) {
      for (const [name, { shape, values }] of await parseWhole(
        join(sharded, `model-0000${shard}-of-00007.safetensors`),
      )) {
        expect(checkpoint.tensors.get(name)?.shape).toEqual(shape);
        expect(await checkpoint.readFloat32(name)).toEqual(values);
        compared++;
      }
    }
    expect(compared).toBe(checkpoint.tensors.size);
    expect(checkpoint.config.model_type).toBe('qwen3');
  });

  it('is the same through its index, through a shard, and through symbolic links', async () => {
    const names = [...(await open(sharded)).tensors.keys()];
    const linked = join(await temporaryFolder(), 'linked');
    await mkdir(linked);
    const files = ['config.json', 'model.safetensors.index.json'];
    for (let shard = 1; shard <= 7; shard++) files.push(`model-0000${shard}-of-00007.safetensors`);
    for (const file of files) await symlink(resolve(sharded, file), join(linked, file));
    for (const path of [
      join(sharded, 'model.safetensors.index.json'),
      join(sharded, 'model-00003-of-00007.safetensors'),
      linked,
    ]) {
      expect([...(await open(path)).tensors.keys()], path).toEqual(names);
    }
  });

  it('names a missing shard', async () => {
    const folder = join(await temporaryFolder(), 'model');
    await cp(sharded, folder, { recursive: true });
    await rm(join(folder, 'model-00004-of-00007.safetensors'));
    await expect(openCheckpoint(folder)).rejects.toMatchObject({
      code: 'checkpoint-not-found',
      detail: { file: join(folder, 'model-00004-of-00007.safetensors') },
    });
  });
});

describe('an index', () => {
  async function withIndex(index: string): Promise<string> {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'config.json'), '{}');
    await writeFile(join(folder, 'a.safetensors'), safetensorsBytes({ t: entry('U8', [1], 0, 1) }, new Uint8Array(1)));
    await writeFile(join(folder, 'model.safetensors.index.json'), index);
    return folder;
  }
  const map = (weightMap: unknown): string => JSON.stringify({ weight_map: weightMap });

  it.each([
    '../a.safetensors',
    'x/../../a.safetensors',
    '/etc/passwd',
    'C:\\a.safetensors',
    '\\a.safetensors',
    '..\\a.safetensors',
    'a.safetensors\0',
    '',
    7,
  ])('that leaves its folder or names no file is refused: %j', async (shard) => {
    await expect(openCheckpoint(await withIndex(map({ t: shard })))).rejects.toMatchObject({
      code: 'checkpoint-invalid',
      detail: { tensor: 't' },
    });
  });

  it.each([
    ['no map', '{}', /weight_map as an object/],
    [
      'a tensor that its shard has not',
      map({ t: 'a.safetensors', u: 'a.safetensors' }),
      /tensor u.*no such tensor there/,
    ],
    ['a name given twice', '{"weight_map":{"t":"a.safetensors","t":"a.safetensors"}}', /"t" twice/],
  ])('with %s is refused', async (_, index, message) => {
    await expect(openCheckpoint(await withIndex(index))).rejects.toThrow(message);
  });

  it('decides which tensors belong to the model', async () => {
    expect([...(await open(await withIndex(map({ t: './a.safetensors' })))).tensors.keys()]).toEqual(['t']);
  });
});

describe('a path', () => {
  it('that is not there is told', async () => {
    await expect(openCheckpoint('test/fixtures/none')).rejects.toMatchObject({ code: 'checkpoint-not-found' });
  });
  it('that is of no known format is told with what is there', async () => {
    await expect(openCheckpoint('test/fixtures')).rejects.toMatchObject({
      code: 'checkpoint-unsupported',
      detail: { found: expect.stringContaining('bloom') as string },
    });
  });
  it('that is a folder without config.json is told', async () => {
    const folder = await temporaryFolder();
    await cp('test/fixtures/gpt2/model.safetensors', join(folder, 'model.safetensors'));
    await expect(openCheckpoint(folder)).rejects.toThrow(/config\.json/);
    expect((await open(join(folder, 'model.safetensors'))).config).toEqual({});
  });
  it.skipIf(process.platform === 'win32')('with a pipe in the place of a file does not hang', async () => {
    const folder = await temporaryFolder();
    await promisify(execFile)('mkfifo', [join(folder, 'model.safetensors')]);
    await writeFile(join(folder, 'config.json'), '{}');
    await expect(openCheckpoint(folder)).rejects.toThrow(/not a plain file/);
  });
});

describe('reading', () => {
  it('gives ranges of elements', async () => {
    const checkpoint = await open('media/sample');
    const name = 'model.norm.weight';
    const whole = await checkpoint.readFloat32(name);
    expect(await checkpoint.readFloat32(name, { start: 3, end: 9 })).toEqual(whole.slice(3, 9));
    expect(await checkpoint.readBytes(name, { start: 3, end: 9 })).toEqual(
      (await checkpoint.readBytes(name)).slice(6, 18),
    );
    await expect(checkpoint.readFloat32(name, { start: 0, end: 257 })).rejects.toThrow(RangeError);
    await expect(checkpoint.readFloat32('none')).rejects.toThrow(/no such tensor/);
  });
  it('stops when aborted, and after closing', async () => {
    const checkpoint = await open('media/sample');
    await expect(checkpoint.readFloat32('model.norm.weight', undefined, AbortSignal.abort())).rejects.toThrow(/abort/i);
    await checkpoint.close();
    await expect(checkpoint.readFloat32('model.norm.weight')).rejects.toThrow(/closed/);
  });
  it('refuses types that are no weights', async () => {
    const file = join(await temporaryFolder(), 'x.safetensors');
    await writeFile(file, safetensorsBytes({ t: entry('F8_E4M3FNUZ', [2], 0, 2) }, new Uint8Array(2)));
    const checkpoint = await open(file);
    expect(await checkpoint.readBytes('t')).toHaveLength(2);
    await expect(checkpoint.readFloat32('t')).rejects.toMatchObject({ code: 'checkpoint-unsupported' });
  });
});
