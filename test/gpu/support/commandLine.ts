/** The command line in GPU tests. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { gqaLens } from '../../unit/cli/collect';
import { fixtures, Golden } from './golden';

/** A folder for a test file's outputs, removed after its tests. @returns its path, once tests run */
export function useFolder(): () => string {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gqa-lens-cli-gpu-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return () => folder;
}

/** Runs a command of the command line that must succeed. @returns its JSON */
export async function run(...args: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await gqaLens([...args, '--json']);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as unknown;
}

/** What transformers made of a fixture. */
export const goldenOf = (name: string): Promise<Golden> => Golden.open(join(fixtures, name, 'golden.safetensors'));
