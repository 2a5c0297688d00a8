// Fixtures that a test file opens, closed when its tests have run.
import { afterAll } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoint/checkpoint';
import { openCheckpoint } from '../../../src/checkpoint/openCheckpoint';
import { resolveModel } from '../../../src/model/resolve';
import type { ModelSpec } from '../../../src/model/spec';
import { memoryCheckpoint } from './memoryCheckpoint';

/** Opens the fixture of a name. */
export function useFixtures(): (name: string) => Promise<Checkpoint> {
  const opened: Checkpoint[] = [];
  afterAll(() => Promise.all(opened.map((checkpoint) => checkpoint.close())));
  return async (name) => {
    const checkpoint = await openCheckpoint(`test/fixtures/${name}`);
    opened.push(checkpoint);
    return checkpoint;
  };
}

/** Fixtures, and their specs with fields of the config replaced (undefined: taken out) and tensors added. */
export function useAltered(): {
  fixture: (name: string) => Promise<Checkpoint>;
  altered: (name: string, fields: Record<string, unknown>, shapes?: Record<string, number[]>) => Promise<ModelSpec>;
} {
  const fixture = useFixtures();
  return {
    fixture,
    altered: async (name, fields, shapes = {}) => {
      const base = await fixture(name);
      return resolveModel(memoryCheckpoint(base, shapes, { ...base.config, ...fields }));
    },
  };
}
