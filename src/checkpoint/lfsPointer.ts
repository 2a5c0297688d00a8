/** Files that Git LFS left in the place of weights. Role: telling them from damaged files, for every format. */
import { GqaLensError } from '../protocol/errors';
import type { FileRanges } from './fileRanges';

/**
 * Refuses a pointer: a repository cloned without git-lfs holds small text files in the place of weights.
 * @param start the first bytes of the file
 */
export async function refuseLfsPointer(
  files: FileRanges,
  file: string,
  start: Uint8Array,
  size: number,
  signal?: AbortSignal,
): Promise<void> {
  const sign = 'version https://git-lfs';
  if (size < sign.length || start[0] !== sign.charCodeAt(0)) return;
  const bytes = new Uint8Array(sign.length);
  await files.read(file, 0, bytes, signal);
  if (new TextDecoder().decode(bytes) !== sign) return;
  throw new GqaLensError('checkpoint-invalid', 'The file is a Git LFS pointer, not the weights', {
    file,
    expected: 'weights',
    found: `a pointer of ${size} bytes`,
    next: 'Run "git lfs pull" in its repository.',
  });
}
