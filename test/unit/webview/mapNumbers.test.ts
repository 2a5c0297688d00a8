/** Files of the explorer's maps hold what the maps show: weights or scores, members or what they have more than their mean. */
import { describe, expect, it } from 'vitest';
import type { AttentionRow, AttentionRowRequest } from '../../../src/protocol/maps';
import type { ExplorerUi } from '../../../src/protocol/explorerView';
import type { ExplorerData } from '../../../webview/explorer/data';
import { gatherMaps, mapNumbers } from '../../../webview/explorer/maps/mapNumbers';
import { legendName } from '../../../webview/explorer/maps/mapWords';
import { fitUi, type ExplorerView } from '../../../webview/explorer/view';

/** Three heads, the last alone in its group. */
function view(ui: Partial<ExplorerUi>): ExplorerView {
  const tokens = ['a', 'b'].map((text, id) => ({ id, text }));
  const layers = [{ title: 'layer 0', name: '0', attention: 'causal', stack: 'decoder' }];
  const snapshot = {
    model: { L: 1, H: 3, G: 3, layers, features: [] },
    grouping: { G: 2, groupOfHead: [[0, 0, 1]] },
    registries: { similarities: [] },
    original: { runId: 'run', tokens, encoderTokens: null },
    converted: null,
  } as unknown as ExplorerView['snapshot'];
  const full = { layer: 0, group: null, head: null, token: null, mapsOf: 'original', ...ui } as ExplorerUi;
  return {
    snapshot,
    ui: fitUi(full, snapshot),
    hover: { head: null, group: null, query: null, key: null },
    comparing: null,
  };
}

function answer({ heads, layer, query, values }: AttentionRowRequest): AttentionRow {
  const numbers = heads.flatMap((head) =>
    [0, 1].map((key) => (key > query ? -Infinity : (values === 'scores' ? 100 : 1) * (head + 1) * (key + 1))),
  );
  return { layer, heads, query, weights: Float32Array.from(numbers), sinks: null };
}

const data = {
  attentionRow: (request: AttentionRowRequest) => Promise.resolve(answer(request)),
  rows: { get: (request: AttentionRowRequest) => ({ state: 'ready', value: answer(request) }) },
} as unknown as ExplorerData;
const gathering = { signal: new AbortController().signal, progress: () => undefined };

describe('files of maps', () => {
  it('hold the weights of members and their mean', async () => {
    const { title, columns, rows } = await gatherMaps(view({}), data, gathering);
    expect(title).toBe('Attention weights of layer 0');
    expect(columns.slice(4)).toEqual(['Q0', 'Q1', 'KV 0 mean', 'Q2']);
    expect(rows.map((row) => row.slice(4))).toEqual([
      [1, 2, 1.5, 3],
      [1, 2, 1.5, 3],
      [2, 4, 3, 6],
    ]);
  });

  it('hold scores where those are shown', async () => {
    const { title, rows } = await gatherMaps(view({ mapValues: 'scores' }), data, gathering);
    expect(title).toBe('Scores before the softmax of layer 0');
    expect(rows.at(-1)?.slice(4)).toEqual([200, 400, 300, 600]);
  });

  it('hold what each member has more than the mean where that is shown, of a head alone its own', async () => {
    const shown = view({ memberMaps: 'deviations' });
    const { columns, rows } = await gatherMaps(shown, data, gathering);
    expect(columns.slice(4)).toEqual(['Q0 − KV 0 mean', 'Q1 − KV 0 mean', 'KV 0 mean', 'Q2']);
    expect(rows.at(-1)?.slice(4)).toEqual([-1, 1, 3, 6]);
  });

  it('are told in tables of a chosen token alike', () => {
    const table = mapNumbers(view({ token: 1, mapValues: 'scores', memberMaps: 'deviations' }), data);
    expect(table?.title).toBe('Scores before the softmax from token 1, “b”');
    expect(table?.rows.at(-1)).toEqual([1, 'b', -100, 100, 300, 600]);
  });
});

describe('legends', () => {
  it('say what is shown where it is not weights alone', () => {
    const names = (ui: Partial<ExplorerUi>): string[] =>
      (['weights', 'scores', 'differences'] as const).map((kind) => legendName({ kind }, view(ui)));
    expect(names({})[0]).toBe('');
    expect(names({ memberMaps: 'deviations' })).toEqual(['mean', 'mean', 'member − mean']);
    expect(names({ mapValues: 'scores' })[1]).toBe('score');
    expect(names({ mapValues: 'scores', memberMaps: 'deviations' }).slice(1)).toEqual([
      'mean score',
      'score − mean score',
    ]);
  });
});
