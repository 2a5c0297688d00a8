/** The text view: whose attention and of which token, which lines are drawn and where, numbers of tiles and exact rows. */
import { describe, expect, it } from 'vitest';
import type { ExplorerSnapshot, ExplorerUi } from '../../../src/protocol/explorerView';
import type { RunSummary } from '../../../src/protocol/runs';
import type { Token } from '../../../src/protocol/tokens';
import { meanRow, topKeys } from '../../../webview/explorer/text/attended';
import {
  chooseLines,
  lineEnd,
  lineLook,
  linePath,
  linesOutOfSight,
  ROW,
} from '../../../webview/explorer/text/textLinesLayout';
import { focusOf, restingSeries, seriesOf } from '../../../webview/explorer/text/textSeries';
import { NO_HOVER, type ExplorerView, type Hover } from '../../../webview/explorer/view';

const tokens: Token[] = ['a', 'b', 'c', 'd'].map((text, id) => ({ id, text }));
const encoderTokens: Token[] = ['x', 'y'].map((text, id) => ({ id, text }));

/** Two layers of 4 heads in 2 groups: the first of one text, the second between two. */
function viewOf(ui: Partial<ExplorerUi>, hover: Partial<Hover> = {}): ExplorerView {
  const groupOfHead = [
    [0, 1, 0, 1],
    [0, 0, 1, 1],
  ];
  const original: Pick<RunSummary, 'runId' | 'tokens' | 'encoderTokens'> = { runId: 'run', tokens, encoderTokens };
  return {
    snapshot: {
      model: {
        layers: [
          { stack: 'decoder', attention: 'causal' },
          { stack: 'decoder', attention: 'cross' },
        ],
      },
      grouping: { G: 2, groupOfHead },
      original,
      converted: null,
    } as unknown as ExplorerSnapshot,
    ui: {
      ...{ layer: 0, group: null, head: null, token: null, mapsOf: 'original' },
      ...{ textDirection: 'from', textBy: 'group', textMode: 'shades' },
      ...ui,
    } as ExplorerUi,
    hover: { ...NO_HOVER, ...hover },
    comparing: null,
  };
}

const ids = (view: ExplorerView): string[] => seriesOf(view).map(({ id }) => id);

describe('whose attention is told', () => {
  it('is that of all groups, of the chosen one, of its heads, or of one head', () => {
    expect(ids(viewOf({}))).toEqual(['KV 0', 'KV 1']);
    expect(ids(viewOf({ group: 1 }))).toEqual(['KV 1']);
    expect(ids(viewOf({ group: 1, textBy: 'head' }))).toEqual(['Q1', 'Q3']);
    expect(ids(viewOf({ textBy: 'head' }))).toEqual(['Q0', 'Q2']);
    expect(ids(viewOf({ head: 3 }))).toEqual(['Q3']);
  });

  it('follows the pointer, without changing what there is room for', () => {
    const view = viewOf({}, { head: 2, group: 0 });
    expect(seriesOf(view)).toMatchObject([{ id: 'Q2', group: 0, head: 2, heads: [2] }]);
    expect(restingSeries(view)).toHaveLength(2);
  });
});

