// Values of computed styles, as pictures read them.
import { describe, expect, it } from 'vitest';
import { bottomBars, gradientStops, isSeen, rings } from '../../../webview/shared/cssValues';

describe('values of computed styles', () => {
  it('are the rings around a box, inner ones last, and bars at its lower edge', () => {
    const shadow =
      'rgb(1, 2, 3) 0px 0px 0px 2px, rgba(0, 0, 0, 0.5) 0px 0px 0px 4px, rgb(9, 9, 9) 0px -3px 0px 0px inset';
    expect(rings(shadow)).toEqual([
      { color: 'rgba(0, 0, 0, 0.5)', spread: 4 },
      { color: 'rgb(1, 2, 3)', spread: 2 },
    ]);
    expect(bottomBars(shadow)).toEqual([{ color: 'rgb(9, 9, 9)', height: 3 }]);
    expect([rings('none'), bottomBars('none')]).toEqual([[], []]);
  });

  it('are the stops of a gradient from left to right, where a later one never lies before an earlier one', () => {
    expect(gradientStops('linear-gradient(to right, rgb(0, 0, 0), red, rgb(255, 255, 255))')).toEqual([
      { offset: 0, color: 'rgb(0, 0, 0)' },
      { offset: 0.5, color: 'red' },
      { offset: 1, color: 'rgb(255, 255, 255)' },
    ]);
    const cut = gradientStops('linear-gradient(90deg, rgb(0, 0, 0) 40%, rgba(0, 0, 0, 0) 0px)');
    expect(cut?.map(({ offset }) => offset)).toEqual([0.4, 0.4]);
    expect([gradientStops('none'), gradientStops('linear-gradient(red, blue)')]).toEqual([null, null]);
  });

  it('are seen unless they are fully transparent', () => {
    const colors = [
      '',
      'transparent',
      'rgba(1, 2, 3, 0)',
      'color(srgb 0 0 0 / 0)',
      'rgb(0, 0, 0)',
      'rgba(0, 0, 0, 0.1)',
    ];
    expect(colors.map(isSeen)).toEqual([false, false, false, false, true, true]);
  });
});
