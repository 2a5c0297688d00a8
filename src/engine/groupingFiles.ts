/**
 * Grouping files on disk.
 * Role: reading with a limit, writing whole or not at all. What such a file holds is gqa/groupingFile.ts.
 */
import { rename, rm, writeFile } from 'node:fs/promises';
import { formatGrouping, parseGrouping, type GroupingOrigin } from '../gqa/groupingFile';
import type { Grouping } from '../gqa/grouping';
import type { ModelSpec } from '../model/spec';
import { GqaLensError } from '../protocol/errors';
import { readTextFile } from './textFile';

/** A grouping of 1000 layers with 1000 heads is 5 MB. */
const fileLimit = 16 * 1024 * 1024;

/** Reads a grouping for a model. @throws GqaLensError that names the file and what is wrong with it */
export async function readGroupingFile(file: string, spec: ModelSpec): Promise<Grouping> {
  return parseGrouping(await readTextFile(file, 'grouping file', fileLimit), file, spec);
}

/** Writes a grouping, in the place of a file that may be there. @throws GqaLensError input-invalid */
export async function writeGroupingFile(file: string, grouping: Grouping, origin: GroupingOrigin): Promise<void> {
  const temporary = `${file}.${process.pid}.partial`;
  try {
    await writeFile(temporary, formatGrouping(grouping, origin), { flush: true });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new GqaLensError('input-invalid', 'The grouping file cannot be written', {
      file,
      found: error instanceof Error ? error.message : String(error),
      next: 'Choose a folder that you can write to.',
    });
  }
}
