/**
 * A folder that appears whole or not at all: written beside its place under another name, then renamed.
 * Role: atomic output for anything that writes several files. It knows nothing of checkpoints.
 */
import { lstat, mkdir, mkdtemp, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { GqaLensError } from '../../protocol/errors';

/** Throws when a folder that is there already must stay. */
export type AllowReplacing = (folder: string) => Promise<void>;

/**
 * Checks that a folder can be written, so that long work is not done in vain. An empty folder counts as none.
 * @param allow asked about a folder with something in it; absent: it must stay
 * @throws GqaLensError output-exists; what `allow` throws
 */
export async function checkNewFolder(path: string, allow?: AllowReplacing): Promise<void> {
  const target = resolve(path);
  const found = await lstat(target).catch(() => null);
  if (found === null) return;
  const isFolder = found.isDirectory();
  if (isFolder && (await readdir(target)).length === 0) return;
  if (isFolder && allow) return allow(target);
  throw new GqaLensError('output-exists', 'The output is there already and is not overwritten', {
    file: target,
    ...(allow ? { expected: 'a folder', found: 'something else' } : {}),
    next: 'Choose another folder, or remove this one yourself.',
  });
}

/**
 * Calls `fill` with a temporary folder and moves it to `path` when it succeeds. What lies there is replaced only then,
 * and only if `allow` lets it. Whatever `fill` throws comes through, with nothing left behind and nothing touched.
 * @param fill must flush the files that it writes
 * @throws GqaLensError output-exists; input-invalid when the folder cannot be made or the disk is full
 */
export async function writeNewFolder<T>(
  path: string,
  fill: (folder: string) => Promise<T>,
  allow?: AllowReplacing,
): Promise<T> {
  const target = resolve(path);
  await checkNewFolder(target, allow);
  const temporary = await makeBeside(target, 'partial');
  try {
    const result = await fill(temporary);
    await syncFolder(temporary);
    await checkNewFolder(target, allow);
    await moveTo(target, temporary);
    await syncFolder(dirname(target));
    return result;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw isFull(error) ? noRoom(target) : error;
  }
}

/** Puts the new folder in the old one's place. The old one goes only when the new one stands. */
async function moveTo(target: string, temporary: string): Promise<void> {
  const names = await readdir(target).catch(() => null);
  if (names === null) return rename(temporary, target);
  if (names.length === 0) {
    await rmdir(target);
    return rename(temporary, target);
  }
  const aside = await makeBeside(target, 'old');
  const old = join(aside, basename(target));
  await rename(target, old);
  try {
    await rename(temporary, target);
  } catch (error) {
    await rename(old, target);
    await rmdir(aside);
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
}

async function makeBeside(target: string, what: string): Promise<string> {
  try {
    await mkdir(dirname(target), { recursive: true });
    return await mkdtemp(join(dirname(target), `.${basename(target)}.${what}-`));
  } catch (error) {
    throw new GqaLensError('input-invalid', 'The output folder cannot be made', {
      file: target,
      found: error instanceof Error ? error.message : String(error),
      next: 'Choose a folder that you can write to.',
    });
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOSPC';
}

function noRoom(target: string): GqaLensError {
  return new GqaLensError('input-invalid', 'The disk is full', {
    file: target,
    next: 'Make room, or choose a folder on another disk. Nothing was left behind.',
  });
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
