/** Which figures follow the pointer at once, and when the others do. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Figure } from '../../../webview/shared/figure';
import { Followers } from '../../../webview/shared/followers';

/** Tells figures as a window would that scrolls to them. */
let tell: (sights: { target: Element; isIntersecting: boolean }[]) => void = () => undefined;

class Observer {
  constructor(callback: typeof tell) {
    tell = callback;
  }
  observe(): void {
    // Where figures are is told by the tests.
  }
}

interface Recorded extends Figure<string> {
  told: string[];
}

function figure(): Recorded {
  const told: string[] = [];
  return {
    told,
    element: {} as HTMLElement,
    render: (view) => void told.push(`render ${view}`),
    emphasise: (view) => void told.push(view),
    numbers: () => null,
  };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('IntersectionObserver', Observer);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function inSight(...figures: readonly Recorded[]): void {
  tell(figures.map(({ element }) => ({ target: element, isIntersecting: true })));
}

describe('Followers', () => {
  it('tells those in sight at once, the others when the pointer rests, and only the last', () => {
    const [near, far] = [figure(), figure()];
    const followers = new Followers([near, far]);
    inSight(near);
    followers.follow('a');
    followers.follow('b');
    expect([near.told, far.told]).toEqual([['a', 'b'], []]);
    vi.runAllTimers();
    expect([near.told, far.told]).toEqual([['a', 'b'], ['b']]);
  });

  it('tells one that comes into sight, once', () => {
    const [near, far] = [figure(), figure()];
    const followers = new Followers([near, far]);
    inSight(near);
    followers.follow('a');
    inSight(far);
    expect(far.told).toEqual(['a']);
    vi.runAllTimers();
    expect(far.told).toEqual(['a']);
    followers.follow('b');
    expect(far.told).toEqual(['a', 'b']);
  });

  it('draws all of them wherever they are, and nothing older after it', () => {
    const far = figure();
    const followers = new Followers([far]);
    followers.follow('a');
    followers.render('b');
    vi.runAllTimers();
    expect(far.told).toEqual(['render b']);
  });

  it('leaves out what the page leaves out', () => {
    const [one, other] = [figure(), figure()];
    const followers = new Followers([one, other], (which) => which === one);
    inSight(one, other);
    followers.render('a');
    followers.follow('b');
    vi.runAllTimers();
    expect([one.told, other.told]).toEqual([['render a', 'b'], []]);
  });
});
