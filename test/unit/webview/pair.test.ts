/** Two heads side by side: whose maps they are, and what is left of a choice in another model. */
import { describe, expect, it } from 'vitest';
import type { ExplorerUi } from '../../../src/protocol/explorerView';
import type { AttentionTile } from '../../../src/protocol/maps';
import type { RunSummary } from '../../../src/protocol/runs';
import { hasAllWeights, pairDifference, pairMaps, shownPair } from '../../../webview/explorer/similarity/pair';
import { fitUi, type ExplorerView } from '../../../webview/explorer/view';
import { NO_DIFFERENCE } from '../../../webview/shared/difference';

function view(H: number, G: number, ui: Partial<ExplorerUi>): ExplorerView {
  const snapshot = {
    model: { H, G, L: 2 },
    grouping: { G },
    registries: { similarities: [] },
    original: null,
    converted: null,
  } as unknown as ExplorerView['snapshot'];
  const full = { layer: 0, group: null, head: null, token: null, similarityTarget: 'k', ...ui } as ExplorerUi;
  return { snapshot, ui: fitUi(full, snapshot) } as ExplorerView;
}

describe('a pair', () => {
  it('of K heads has the maps of the query heads that read each', () => {
    expect(shownPair(view(8, 4, { pairRow: 3, pairColumn: 1 }))).toEqual([
      { name: 'K3', heads: [6, 7], head: 6 },
      { name: 'K1', heads: [2, 3], head: 2 },
    ]);
    const [side] = shownPair(view(8, 8, { similarityTarget: 'v', pairRow: 5, pairColumn: 0 })) ?? [];
    expect(side).toEqual({ name: 'V5', heads: [5], head: 5 });
  });

  it('of maps has their own', () => {
    const [first, second] = shownPair(view(8, 4, { similarityTarget: 'maps', pairRow: 7, pairColumn: 1 })) ?? [];
    expect([first?.heads, second?.heads]).toEqual([[7], [1]]);
    expect(first?.name).toBe('Q7');
  });

  it('asks for no members where there is one head', () => {
    const run = { runId: 'r' } as RunSummary;
    expect(pairMaps(run, 1, { name: 'K0', heads: [0], head: 0 })).toEqual({
      runId: 'r',
      layer: 1,
      heads: [0],
      meanOnly: true,
    });
    expect(pairMaps(run, 1, { name: 'K0', heads: [0, 1], head: 0 })).toEqual({ runId: 'r', layer: 1, heads: [0, 1] });
  });

  it.each([
    { of: 'a head and itself', ui: { pairRow: 2, pairColumn: 2 } },
    { of: 'half a pair', ui: { pairRow: 2 } },
    { of: 'heads that a smaller model lacks', ui: { pairRow: 2, pairColumn: 4 } },
  ])('is none: $of', ({ ui }) => {
    const fitted = view(8, 4, ui);
    expect(shownPair(fitted)).toBeNull();
    expect([fitted.ui.pairRow, fitted.ui.pairColumn]).toEqual([null, null]);
  });
});

describe('the difference of two maps', () => {
  const tile = (codes: number[], rows = 2): AttentionTile =>
    ({ S: 2, T: 2, mean: { rows, columns: 2, codes: Uint8Array.from(codes) } }) as unknown as AttentionTile;

  it('is of the second, less the first, and remembered', () => {
    // Codes 255 and 243 are 1 and a half.
    const [first, second] = [tile([255, 0, 243, 243]), tile([255, 0, 255, 0])];
    const difference = pairDifference(first, second, false);
    expect([...difference.codes]).toEqual([NO_DIFFERENCE, NO_DIFFERENCE, 255, 1]);
    expect(difference.largest).toBeCloseTo(0.5, 6);
    expect(pairDifference(first, second, false)).toBe(difference);
    expect(pairDifference(second, first, false).codes[2]).toBe(1);
  });

  it('takes whole maps only', () => {
    expect(hasAllWeights(tile([1, 2, 3, 4]))).toBe(true);
    expect(hasAllWeights(tile([1, 2], 1))).toBe(false);
  });
});
