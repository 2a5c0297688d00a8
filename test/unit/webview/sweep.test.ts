// The sweep's plot and table as pure functions of plain rows: lines, points, labels that do not overlap, sorting.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SweepResult, SweepRow } from '../../../src/protocol/sweep';
import { columns, isBest, sortRows, usedColumns } from '../../../webview/sweep/columns';
import { headsTitle, isTimed, linesOf, methodTitle, pointsOf, spreadLabels } from '../../../webview/sweep/lines';
import { neighbour } from '../../../webview/sweep/plotPlaces';
import { makeScales, plotSizes } from '../../../webview/sweep/plotScales';
import { referencesOf } from '../../../webview/sweep/references';
import { describeText } from '../../../webview/sweep/words';

function row(G: number, merge: string | null, loss: number | null, change: Partial<SweepRow> = {}): SweepRow {
  return {
    ...{ G, merge, grouping: merge === null ? null : 'contiguous', loss, perplexity: loss && Math.exp(loss) },
    ...{
      klMean: loss && loss - 3,
      top1Agreement: loss && 3 / loss,
      kvCacheBytesPerToken: G * 768,
      parameters: 5e6 + G,
    },
    ...{ millisecondsPerToken: null, solveMilliseconds: 5, measureMilliseconds: 9, adapter: 'llvmpipe', error: null },
    ...change,
  };
}

const method = (id: string, title: string) => ({ id, title, description: `what ${id} does`, source: 'a paper' });
const failed = row(1, 'mean', null, {
  error: 'too large',
  kvCacheBytesPerToken: null,
  klMean: null,
  top1Agreement: null,
});
const rows = [row(8, null, 3), row(4, 'mean', 5), row(2, 'mean', 6), failed, row(4, 'pca', 3.5), row(1, 'pca', 4.5)];
const result: SweepResult = {
  identity: { version: '1', model: 'a', text: 'b', calibration: null },
  model: { name: 'm', path: '/m', familyTitle: 'Llama', L: 2, D: 64, H: 8, G: 8, K: 8, dtype: 'F32' },
  text: { name: 'text.txt', tokens: 1024, windows: 2, windowSize: 512 },
  calibration: { name: 'other.txt', tokens: 8192, windows: 16, windowSize: 512 },
  request: { text: { kind: 'tokens', windows: [] }, groups: [], groupings: [], merges: [], timedTokens: 0 },
  methods: { groupings: [method('contiguous', 'Contiguous')], merges: [method('mean', 'Mean'), method('pca', 'PCA')] },
  rows,
  missing: [],
};

describe('lines', () => {
  it('start at the original and go to fewer heads; failed rows are left out', () => {
    const lines = linesOf({ ...result, rows: rows.toReversed() });
    expect(lines.map(({ title, rows: of }) => [title, of.map(({ G }) => G)])).toEqual([
      ['Mean', [8, 4, 2]],
      ['PCA', [8, 4, 1]],
    ]);
    expect(pointsOf(lines[1]?.rows ?? [], 'cache', 'kl').map(({ x, y }) => [x, y])).toEqual([
      [6144, 0],
      [3072, 0.5],
      [768, 1.5],
    ]);
  });

  it('have no points where nothing was timed', () => {
    expect(isTimed(result)).toBe(false);
    expect(pointsOf(rows, 'time', 'loss')).toEqual([]);
  });

  it('are named by the grouping too where there are several', () => {
    const strided = { ...row(4, 'mean', 5.5), grouping: 'strided' };
    const groupings = [...result.methods.groupings, method('strided', 'Strided')];
    const two = { ...result, methods: { ...result.methods, groupings }, rows: [...rows, strided] };
    expect(linesOf(two).map(({ title }) => title)).toEqual(['Mean · Contiguous', 'Mean · Strided', 'PCA · Contiguous']);
    expect(methodTitle(strided, two)).toBe('Mean · Strided');
    expect(methodTitle(rows[0] ?? strided, two)).toBe('Original');
  });

  it('end at what people call the numbers of heads', () => {
    const names = [8, 4, 1].map((G) => headsTitle(G, { H: 8, G: 8 }));
    expect(names).toEqual(['MHA', 'GQA-4', 'MQA']);
    expect(headsTitle(2, { H: 8, G: 2 })).toBe('GQA-2, as opened');
  });
});

describe('labels', () => {
  it('stay where they are when they have room', () => {
    expect(spreadLabels([100, 20, 60], 16, 300)).toEqual([100, 20, 60]);
  });

  it('move apart as little as possible', () => {
    expect(spreadLabels([50, 50], 16, 300)).toEqual([42, 58]);
    expect(spreadLabels([0, 2], 16, 300)).toEqual([0, 16]);
    expect(spreadLabels([300, 299], 16, 300)).toEqual([300, 284]);
  });

  it('never overlap, keep their order and stay inside when there is room', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 400, noNaN: true }), { maxLength: 20 }), (wanted) => {
        const placed = spreadLabels(wanted, 16, 400);
        const order = wanted.map((_, index) => index).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0) || a - b);
        const sorted = order.map((index) => placed[index] ?? NaN);
        sorted.forEach((place, rank) => {
          expect(place).toBeGreaterThanOrEqual(-1e-6);
          expect(place).toBeLessThanOrEqual(400 + 1e-6);
          if (rank > 0) expect(place - (sorted[rank - 1] ?? 0)).toBeGreaterThanOrEqual(16 - 1e-6);
        });
      }),
    );
  });
});

