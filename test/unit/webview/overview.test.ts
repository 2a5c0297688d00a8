/** The overview: numbers of groups and layers, their order, the room of cells, and moving through them. */
import { describe, expect, it } from 'vitest';
import { placeAfter, type CellPlace } from '../../../webview/explorer/overview/overviewKeys';
import { layoutOverview } from '../../../webview/explorer/overview/overviewLayout';
import { extremeGroup, meanOf, orderedLayers, orderValue } from '../../../webview/explorer/overview/overviewNumbers';
import { barShare, fitOverview } from '../../../webview/explorer/overview/overviewScale';
import { statistics } from '../../../webview/explorer/overview/statistics';
import { rowsInSight } from '../../../webview/shared/rowsInSight';

describe('numbers of groups', () => {
  const numbers = { values: [1, 2, 3, 6], groups: [0, 1, 0, 1] };

  it('are means of their heads, wherever those stand', () => {
    expect(meanOf(numbers, 0)).toBe(2);
    expect(meanOf(numbers, 1)).toBe(4);
    expect(meanOf(numbers, null)).toBe(3);
  });

  it('leave out heads that have none, and are none where no head has one', () => {
    expect(meanOf({ values: [null, 5], groups: [0, 0] }, 0)).toBe(5);
    expect(meanOf({ values: [null, null], groups: [0, 0] }, 0)).toBeNull();
    expect(meanOf(numbers, 7)).toBeNull();
    expect(extremeGroup({ values: [null], groups: [0] }, 'largest')).toBeNull();
  });

  it('order a layer by its worst group: the one at the bad end, the largest where neither end is bad', () => {
    expect(orderValue(numbers, 'worst', 'high')).toBe(2);
    expect(orderValue(numbers, 'worst', 'low')).toBe(4);
    expect(orderValue(numbers, 'worst', null)).toBe(4);
    expect(orderValue(numbers, 'mean', 'high')).toBe(3);
    expect(orderValue(null, 'mean', null)).toBeNull();
  });
});

describe('the order of layers', () => {
  it('runs both ways and keeps layers without a value last, by number', () => {
    const values = [0.5, null, 0.2, 0.9, null, 0.2];
    expect(orderedLayers(values, false)).toEqual([2, 5, 0, 3, 1, 4]);
    expect(orderedLayers(values, true)).toEqual([3, 0, 2, 5, 1, 4]);
  });
});

describe('the room of cells', () => {
  const cases = [226, 300, 480, 760].flatMap((width) => [1, 2, 4, 8, 16, 32, 64].map((groups) => ({ width, groups })));

  it.each(cases)('$groups groups fit in $width px', ({ width, groups }) => {
    const { density, pitch, gap, picture, rowHeight, beside } = layoutOverview(width, groups);
    expect(pitch * groups).toBeLessThanOrEqual(width + 1e-9);
    expect(pitch - gap).toBeGreaterThan(0);
    expect(picture).toBeLessThanOrEqual(pitch - gap);
    expect(picture).toBeLessThan(rowHeight);
    if (density === 'pictures') expect(picture).toBeGreaterThanOrEqual(25);
    if (density === 'numbers') expect(pitch - gap).toBeGreaterThanOrEqual(25);
    if (beside) expect(pitch - gap - picture).toBeGreaterThanOrEqual(40);
  });

  it('numbers give way to tints as cells shrink', () => {
    expect([2, 8, 17, 64].map((groups) => layoutOverview(500, groups).density)).toEqual([
      'pictures',
      'pictures',
      'numbers',
      'tint',
    ]);
  });

  it('keeps only the rows in sight, with one before and after', () => {
    expect(rowsInSight(0, 200, 20, 80)).toEqual({ first: 0, end: 11 });
    expect(rowsInSight(400, 200, 20, 80)).toEqual({ first: 19, end: 31 });
    expect(rowsInSight(1500, 200, 20, 80)).toEqual({ first: 74, end: 80 });
    expect(rowsInSight(0, 0, 20, 0)).toEqual({ first: 0, end: 0 });
  });
});

describe('moving by keyboard', () => {
  const go = (key: string, from: CellPlace, ctrlKey = false): CellPlace | null =>
    placeAfter({ key, ctrlKey }, from, 20, (row) => (row === 3 ? 0 : 4));

  it.each<[string, CellPlace, CellPlace]>([
    ['ArrowDown', { row: 0, group: 2 }, { row: 1, group: 2 }],
    ['ArrowUp', { row: 0, group: 2 }, { row: 0, group: 2 }],
    ['ArrowRight', { row: 5, group: null }, { row: 5, group: 0 }],
    ['ArrowRight', { row: 5, group: 3 }, { row: 5, group: 3 }],
    ['ArrowLeft', { row: 5, group: 0 }, { row: 5, group: null }],
    ['ArrowLeft', { row: 5, group: null }, { row: 5, group: null }],
    ['PageDown', { row: 15, group: 1 }, { row: 19, group: 1 }],
    ['PageUp', { row: 15, group: 1 }, { row: 7, group: 1 }],
    ['Home', { row: 5, group: 2 }, { row: 5, group: null }],
    ['End', { row: 5, group: null }, { row: 5, group: 3 }],
    // A layer that conversions leave alone has no group to choose.
    ['ArrowDown', { row: 2, group: 2 }, { row: 3, group: null }],
    ['ArrowRight', { row: 3, group: null }, { row: 3, group: null }],
  ])('%s', (key, from, to) => {
    expect(go(key, from)).toEqual(to);
  });

  it('goes to the first and last row with Ctrl, and nowhere by other keys', () => {
    expect(go('Home', { row: 5, group: 2 }, true)).toEqual({ row: 0, group: null });
    expect(go('End', { row: 5, group: null }, true)).toEqual({ row: 19, group: 3 });
    expect(go('a', { row: 5, group: 2 })).toBeNull();
  });
});

describe('the statistics', () => {
  it('have ids of their own, words, and numbers as people read them', () => {
    expect(new Set(statistics.map(({ id }) => id)).size).toBe(statistics.length);
    for (const { title, format } of statistics) {
      expect(title()).not.toBe('');
      expect(format(0.5)).toMatch(/\d/);
    }
  });

  it('end their bars at the largest there can be, or at the largest shown', () => {
    const [similarity, entropy] = statistics;
    if (similarity === undefined || entropy === undefined) throw new Error('there are none');
    const shares = fitOverview([0.25, 0.5], similarity);
    const bits = fitOverview([1, 4], entropy);
    if (shares === null || bits === null) throw new Error('there is no scale');
    expect(barShare(shares, 0.5)).toBe(0.5);
    expect(barShare(bits, 1)).toBe(0.25);
    expect(barShare(bits, -1)).toBe(0);
    expect(fitOverview([], similarity)).toBeNull();
  });
});
