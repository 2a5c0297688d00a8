/** Where exports go: folders that are there are kept or replaced whole; failures leave nothing behind. */
import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportCheckpoint } from '../../../src/checkpoint/export/exportCheckpoint';
import { temporaryFolder } from './temporaryFolder';
import { open, prepare } from './exporting';

describe('a folder that is there', () => {
  const files = async (folder: string): Promise<string[]> => (await readdir(folder)).sort();

  it('stays as it is', async () => {
    const outFolder = join(await temporaryFolder(), 'out');
    await mkdir(outFolder);
    await writeFile(join(outFolder, 'mine.txt'), 'mine');
    await expect(exportCheckpoint(await prepare('test/fixtures/llama-mha', 2, outFolder))).rejects.toMatchObject({
      code: 'output-exists',
    });
    expect(await files(outFolder)).toEqual(['mine.txt']);
  });

  it('is filled when it is empty', async () => {
    const parent = await temporaryFolder();
    const outFolder = join(parent, 'out');
    await mkdir(outFolder);
    await exportCheckpoint(await prepare('test/fixtures/llama-mha', 2, outFolder));
    expect((await open(outFolder)).weights.spec.G).toBe(2);
    expect(await files(parent)).toEqual(['out']);
  });

  it('is replaced on request when it is a checkpoint, and with nothing of it left', async () => {
    const parent = await temporaryFolder();
    const outFolder = join(parent, 'out');
    await cp('test/fixtures/gpt2', outFolder, { recursive: true });
    const { files: written } = await exportCheckpoint({
      ...(await prepare('test/fixtures/llama-mha', 2, outFolder)),
      overwrite: true,
    });
    expect(await files(outFolder)).toEqual(written);
    expect((await open(outFolder)).weights.spec).toMatchObject({ family: 'llama', G: 2 });
    expect(await files(parent)).toEqual(['out']);
  });

  it('stays when the new one cannot be completed', async () => {
    const parent = await temporaryFolder();
    const outFolder = join(parent, 'out');
    await cp('test/fixtures/gpt2', outFolder, { recursive: true });
    const before = await files(outFolder);
    const request = await prepare('test/fixtures/llama-mha', 2, outFolder);
    await request.checkpoint.close();
    await expect(exportCheckpoint({ ...request, overwrite: true })).rejects.toThrow(/closed/);
    expect(await files(outFolder)).toEqual(before);
    expect(await files(parent)).toEqual(['out']);
  });

  it('is never replaced when it holds something else, other folders, or the source itself', async () => {
    const parent = await temporaryFolder();
    const model = join(parent, 'model');
    await cp('test/fixtures/llama-mha', model, { recursive: true });
    const notes = join(parent, 'notes');
    await mkdir(notes);
    await writeFile(join(notes, 'config.json'), '{}');
    const clone = join(parent, 'clone');
    await cp('test/fixtures/gpt2', clone, { recursive: true });
    await mkdir(join(clone, '.git'));
    const link = join(parent, 'link');
    await symlink(model, link);
    for (const [outFolder, reason] of [
      [notes, /expected a checkpoint; found config.json/],
      [clone, /found a folder .git in it/],
      [model, /the checkpoint that is converted/],
      [link, /found something else/],
    ] as const) {
      const before = await files(outFolder);
      const request = await prepare(model, 2, outFolder);
      await expect(exportCheckpoint({ ...request, overwrite: true })).rejects.toThrow(reason);
      expect(await files(outFolder)).toEqual(before);
    }
  });
});

describe('a failure', () => {
  it('by cancelling leaves nothing behind', async () => {
    const parent = await temporaryFolder();
    const request = await prepare('test/fixtures/llama-mha', 2, join(parent, 'out'));
    const controller = new AbortController();
    const fractions: (number | null)[] = [];
    const report = (_message: string, fraction: number | null): void => {
      fractions.push(fraction);
      if (fractions.length === 3) controller.abort();
    };
    await expect(exportCheckpoint({ ...request, signal: controller.signal, report })).rejects.toThrow(/abort/i);
    expect(fractions.length).toBe(3);
    expect(await readdir(parent)).toEqual([]);
  });

  it('to read a weight leaves nothing behind', async () => {
    const parent = await temporaryFolder();
    const model = join(parent, 'model');
    await cp('test/fixtures/llama-mha', model, { recursive: true });
    const request = await prepare(model, 2, join(parent, 'out'));
    await request.checkpoint.close();
    await expect(exportCheckpoint(request)).rejects.toThrow(/closed/);
    expect(await readdir(parent)).toEqual(['model']);
  });
});
