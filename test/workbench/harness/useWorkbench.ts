// A workbench for the tests of one file: opened before the first, closed after the last, photographed when a test fails.
import { afterAll, afterEach, beforeAll } from 'vitest';
import { Workbench, type WorkbenchOptions } from './workbench';

/** @returns the workbench, once the tests run */
export function useWorkbench(options: WorkbenchOptions = {}): () => Workbench {
  let workbench: Workbench | undefined;
  beforeAll(async () => {
    workbench = await Workbench.open(options);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await workbench?.screenshot(`failed ${task.name}`.replace(/\W+/g, '-'));
  });
  afterAll(() => workbench?.close());
  return () => {
    if (!workbench) throw new Error('The workbench exists only while tests run.');
    return workbench;
  };
}
