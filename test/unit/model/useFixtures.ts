// Fixtures that a test file opens, closed when its tests have run.
import { afterAll } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoint/checkpoint';
import { openCheckpoint } from '../../../src/checkpoint/openCheckpoint';

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
