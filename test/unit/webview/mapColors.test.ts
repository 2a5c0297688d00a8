/** Colours of maps that are drawn together, their legends, and what is told of a cell. */
import { describe, expect, it } from 'vitest';
import type { AttentionTile, CellCoding, MapCells } from '../../../src/protocol/maps';
import { cellContent } from '../../../webview/explorer/maps/cardReadout';
import { fitColors } from '../../../webview/shared/mapColors';

const look = {
  scale: 'log' as const,
  skipFirstKey: false,
  dark: true,
  comparison: { less: '#0000ff', more: '#ff0000' },
};
const weights: CellCoding = { kind: 'weights' };

/** A tile of a whole map of 2 tokens that is not causal; codes of the mean, and of the members in a row. */
function tile(mean: number[], coding: CellCoding, members: number[] | null, memberCoding = coding): AttentionTile {
  const cells = (codes: number[], kind: CellCoding): MapCells => ({
    ...{ rows: 2, columns: 2, codes: Uint8Array.from(codes), coding: kind },
  });
  return {
    ...{ layer: 0, heads: members === null ? [4] : [4, 5], S: 2, T: 2, causal: false, statistics: [] },
    window: { q0: 0, q1: 2, k0: 0, k1: 2 },
    mean: cells(mean, coding),
    members: members === null ? null : cells(members, memberCoding),
  };
}

const opacity = (pixel: number | undefined): number => (pixel ?? 0) >>> 24;

describe('colours of maps', () => {
  it('are one scale for scores of other ranges, and none for what is masked', () => {
    const low: CellCoding = { kind: 'scores', low: -4, high: 0 };
    const high: CellCoding = { kind: 'scores', low: -2, high: 8 };
    const colors = fitColors([tile([0, 1, 255, 255], low, null), tile([1, 255, 128, 128], high, null)], look);
    const [legend] = colors.legends;
    expect(legend?.kind).toBe('scores');
    expect(legend?.ticks.map(({ text }) => text)).toEqual(['−4.0', '8.0', '0']);
    // -2 in both codings; and the lowest of the other is above the lowest of all.
    const minusTwo = colors.table(low)[128];
    expect(colors.table(high)[1]).toBe(minusTwo);
    expect(colors.table(low)[1]).not.toBe(minusTwo);
    expect(opacity(colors.table(low)[0])).toBe(0);
    expect(colors.table(low)).toBe(colors.table({ ...low }));
  });

  it('of differences say which is more, full at the largest of all', () => {
    const small: CellCoding = { kind: 'differences', largest: 0.1 };
    const large: CellCoding = { kind: 'differences', largest: 0.4 };
    const colors = fitColors(
      [
        tile([255, 9, 9, 9], weights, [1, 255, 128, 128, 128, 128, 128, 128], small),
        tile([255, 9, 9, 9], weights, [1, 255, 128, 128, 128, 128, 128, 128], large),
      ],
      look,
    );
    expect(colors.legends.map(({ kind }) => kind)).toEqual(['weights', 'differences']);
    expect(colors.legends[1]?.ticks.map(({ text }) => text)).toEqual(['−0.400', '0', '0.400']);
    const [a, b] = [colors.table(small), colors.table(large)];
    expect([opacity(b[1]), opacity(b[255]), opacity(b[128])]).toEqual([255, 255, 0]);
    // A quarter of the largest has half the opacity: it grows with the root.
    expect(opacity(a[255])).toBe(128);
    expect([(b[1] ?? 0) & 0xff, (b[255] ?? 0) & 0xff]).toEqual([0, 255]);
  });

  it('leave the first key out of the scale when asked', () => {
    const difference: CellCoding = { kind: 'differences', largest: 1 };
    const of = tile([255, 9, 255, 9], weights, [255, 128, 255, 192, 1, 128, 1, 64], difference);
    const largest = fitColors([of], { ...look, skipFirstKey: true }).legends[1]?.ticks[2]?.text;
    expect(Number(largest)).toBeCloseTo((64 / 127) ** 2, 2);
  });
});

describe('what is told of a cell', () => {
  const tokens = { queries: [], keys: [] };
  const row = { layer: 0, heads: [0, 1, 2, 3, 4, 5], query: 1, sinks: null };
  const cell = { group: 2, query: 1, key: 1 };
  // Of heads 4 and 5: 0.3 and 0.1 at key 1.
  const exact = { ...row, weights: Float32Array.from([9, 9, 9, 9, 9, 9, 9, 9, 0, 0.3, 0, 0.1]) };

  it('is a member minus the mean, exactly', () => {
    const of = tile([255, 1, 1, 255], weights, [128, 128, 128, 255, 128, 128, 128, 1], {
      kind: 'differences',
      largest: 0.5,
    });
    const content = cellContent({ ...cell, head: 4 }, [of], exact, true, tokens);
    expect(content?.weight).toBeCloseTo(0.1, 6);
    expect(content?.others.map(({ weight }) => weight)).toEqual([Math.fround(0.3), expect.closeTo(0.2, 6)]);
    expect([content?.title, content?.exact]).toEqual(['Q4 − mean of KV 2', true]);
    // Before the row has come: of codes.
    const rounded = cellContent({ ...cell, head: 5 }, [of], null, true, tokens);
    expect(rounded?.weight).toBeCloseTo(-0.5, 6);
    expect(rounded?.others[0]?.weight).toBeCloseTo(0.5, 6);
  });

  it('is the mean over the heads, and each of them', () => {
    const of = tile([255, 1, 1, 243], weights, [255, 1, 1, 243, 255, 1, 1, 243]);
    const content = cellContent({ ...cell, head: null }, [of], exact, false, tokens);
    expect(content?.weight).toBeCloseTo(0.2, 6);
    expect(content?.others).toHaveLength(2);
    expect(cellContent({ ...cell, head: null }, [of], null, false, tokens)?.weight).toBe(0.5);
    expect(cellContent({ ...cell, head: null }, [], null, false, tokens)).toBeNull();
  });

  it('is a score with the sink of its head', () => {
    const scores: CellCoding = { kind: 'scores', low: -1, high: 1 };
    const of = tile([1, 1, 1, 255], scores, [1, 1, 1, 255, 1, 1, 1, 255]);
    const withSinks = { ...exact, sinks: Float32Array.from([0, 0, 0, 0, -1.5, 2]) };
    const content = cellContent({ ...cell, head: 4 }, [of], withSinks, false, tokens);
    expect(content?.note).toContain('−1.500');
    expect(cellContent({ ...cell, head: null }, [of], withSinks, false, tokens)?.note).toBe(
      'scores before the softmax',
    );
  });
});
