// What opening a file of given bytes is refused with: an error that names the file and the next step.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { openCheckpoint } from '../../../src/checkpoint/openCheckpoint';
import { GqaLensError } from '../../../src/protocol/errors';
import { temporaryFolder } from './temporaryFolder';

/** @param name of the file that is written */
export async function refusalOf(name: string, bytes: Uint8Array): Promise<GqaLensError> {
  const file = join(await temporaryFolder(), name);
  await writeFile(file, bytes);
  const error: unknown = await openCheckpoint(file).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof GqaLensError)) throw new Error(`expected a GqaLensError, found ${String(error)}`);
  expect(error.detail.file).toBe(file);
  expect(error.detail.next).toBeTruthy();
  return error;
}
