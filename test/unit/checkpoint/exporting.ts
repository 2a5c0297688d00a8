/** What tests of exports begin with, and how they look at what was written. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoint/checkpoint';
import type { CheckpointExport } from '../../../src/checkpoint/export/exportCheckpoint';
import { openCheckpoint } from '../../../src/checkpoint/openCheckpoint';
import { convertAs } from '../../support/conversions';
import { provenance } from '../../support/exports';
import { resolveModel } from '../../../src/model/resolve';
import { CheckpointWeights } from '../../../src/model/weights';

/** A checkpoint that is closed with the test, and its weights by role. */
export async function open(path: string): Promise<{ checkpoint: Checkpoint; weights: CheckpointWeights }> {
  const checkpoint = await openCheckpoint(path);
  onTestFinished(() => checkpoint.close());
  return { checkpoint, weights: new CheckpointWeights(checkpoint, resolveModel(checkpoint)) };
}

/** What writing the mean of equal runs of heads takes; nothing is written. */
export async function prepare(path: string, G: number, outFolder: string): Promise<CheckpointExport> {
  const { checkpoint, weights } = await open(path);
  const { L, G: sourceG } = weights.spec;
  const groupOfKvHead = Array.from({ length: L }, () =>
    Array.from({ length: sourceG }, (_, head) => Math.floor((head * G) / sourceG)),
  );
  return {
    checkpoint,
    source: await convertAs(weights, { G, grouping: 'contiguous', merge: 'mean' }),
    original: weights,
    outFolder,
    provenance: { ...provenance, groupOfKvHead },
  };
}

/** A JSON file. */
export const json = async (...path: string[]): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(join(...path), 'utf8')) as Record<string, unknown>;

/** Name, dtype and shape of every tensor. */
export async function tensorsOf(path: string): Promise<Map<string, { dtype: string; shape: readonly number[] }>> {
  const checkpoint = await openCheckpoint(path);
  onTestFinished(() => checkpoint.close());
  return new Map([...checkpoint.tensors.values()].map(({ name, dtype, shape }) => [name, { dtype, shape }]));
}
