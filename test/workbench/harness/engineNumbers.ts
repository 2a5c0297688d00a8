// What the engine says about the sample, asked of the command line: views must show these numbers.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../../scripts/lib/places.mjs';
import { openCheckpoint } from '../../../src/checkpoint/openCheckpoint';
import type { TextMeasures } from '../../../src/protocol/measures';
import type { SweepResult } from '../../../src/protocol/sweep';

const cli = join(root, 'dist', 'cli.js');

export const sample = join(root, 'media', 'sample');

/** Attention maps [H, S, T] of one layer of the sample, or of another checkpoint, on a text. */
export async function attentionOf(
  text: string,
  layer: number,
  model = sample,
): Promise<{ maps: Float32Array; S: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'gqa-lens-numbers-'));
  try {
    const out = join(folder, 'forward.safetensors');
    await promisify(execFile)(process.execPath, [cli, 'forward', model, '--text', text, '--out', out]);
    const file = await openCheckpoint(out);
    const name = `attn.${layer}`;
    const maps = await file.readFloat32(name);
    const S = file.tensors.get(name)?.shape[1] ?? 0;
    await file.close();
    return { maps, S };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How alike the K and V heads of one layer of the sample are, and each to the pooled head of its group. */
export async function similarityOf(
  layer: number,
  measure: string,
  G: number,
): Promise<Record<'k' | 'v', { matrix: number[][]; toPooled: number[]; floor: number }>> {
  const args = ['similarity', sample, '--layer', String(layer), '--measure', measure, '--groups', String(G), '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args]);
  const { layers } = JSON.parse(stdout) as { layers: Awaited<ReturnType<typeof similarityOf>>[] };
  const [only] = layers;
  if (only === undefined) throw new Error(`There are no numbers of layer ${layer}`);
  return only;
}

/** The measures of the sample pooled to G heads, on a text. */
export async function measuresOf(text: string, G: number, merge: string): Promise<TextMeasures> {
  const args = ['compare', sample, '--groups', String(G), '--merge', merge, '--text', text, '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args]);
  return JSON.parse(stdout) as TextMeasures;
}

/** Writes a conversion of the sample. @param how options of the command line */
export async function convertSample(out: string, ...how: string[]): Promise<void> {
  await promisify(execFile)(process.execPath, [cli, 'convert', sample, ...how, '--out', out]);
}

/** The measures of another checkpoint against the sample, on a text. */
export async function checkpointsOf(other: string, text: string): Promise<TextMeasures> {
  const args = ['compare', sample, other, '--text', text, '--decode-tokens', '0', '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args]);
  return JSON.parse(stdout) as TextMeasures;
}

/** A sweep of the sample on a text file. @param more further options of the command line */
export async function sweepOf(file: string, ...more: string[]): Promise<SweepResult> {
  const args = ['sweep', sample, '--text-file', file, ...more, '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args], { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout) as SweepResult;
}
