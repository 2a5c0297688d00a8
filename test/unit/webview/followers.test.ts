/** Which figures follow the pointer at once, and when the others do. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Followers } from '../../../webview/shared/followers';

interface Recorded {
  told: string[];
  render(view: string): void;
  emphasise(view: string): void;
}

function figure(): Recorded {
  const told: string[] = [];
  return {
    told,
    render: (view) => void told.push(`render ${view}`),
    emphasise: (view) => void told.push(view),
  };
}

/** Figures that follow, and what brings one into sight. */
function followersOf(
  figures: readonly Recorded[],
  isDrawn?: (figure: Recorded) => boolean,
): { followers: Followers<string, Recorded>; show: (figure: Recorded, isInSight?: boolean) => void } {
  let changed: (figure: Recorded, isInSight: boolean) => void = () => undefined;
  const followers = new Followers<string, Recorded>(figures, (_, told) => (changed = told), isDrawn);
  return { followers, show: (one, isInSight = true) => changed(one, isInSight) };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('Followers', () => {
  it('tells those in sight at once, the others when the pointer rests, and only the last', () => {
    const [near, far] = [figure(), figure()];
    const { followers, show } = followersOf([near, far]);
    show(near);
    followers.follow('a');
    followers.follow('b');
    expect([near.told, far.told]).toEqual([['a', 'b'], []]);
    vi.runAllTimers();
    expect([near.told, far.told]).toEqual([['a', 'b'], ['b']]);
  });

  it('tells one that comes into sight, once, and not at once when it has left', () => {
    const [near, far] = [figure(), figure()];
    const { followers, show } = followersOf([near, far]);
    show(near);
    followers.follow('a');
    show(far);
    expect(far.told).toEqual(['a']);
    vi.runAllTimers();
    expect(far.told).toEqual(['a']);
    followers.follow('b');
    expect(far.told).toEqual(['a', 'b']);
    show(far, false);
    followers.follow('c');
    expect(far.told).toEqual(['a', 'b']);
  });

  it('draws all of them wherever they are, and nothing older after it', () => {
    const far = figure();
    const { followers } = followersOf([far]);
    followers.follow('a');
    followers.render('b');
    vi.runAllTimers();
    expect(far.told).toEqual(['render b']);
  });

  it('leaves out what the page leaves out', () => {
    const [one, other] = [figure(), figure()];
    const { followers, show } = followersOf([one, other], (which) => which === one);
    show(one);
    show(other);
    followers.render('a');
    followers.follow('b');
    vi.runAllTimers();
    expect([one.told, other.told]).toEqual([['render a', 'b'], []]);
  });
});
