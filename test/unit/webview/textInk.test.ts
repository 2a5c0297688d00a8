/** What is drawn behind a text's tokens: rectangles for shades and bars. */
import { describe, expect, it } from 'vitest';
import { inkMarks, type Ink } from '../../../webview/shared/textInkMarks';

const boxes = [
  { left: 10, top: 20, width: 32, height: 22 },
  { left: 50, top: 20, width: 12, height: 22 },
];
const nothing: Ink = { shade: null, lowerShade: null, color: 'red', barsAbove: [], barsBelow: [] };

describe('inkMarks', () => {
  it('draws nothing of nothing, and of a token without a weight', () => {
    expect(inkMarks(nothing, boxes)).toEqual([]);
    expect(inkMarks({ ...nothing, shade: [0, 0] }, boxes)).toEqual([]);
    expect(inkMarks({ ...nothing, shade: [1, 1] }, [])).toEqual([]);
  });

  it('shades a token within its border, its lower edge with all of the weight', () => {
    const marks = inkMarks({ ...nothing, shade: [0.5, 0] }, boxes);
    expect(marks).toEqual([
      { left: 11, top: 21, width: 30, height: 20, color: 'red', opacity: 0.14 },
      { left: 11, top: 38, width: 30, height: 3, color: 'red', opacity: 0.5 },
    ]);
  });

  it('gives two shades a half of the token each, with edges at both ends', () => {
    const marks = inkMarks({ ...nothing, shade: [1, 0], lowerShade: [0.25, 0] }, boxes);
    expect(marks.map(({ top, height, opacity }) => [top, height, opacity])).toEqual([
      [21, 10, 0.28],
      [21, 3, 1],
      [31, 10, 0.07],
      [38, 3, 0.25],
    ]);
  });

  it('stacks bars away from the token, as long as their numbers, and leaves out what is not seen', () => {
    const bars = (color: string, ...lengths: number[]) => ({ color, lengths });
    const barsBelow = [bars('red', 1, 0.5), bars('blue', 0.01, 1)];
    const below = inkMarks({ ...nothing, barsBelow }, boxes);
    expect(below).toEqual([
      { left: 11, top: 42, width: 30, height: 3, color: 'red', opacity: 1 },
      { left: 51, top: 42, width: 5, height: 3, color: 'red', opacity: 1 },
      { left: 51, top: 45, width: 10, height: 3, color: 'blue', opacity: 1 },
    ]);
    const above = inkMarks({ ...nothing, barsAbove: [bars('red', 1, 0), bars('blue', 1, 0)] }, boxes);
    expect(above.map(({ color, top }) => [color, top])).toEqual([
      ['red', 14],
      ['blue', 17],
    ]);
  });
});
