/**
 * A folder that appears whole or not at all: written beside its place under another name, then renamed.
 * Role: atomic output for anything that writes several files. It knows nothing of checkpoints.
 */
import { lstat, mkdir, mkdtemp, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { GqaLensError } from '../protocol/errors';

/**
 * Calls `fill` with a temporary folder and moves it to `path` when it succeeds. An existing path is never touched.
 * Whatever `fill` throws comes through, with nothing left behind.
 * @param fill must flush the files that it writes
 * @throws GqaLensError output-exists; input-invalid when the folder cannot be made
 */
export async function writeNewFolder<T>(path: string, fill: (folder: string) => Promise<T>): Promise<T> {
  const target = resolve(path);
  await refuseExisting(target);
  const temporary = await makeBeside(target);
  try {
    const result = await fill(temporary);
    await syncFolder(temporary);
    await refuseExisting(target);
    await rename(temporary, target);
    await syncFolder(dirname(target));
    return result;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

async function refuseExisting(target: string): Promise<void> {
  const found = await lstat(target).catch(() => null);
  if (found === null) return;
  throw new GqaLensError('output-exists', 'The output is there already and is not overwritten', {
    file: target,
    next: 'Choose another folder, or remove this one yourself.',
  });
}

async function makeBeside(target: string): Promise<string> {
  try {
    await mkdir(dirname(target), { recursive: true });
    return await mkdtemp(join(dirname(target), `.${basename(target)}.partial-`));
  } catch (error) {
    throw new GqaLensError('input-invalid', 'The output folder cannot be made', {
      file: target,
      found: error instanceof Error ? error.message : String(error),
      next: 'Choose a folder that you can write to.',
    });
  }
}

/** Makes the names in a folder last. Windows cannot open folders, and does without. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
