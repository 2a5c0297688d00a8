/**
 * From a path that a user gave to an opened checkpoint.
 * Role: finds out what lies at the path and asks the registry of formats. It parses nothing.
 */
import { readdir, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { GqaLensError } from '../protocol/errors';
import type { Checkpoint } from './checkpoint';
import { formats, type Location } from './formats';

/**
 * Opens a checkpoint: a folder, a weight file, or an index of shards. Reads config and headers, no weights.
 * @throws GqaLensError checkpoint-not-found, checkpoint-unsupported, checkpoint-invalid
 */
export async function openCheckpoint(path: string, signal?: AbortSignal): Promise<Checkpoint> {
  const location = await locate(resolve(path));
  signal?.throwIfAborted();
  const format = formats.find((candidate) => candidate.match(location));
  if (!format) {
    throw new GqaLensError('checkpoint-unsupported', 'No known checkpoint format lies at this path', {
      file: location.path,
      expected: formats.map(({ title }) => title).join(' or '),
      found: describe(location),
      next: 'Choose a folder with config.json and weights beside it, or a weight file.',
    });
  }
  return format.open(location, signal);
}

async function locate(path: string): Promise<Location> {
  try {
    return { path, names: (await stat(path)).isDirectory() ? await readdir(path) : null };
  } catch (error) {
    throw new GqaLensError('checkpoint-not-found', 'There is no checkpoint at this path', {
      file: path,
      found: error instanceof Error ? error.message : String(error),
      next: 'Check the path.',
    });
  }
}

function describe({ names }: Location): string {
  if (names === null) return 'a file of another kind';
  if (names.length === 0) return 'an empty folder';
  return `a folder with ${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`;
}
