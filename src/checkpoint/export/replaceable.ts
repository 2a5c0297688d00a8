/**
 * Which folders an export may replace when the user wants it to.
 * Role: the guard against losing what is not an old export.
 */
import { readdir, realpath } from 'node:fs/promises';
import { GqaLensError } from '../../protocol/errors';
import type { Checkpoint } from '../checkpoint';
import { formats } from '../formats';
import type { AllowReplacing } from './newFolder';

/** Lets a folder be replaced that holds a checkpoint and nothing else, and not the one that is being converted. */
export function replacesOtherThan(checkpoint: Checkpoint): AllowReplacing {
  return async (folder) => {
    const refuse = (expected: string, found: string): GqaLensError =>
      new GqaLensError('output-exists', 'The folder that is there is not replaced', {
        file: folder,
        expected,
        found,
        next: 'Choose another folder, or remove this one yourself.',
      });
    if ((await realpath(folder)) === (await realpath(checkpoint.folder))) {
      throw refuse('another folder than the source', 'the checkpoint that is converted');
    }
    const entries = await readdir(folder, { withFileTypes: true });
    const inner = entries.find((entry) => entry.isDirectory());
    if (inner) throw refuse('files only', `a folder ${inner.name} in it`);
    const names = entries.map(({ name }) => name);
    const isCheckpoint =
      names.includes('config.json') && formats.some((format) => format.match({ path: folder, names }));
    if (!isCheckpoint) throw refuse('a checkpoint', names.slice(0, 5).join(', '));
  };
}
