/** The cache of answers on demand. */
import { describe, expect, it, vi } from 'vitest';
import { GqaLensError } from '../../../src/protocol/errors';
import { LazyCache } from '../../../webview/shared/lazy';

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

describe('LazyCache', () => {
  it('asks once, answers at once, and says when the answer came', async () => {
    const fetch = vi.fn((request: { layer: number }) => Promise.resolve(request.layer * 2));
    const changed = vi.fn();
    const cache = new LazyCache(fetch, changed, 8);
    expect(cache.peek({ layer: 3 })).toBeNull();
    expect(fetch).not.toHaveBeenCalled();
    expect(cache.get({ layer: 3 })).toEqual({ state: 'loading' });
    expect(cache.get({ layer: 3 })).toEqual({ state: 'loading' });
    await settled();
    expect(cache.get({ layer: 3 })).toEqual({ state: 'ready', value: 6 });
    expect(cache.peek({ layer: 3 })).toBe(6);
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(changed).toHaveBeenCalledTimes(1);
  });

  it('keeps failures as values with code and message', async () => {
    const cache = new LazyCache(
      () => Promise.reject(new GqaLensError('gpu-failed', 'The device was lost')),
      () => undefined,
      8,
    );
    cache.get('x');
    await settled();
    expect(cache.get('x')).toMatchObject({
      state: 'failed',
      error: { code: 'gpu-failed', message: 'The device was lost.' },
    });
  });

  it('asks again for what was cancelled', async () => {
    const answers = [Promise.reject(new GqaLensError('cancelled', 'Cancelled')), Promise.resolve('answer')];
    const changed = vi.fn();
    const cache = new LazyCache(() => answers.shift() ?? Promise.resolve('none left'), changed, 8);
    expect(cache.get('x').state).toBe('loading');
    await settled();
    expect(changed).toHaveBeenCalledTimes(1);
    expect(cache.get('x').state).toBe('loading');
    await settled();
    expect(cache.get('x')).toEqual({ state: 'ready', value: 'answer' });
  });

  it('forgets the least recently used answer first', async () => {
    const fetch = vi.fn((request: number) => Promise.resolve(request));
    const cache = new LazyCache(fetch, () => undefined, 2);
    for (const request of [1, 2]) cache.get(request);
    await settled();
    cache.get(1);
    cache.get(3);
    await settled();
    expect(cache.peek(2)).toBeNull();
    expect(cache.peek(1)).toBe(1);
    expect(cache.peek(3)).toBe(3);
  });
});
