/**
 * A text file that is replaced whole or not at all: written beside its place under another name, then renamed.
 * Role: atomic output of one text. Folders are checkpoint/newFolder.ts.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { GqaLensError } from '../protocol/errors';

/**
 * Writes a text, replacing what lies at the path. A reader sees the old text or the new one, whatever happens meanwhile.
 * @throws GqaLensError input-invalid when it cannot be written; nothing is left behind then
 */
export async function writeTextAtomically(path: string, text: string): Promise<void> {
  const target = resolve(path);
  const temporary = join(dirname(target), `.${basename(target)}.partial-${randomUUID()}`);
  try {
    await mkdir(dirname(target), { recursive: true });
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new GqaLensError('input-invalid', 'The output file cannot be written', {
      file: target,
      found: error instanceof Error ? error.message : String(error),
      next: 'Choose a place that you can write to.',
    });
  }
}