describe('the tokens looked at', () => {
  it('are told as the direction says: pinned, or pointed at in a map', () => {
    const of = (textDirection: ExplorerUi['textDirection'], hover: Partial<Hover> = {}) =>
      focusOf(viewOf({ textDirection, token: 2 }, hover), null, null);
    expect(of('from')).toEqual({ query: 2, key: null });
    expect(of('to')).toEqual({ query: null, key: 2 });
    expect(of('both')).toEqual({ query: 2, key: 2 });
    expect(of('from', { query: 3, key: 1 })).toEqual({ query: 3, key: null });
    expect(of('to', { query: 3, key: 1 })).toEqual({ query: null, key: 1 });
  });

  it('are told as the column says in which they are pointed at', () => {
    const view = viewOf({ textDirection: 'from' }, { query: 1, key: 1 });
    expect(focusOf(view, null, 'key')).toEqual({ query: null, key: 1 });
    expect(focusOf(view, null, 'query')).toEqual({ query: 1, key: null });
    expect(focusOf(viewOf({ textDirection: 'both' }, { query: 1, key: 1 }), null, 'key')).toEqual({ query: 1, key: 1 });
  });

  it('stand in two texts in cross-attention, each with a pin of its own', () => {
    const cross = { layer: 1 } as const;
    expect(focusOf(viewOf({ ...cross, token: 3, textDirection: 'both' }), 1, null)).toEqual({ query: 3, key: 1 });
    expect(focusOf(viewOf({ ...cross, textDirection: 'to' }), 1, null)).toEqual({ query: null, key: 1 });
    // Who points at a key asks who looks at it, whatever the direction.
    expect(focusOf(viewOf(cross, { key: 0 }), null, null)).toEqual({ query: null, key: 0 });
  });
});

describe('lines', () => {
  const line = (query: number, key: number, weight: number) => ({ query, key, weight, series: 'KV 0' });

  it('leave out what is weak and say how much that is', () => {
    const { lines, leftOut, dropped } = chooseLines([line(0, 0, 0.01), line(0, 1, 0.3), line(0, 2, 0.69)], 0.02);
    expect(lines.map(({ key }) => key)).toEqual([2, 1]);
    expect(leftOut).toBeCloseTo(0.01, 6);
    expect(dropped).toBe(0);
    expect(chooseLines([], 0.02)).toEqual({ lines: [], leftOut: 0, dropped: 0 });
  });

  it('are so many that they can be drawn, the strongest', () => {
    const many = Array.from({ length: 5000 }, (_, key) => line(0, key, 0.1 + key / 10_000));
    const { lines, dropped } = chooseLines(many, 0.02);
    expect(lines.length + dropped).toBe(5000);
    expect(lines.length).toBeLessThan(1000);
    expect(lines[0]?.key).toBe(4999);
  });

  it('end within the rows of their tokens, the series beside each other', () => {
    for (const count of [1, 2, 8, 32]) {
      const ends = Array.from({ length: count }, (_, place) => lineEnd(3, place, count));
      expect(Math.min(...ends)).toBeGreaterThan(3 * ROW);
      expect(Math.max(...ends)).toBeLessThan(4 * ROW);
      expect(new Set(ends).size).toBe(count);
    }
    expect(linePath(9, 27, 200)).toBe('M0,9C100,9 100,27 200,27');
  });

  it('look stronger for larger weights, and never vanish', () => {
    const looks = [0.02, 0.1, 0.5, 1].map(lineLook);
    looks.slice(1).forEach(({ width, opacity }, place) => {
      expect(width).toBeGreaterThan(looks[place]?.width ?? NaN);
      expect(opacity).toBeGreaterThan(looks[place]?.opacity ?? NaN);
    });
    expect(looks.at(-1)?.opacity).toBeLessThanOrEqual(1);
    expect(looks[0]?.opacity).toBeGreaterThan(0.3);
  });

  it('that end out of sight are counted', () => {
    expect(linesOutOfSight([0, 5, 50], 3 * ROW, 10 * ROW)).toEqual({ above: 1, below: 1 });
  });
});

describe('weights', () => {
  it('of a group are means over its heads', () => {
    const row = { heads: [0, 1, 2], weights: Float32Array.from([0.5, 0.5, 0, 1, 0.25, 0.75]) };
    expect([...meanRow(row, [0, 2])]).toEqual([0.375, 0.625]);
    expect([...meanRow(row, [1])]).toEqual([0, 1]);
  });

  it('are listed from the largest on', () => {
    expect(topKeys([0.7, 0.1, 0, 0.2], 2, true)).toEqual([
      { key: 3, weight: 0.2 },
      { key: 1, weight: 0.1 },
    ]);
  });
});
