/**
 * Which checkpoint a checkpoint is: a name, the revision that a download is of, a fingerprint of what is in it.
 * Role: provenance. It reads a little of every tensor and no whole weight.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { bytesPerElement } from './dtypes';
import type { Checkpoint } from './checkpoint';

/** Numbers of each tensor that the fingerprint covers. */
const sampledElements = 1024;

export interface CheckpointIdentity {
  /** "organisation/model" in the cache of the Hugging Face Hub, else the last part of the path. */
  name: string;
  /** Commit of the Hub's repository; null for a folder that does not tell. */
  revision: string | null;
  /** SHA-256 over name, dtype, shape and the first 1024 numbers of every tensor, in order of names. */
  fingerprint: string;
}

/** Identifies a checkpoint. Equal weights have equal fingerprints, however they are divided among files. */
export async function identify(checkpoint: Checkpoint, signal?: AbortSignal): Promise<CheckpointIdentity> {
  const hash = createHash('sha256');
  const names = [...checkpoint.tensors.keys()].sort();
  for (const name of names) {
    const info = checkpoint.tensors.get(name);
    if (!info) continue;
    const elements = info.byteLength / bytesPerElement[info.dtype];
    hash.update(`${JSON.stringify([name, info.dtype, info.shape])}\n`);
    hash.update(await checkpoint.readBytes(name, { start: 0, end: Math.min(elements, sampledElements) }, signal));
  }
  return { ...nameOf(checkpoint), fingerprint: `sha256:${hash.digest('hex')}` };
}

/** The Hub's cache keeps a model at models--ORGANISATION--MODEL/snapshots/COMMIT. */
function nameOf({ path, folder }: Checkpoint): Pick<CheckpointIdentity, 'name' | 'revision'> {
  const cached = /(?:^|[\\/])models--([^\\/]+)[\\/]snapshots[\\/]([0-9a-f]+)$/.exec(folder);
  if (cached) return { name: (cached[1] ?? '').replaceAll('--', '/'), revision: cached[2] ?? null };
  return { name: basename(path), revision: null };
}
