// The file of `forward --out`: what it replaces, and what it must never touch.
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openCheckpoint } from '../../../src/checkpoint/openCheckpoint';
import { writeForwardFile, type ForwardTensor } from '../../../src/engine/cli/forwardFile';
import { quietTask } from '../../../src/protocol/tasks';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gqa-lens-out-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const tensors = (id: number): ForwardTensor[] => [
  { name: 'input_ids', shape: [2], read: () => Promise.resolve(Int32Array.of(id, 7)) },
  { name: 'logits', shape: [2, 3], read: () => Promise.resolve(Float32Array.of(1, 2, 3, 4, 5, 6)) },
];

it('holds the tensors under their names, ids as I32', async () => {
  const file = join(folder, 'new/out.safetensors');
  await writeForwardFile(file, tensors(5), quietTask);
  const checkpoint = await openCheckpoint(file);
  try {
    expect(checkpoint.tensors.get('input_ids')).toMatchObject({ dtype: 'I32', shape: [2] });
    expect(checkpoint.tensors.get('logits')).toMatchObject({ dtype: 'F32', shape: [2, 3] });
    expect(Array.from(await checkpoint.readBytes('input_ids'))).toEqual([5, 0, 0, 0, 7, 0, 0, 0]);
    expect(Array.from(await checkpoint.readFloat32('logits'))).toEqual([1, 2, 3, 4, 5, 6]);
  } finally {
    await checkpoint.close();
  }
});

it('replaces an earlier file of its own and an empty one', async () => {
  const file = join(folder, 'out.safetensors');
  await writeFile(file, '');
  await writeForwardFile(file, tensors(1), quietTask);
  await writeForwardFile(file, tensors(2), quietTask);
  const checkpoint = await openCheckpoint(file);
  expect((await checkpoint.readBytes('input_ids'))[0]).toBe(2);
  await checkpoint.close();
  expect(await readdir(folder)).toEqual(['out.safetensors']);
});

it('never replaces a checkpoint, a text or a folder', async () => {
  const model = join(folder, 'model.safetensors');
  await copyFile('test/fixtures/llama-mha/model.safetensors', model);
  const before = await readFile(model);
  const text = join(folder, 'notes.txt');
  await writeFile(text, 'keep me');
  for (const path of [model, text, folder]) {
    await expect(writeForwardFile(path, tensors(1), quietTask)).rejects.toThrow(/not overwritten/);
  }
  expect((await readFile(model)).equals(before)).toBe(true);
  expect(await readFile(text, 'utf8')).toBe('keep me');
});

it('leaves the earlier file whole when it fails half-way', async () => {
  const file = join(folder, 'out.safetensors');
  await writeForwardFile(file, tensors(1), quietTask);
  const before = await readFile(file);
  const [ids] = tensors(2);
  const broken = { name: 'logits', shape: [2], read: () => Promise.reject(new Error('GPU gone')) };
  await expect(writeForwardFile(file, ids ? [ids, broken] : [], quietTask)).rejects.toThrow('GPU gone');
  expect((await readFile(file)).equals(before)).toBe(true);
  expect(await readdir(folder)).toEqual(['out.safetensors']);
});
