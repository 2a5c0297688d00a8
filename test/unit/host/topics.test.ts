// Comparisons that nobody awaits any more are cancelled; those of other layers of the same one are not.
import { describe, expect, it } from 'vitest';
import { Topics } from '../../../src/host/panels/topics';

/** Work that ends when it is told to. */
function open(): { work: (signal: AbortSignal) => Promise<string>; end: () => void; signal: () => AbortSignal } {
  let finish: (answer: string) => void = () => undefined;
  let given = new AbortController().signal;
  const done = new Promise<string>((resolve) => (finish = resolve));
  return {
    work: (signal) => {
      given = signal;
      return done;
    },
    end: () => finish('done'),
    signal: () => given,
  };
}

describe('Topics', () => {
  it('lets calls of one topic run side by side', async () => {
    const topics = new Topics();
    const [a, b] = [open(), open()];
    const answers = [topics.call('keys', a.work), topics.call('keys', b.work)];
    expect(topics.isBusy).toBe(true);
    a.end();
    b.end();
    expect(await Promise.all(answers)).toEqual(['done', 'done']);
    expect([a.signal().aborted, b.signal().aborted, topics.isBusy]).toEqual([false, false, false]);
  });

  it('cancels the calls of another topic', async () => {
    const topics = new Topics();
    const [a, b] = [open(), open()];
    const first = topics.call('keys', a.work);
    const second = topics.call('values', b.work);
    expect([a.signal().aborted, b.signal().aborted]).toEqual([true, false]);
    a.end();
    await first;
    expect(topics.isBusy).toBe(true);
    b.end();
    await second;
    expect(topics.isBusy).toBe(false);
  });

  it('is free again after a failure, and cancels all when asked', async () => {
    const topics = new Topics();
    await expect(topics.call('keys', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(topics.isBusy).toBe(false);
    const a = open();
    const answer = topics.call('keys', a.work);
    topics.cancel();
    expect(a.signal().aborted).toBe(true);
    a.end();
    await answer;
  });
});
