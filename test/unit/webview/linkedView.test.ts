/** The part that maps look at together: who moves it, when it is kept, and what was kept. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LinkedView } from '../../../webview/shared/linkedView';
import { WHOLE_MAP, type MapView } from '../../../webview/shared/mapView';

const kept: MapView = { x: 0.25, y: 0.5, span: 0.25 };
const near: MapView = { x: 0.5, y: 0.5, span: 0.125 };

describe('a view that several maps share', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function linked() {
    const [look, rest] = [vi.fn<(view: MapView) => void>(), vi.fn<(view: MapView) => void>()];
    const nextFrame = (draw: () => void): void => void setTimeout(draw, 16);
    return { linked: new LinkedView({ nextFrame, look, rest }), look, rest };
  }

  it('is shown once a frame, and kept once it rests', () => {
    const { linked: view, look, rest } = linked();
    view.go(kept);
    view.go(near);
    expect(view.isMoving).toBe(true);
    vi.runAllTimers();
    expect(look.mock.calls).toEqual([[near]]);
    expect(rest.mock.calls).toEqual([[near]]);
    expect([view.view, view.isMoving]).toEqual([near, false]);
  });

  it('takes over what was kept, and is not moved by that', () => {
    const { linked: view, look, rest } = linked();
    view.follow(kept);
    view.follow({ ...kept });
    expect(look.mock.calls).toEqual([[kept]]);
    vi.runAllTimers();
    expect(rest).not.toHaveBeenCalled();
  });

  it('stays where somebody moves it, whatever was kept before', () => {
    const { linked: view } = linked();
    view.go(near);
    view.follow(WHOLE_MAP);
    expect(view.view).toEqual(near);
    vi.runAllTimers();
    view.follow(WHOLE_MAP);
    expect(view.view).toEqual(WHOLE_MAP);
  });
});
