/** Finds, among files of sweeps, one of the weights that are opened. Role: reading and comparing; the files are file.ts. */
import type { SweepResult } from '../../protocol/sweep';
import type { OpenedModel } from '../models';
import { readSweepFile } from './file';
import { modelHash } from './identity';

/** The first sweep that is of a model as it lies on the disk now; null when there is none. Other files are passed over. */
export async function findSweep(files: readonly string[], { checkpoint }: OpenedModel): Promise<SweepResult | null> {
  const model = files.length === 0 ? '' : await modelHash(checkpoint);
  for (const file of files) {
    const result = await readSweepFile(file).catch(() => null);
    if (result?.identity.model === model) return result;
  }
  return null;
}