describe('the table', () => {
  it('has the columns that any row fills', () => {
    const shown = usedColumns(rows).map(({ id }) => id);
    expect(shown).toContain('solving');
    expect(shown).not.toContain('time');
    expect(usedColumns([]).map(({ id }) => id)).toEqual(['heads', 'loss']);
  });

  it('sorts by any column, rows without a number last', () => {
    const losses = (sortBy: string, descending: boolean) => sortRows(rows, sortBy, descending).map(({ loss }) => loss);
    expect(losses('loss', false)).toEqual([3, 3.5, 4.5, 5, 6, null]);
    expect(losses('loss', true)).toEqual([6, 5, 4.5, 3.5, 3, null]);
    expect(losses('', true)).toEqual(rows.map(({ loss }) => loss));
    expect(losses('no such column', false)).toEqual(rows.map(({ loss }) => loss));
  });

  it('marks the best of each number of heads where several compete', () => {
    const best = (id: string) => {
      const column = columns.find((one) => one.id === id);
      return rows.filter((one) => column && isBest(column, one, rows)).map(({ G, merge }) => `${merge ?? ''} ${G}`);
    };
    expect(best('loss')).toEqual(['pca 4']);
    expect(best('top1')).toEqual(['pca 4']);
    expect(best('cache')).toEqual([]);
  });
});

it('says what was measured on, and the calibration only where a method needs it', () => {
  expect(describeText(result)).toEqual(['measured on 1\u202f024 tokens of text.txt (2 windows of 512)', 'llvmpipe']);
  const merges = [{ ...method('pca', 'PCA'), needsText: true }];
  const solved = describeText({ ...result, methods: { ...result.methods, merges } });
  expect(solved[1]).toBe('solved on 8\u202f192 tokens of other.txt');
});

describe('references', () => {
  it('are the original, and the best that one KV head reaches', () => {
    expect(referencesOf(result, 'loss').map(({ title, value }) => [title, value])).toEqual([
      ['MHA (original) 3.000', 3],
      ['MQA 4.500', 4.5],
    ]);
    const more = { ...result, rows: [...rows, row(1, 'mean', 4.25)] };
    expect(referencesOf(more, 'loss')[1]?.title).toBe('best MQA (Mean) 4.250');
    expect(referencesOf(more, 'top1')[1]?.value).toBeCloseTo(3 / 4.25, 12);
  });

  it('are told as far as they are measured, and once where they are one', () => {
    expect(referencesOf(result, 'time')).toEqual([]);
    expect(referencesOf({ ...result, rows: [row(8, null, 3), failed] }, 'loss')).toHaveLength(1);
    const single = { ...result, model: { ...result.model, G: 1 }, rows: [row(1, null, 3), row(1, 'mean', 3)] };
    expect(referencesOf(single, 'loss').map(({ id }) => id)).toEqual(['original']);
  });
});

describe('the plot', () => {
  it('has room for labels wherever they fit, however short the names are', () => {
    for (const title of ['PCA', 'SVD', 'Mean', 'Weighted mean', 'Least squares, aligned']) {
      expect(plotSizes([title], 900).labels, title).toEqual({ side: 'ends' });
      const { width } = plotSizes([title], 900);
      expect(900 - width).toBeGreaterThan(title.length * 6);
    }
  });

  it('gives all room of a narrow panel to the plot, and writes the names below it, none over another', () => {
    const titles = ['Mean', 'Least squares, aligned', 'PCA', 'Weighted mean'];
    for (const available of [260, 320, 430]) {
      const { width, height, total, labels } = plotSizes(titles, available);
      expect(available - width, 'little is left beside the plot and its axis').toBeLessThanOrEqual(80);
      const places = labels.side === 'below' ? labels.places : [];
      expect(places).toHaveLength(titles.length);
      // In columns: what stands first in one row and the next stands in one line.
      const firsts = places.filter(({ y }, index) => y !== places[index - 1]?.y);
      expect(new Set(firsts.map(({ x }) => x)).size).toBe(1);
      for (const [index, { x, y }] of places.entries()) {
        expect(y).toBeGreaterThan(height + 50);
        expect(y).toBeLessThan(total);
        const end = x + 30 + (titles[index]?.length ?? 0) * 6.6;
        expect(end).toBeLessThanOrEqual(width + 14);
        const next = places[index + 1];
        if (next !== undefined) expect(next.y > y || next.x > end).toBe(true);
      }
    }
  });

  it('lets arrow keys go along a line and between lines of the same number of KV heads', () => {
    const at = (line: string, x: number, y: number) => ({ line, x, y });
    const points = [at('original', 8, 3), at('mean', 4, 5), at('mean', 2, 6), at('pca', 4, 3.5), at('pca', 1, 4.5)];
    const [original, mean4, mean2, pca4, pca1] = points;
    const all = linesOf(result).flatMap(({ rows: of }) => pointsOf(of, 'heads', 'loss'));
    const scales = makeScales(all, { x: 'heads', y: 'loss' }, { width: 400, height: 300 });
    const go = (key: string, from = original) => from && neighbour(key, from, points, scales);
    expect(go('ArrowRight', mean4)).toBe(mean2);
    expect(go('ArrowLeft', mean4)).toBe(original);
    expect(go('ArrowRight', pca4)).toBe(pca1);
    expect(go('ArrowDown', mean4)).toBe(pca4);
    expect(go('ArrowUp', pca4)).toBe(mean4);
    expect(go('ArrowRight', pca1)).toBeNull();
    expect(go('Home', mean4)).toBeNull();
  });
});
