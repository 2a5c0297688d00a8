/** One task at a time, the newest wins. */
import { describe, expect, it } from 'vitest';
import { LatestTask } from '../../../src/host/latestTask';

/** A task that ends when it is told to, or is aborted. */
function task(tasks: LatestTask, notes: string[], name: string): { end: () => void; done: Promise<void> } {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const done = tasks.start(async (signal) => {
    notes.push(`${name} begins`);
    await Promise.race([ended, new Promise((resolve) => signal.addEventListener('abort', resolve))]);
    notes.push(`${name} ends`);
  });
  return { end, done };
}

describe('LatestTask', () => {
  it('runs a newer task after the older has ended, skips those between, and is busy until the last has ended', async () => {
    const [tasks, notes] = [new LatestTask(), [] as string[]];
    const first = task(tasks, notes, 'first');
    await Promise.resolve();
    const second = task(tasks, notes, 'second');
    const third = task(tasks, notes, 'third');
    await first.done;
    expect(tasks.isBusy).toBe(true);
    await second.done;
    expect(tasks.isBusy).toBe(true);
    third.end();
    await third.done;
    expect(notes).toEqual(['first begins', 'first ends', 'third begins', 'third ends']);
    expect(tasks.isBusy).toBe(false);
  });

  it('is not busy once it was cancelled, also while a task waited for another', async () => {
    const [tasks, notes] = [new LatestTask(), [] as string[]];
    const running = task(tasks, notes, 'running');
    await Promise.resolve();
    const waiting = task(tasks, notes, 'waiting');
    tasks.cancel();
    await Promise.all([running.done, waiting.done]);
    expect(notes).toEqual(['running begins', 'running ends']);
    expect(tasks.isBusy).toBe(false);
    await tasks.settled();
  });
});
