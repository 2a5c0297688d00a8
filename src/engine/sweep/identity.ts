/**
 * What the numbers of a sweep depend on besides the method, as hashes: rows are put together only where all are equal.
 * Role: fingerprints of a model and of tokens. It compares no rows.
 */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Checkpoint } from '../../checkpoint/checkpoint';
import type { SweepIdentity } from '../../protocol/sweep';
import type { Tokens } from '../../protocol/tokens';

/**
 * A model's fingerprint: its config, its tensors' names, dtypes and shapes, and the size and time of its files. Weights
 * are not read, so a copy with other file times is another model; a folder that was moved is the same one.
 */
export async function modelHash({ config, tensors }: Pick<Checkpoint, 'config' | 'tensors'>): Promise<string> {
  const files = [...new Set([...tensors.values()].map(({ file }) => file))].sort();
  const stats = await Promise.all(
    files.map(async (file) => {
      const { size, mtimeMs } = await stat(file);
      return [basename(file), size, mtimeMs];
    }),
  );
  const shapes = [...tensors.values()].map(({ name, dtype, shape }) => [name, dtype, shape]);
  return hash([config, shapes, stats]);
}

/** A fingerprint of windows of tokens: what was measured on, whatever the file is called. */
export function tokensHash(windows: readonly Tokens[]): string {
  return hash(windows);
}

/** What two sweeps do not have in common, in words; empty when their rows belong together. */
export function differences(one: SweepIdentity, other: SweepIdentity): string[] {
  const parts = {
    version: 'the version of GQA Lens',
    model: 'the model',
    text: 'the text or its windows',
    calibration: 'the calibration text',
  } satisfies Record<keyof SweepIdentity, string>;
  return (Object.keys(parts) as (keyof SweepIdentity)[])
    .filter((part) => one[part] !== other[part])
    .map((part) => parts[part]);
}

/** 80 bits are far more than the sweeps that anybody makes; people see them in CSV files. */
function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 20);
}
