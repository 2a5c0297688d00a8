/** The comparison's large maps: whose maps are asked for, which numbers are drawn, told and written into files. */
import { describe, expect, it } from 'vitest';
import type { AttentionRequest, AttentionRow, AttentionRowRequest, AttentionTile } from '../../../src/protocol/maps';
import type { CellCoding, MapCells } from '../../../src/protocol/maps';
import type { DiffUi } from '../../../src/protocol/diffView';
import { createDiffData, type DiffRequests } from '../../../webview/diff/data';
import { gatherLargeMaps, largeMapNumbers } from '../../../webview/diff/largeMapNumbers';
import { paneContent } from '../../../webview/diff/paneContent';
import { HeadTileReader } from '../../../webview/diff/headTiles';
import {
  changeMaps,
  drawnChange,
  headMaps,
  headSets,
  rowRequest,
  setChange,
  setMaps,
  shownTile,
} from '../../../webview/diff/paneMaps';
import { paneTiles } from '../../../webview/diff/paneTiles';
import {
  headLegendWords,
  headMapsNote,
  largeMapsTitle,
  legendWords,
  moreWords,
  paneTitle,
} from '../../../webview/diff/paneWords';
import { fitDiffUi, type DiffView } from '../../../webview/diff/view';
import { decode } from '../../../webview/shared/mapCells';
import { WHOLE_MAP } from '../../../webview/shared/mapView';

const tokens = ['a', 'b', 'c'].map((text, id) => ({ id, text }));
const S = tokens.length;
const scores: CellCoding = { kind: 'scores', low: -127, high: 127 };

/** MHA of four heads against two groups of two. */
function view(ui: Partial<DiffUi>, tokenCount = S): DiffView {
  const some = Array.from({ length: tokenCount }, (_, place) => tokens[place % S]);
  const run = (runId: string, G: number, groupOfHead: number[]) => ({
    ...{ runId, tokens: some, encoderTokens: null, grouping: { G, groupOfHead: [groupOfHead, groupOfHead] } },
  });
  const layers = ['layer 0', 'layer 1'].map((title) => ({ title, name: title, attention: 'causal', stack: 'decoder' }));
  const model = { L: 2, H: 4, G: 4, layers, features: [] };
  const snapshot = {
    model,
    sides: { a: { name: 'MHA', model }, b: { name: 'GQA-2', model } },
    compare: { a: run('one', 4, [0, 1, 2, 3]), b: run('two', 2, [0, 0, 1, 1]), klPerToken: new Float32Array(S) },
  } as unknown as DiffView['snapshot'];
  const full = { layer: 1, head: 3, scale: 'log', hideFirstToken: false, token: null, ...ui } as DiffUi;
  return { snapshot, ui: fitDiffUi(full, snapshot), hover: { query: null, key: null, token: null } };
}

function data(answers: Partial<DiffRequests>) {
  const refuse = (): Promise<never> => Promise.reject(new Error('not asked for'));
  return createDiffData(
    {
      ...{
        attention: refuse,
        attentionRow: refuse,
        headDivergence: refuse,
        predictions: refuse,
        continuations: refuse,
      },
      ...answers,
    },
    () => undefined,
  );
}

/** Numbers that tell run, head and key; the key after the query is not seen. */
function answerRow({ runId, heads, layer, query, values }: AttentionRowRequest): AttentionRow {
  const seen = (key: number, head: number): number => (runId === 'two' ? 10 : 1) * (head + 1) * (key + 1) + query;
  const weights = heads.flatMap((head) =>
    Array.from({ length: S }, (_, key) => (key > query ? (values === 'scores' ? -Infinity : 0) : seen(key, head))),
  );
  return { layer, heads, query, weights: Float32Array.from(weights), sinks: null };
}

describe('whose maps are asked for', () => {
  it('are those of the head alone', () => {
    const of = { layer: 1, heads: [3] };
    expect(headMaps(view({}), 'a')).toEqual({ ...of, runId: 'one', meanOnly: true });
    expect(changeMaps(view({ mapValues: 'scores' }))).toEqual({ ...of, runId: 'two', minus: 'one', values: 'scores' });
    expect(rowRequest(view({}), 'b', 2)).toEqual({ ...of, runId: 'two', query: 2 });
  });

  it('are those of all that share its group where it is drawn minus their mean, on both sides the same heads', () => {
    const shown = view({ memberMaps: 'deviations', mapValues: 'scores', hideFirstToken: true });
    const of = { layer: 1, heads: [2, 3], deviations: true, values: 'scores', withoutFirst: true };
    expect(headMaps(shown, 'a')).toEqual({ ...of, runId: 'one' });
    expect(headMaps(shown, 'b')).toEqual({ ...of, runId: 'two' });
    expect(changeMaps(shown)).toEqual({ ...of, runId: 'two', minus: 'one' });
    expect(rowRequest(shown, 'a', 0)).toEqual({ runId: 'one', layer: 1, heads: [2, 3], query: 0, values: 'scores' });
  });

  it('are the head alone in a group of its own', () => {
    const shown = view({ memberMaps: 'deviations' });
    const { b } = shown.snapshot.compare ?? {};
    if (b) b.grouping.groupOfHead[1] = [0, 0, 0, 1];
    expect(headMaps(shown, 'a')).toMatchObject({ heads: [3], meanOnly: true });
    expect(legendWords(shown)).toBe('probability');
  });
});

describe('the small maps', () => {
  const window = { q0: 0, q1: S, k0: 0, k1: S };
  const coded = (count: number, code: number, coding: CellCoding): MapCells => ({
    ...{ rows: S, columns: S, codes: new Uint8Array(count * S * S).fill(code), coding },
  });
  const answer = ({ heads, deviations, minus, meanOnly, runId, values }: AttentionRequest): AttentionTile => {
    const own: CellCoding = values === 'scores' ? scores : { kind: 'weights' };
    const isDifference = deviations === true || minus !== undefined;
    const coding: CellCoding = isDifference ? { kind: 'differences', largest: 1 } : own;
    const code = runId === 'two' ? 140 : 120;
    const members = meanOnly === true ? null : coded(heads.length, code, coding);
    return {
      ...{ layer: 1, heads, S, T: S, causal: true, window, statistics: [] },
      mean: coded(1, code, own),
      members,
    };
  };
  async function read(shown: DiffView, attention: (request: AttentionRequest) => Promise<AttentionTile>) {
    const reader = new HeadTileReader(data({ attention }).maps);
    reader.read(shown, 64);
    await new Promise(setImmediate);
    reader.read(shown, 64);
    await new Promise(setImmediate);
    return { reader, found: reader.read(shown, 64) };
  }

  it('are asked for together as they are, and by groups where their mean is taken from them', () => {
    expect(headSets(view({}))).toEqual([{ heads: [0, 1, 2, 3], deviates: false }]);
    const shown = view({ memberMaps: 'deviations', mapValues: 'scores' });
    expect(headSets(shown)).toEqual([
      { heads: [0, 1], deviates: true },
      { heads: [2, 3], deviates: true },
    ]);
    const { b } = shown.snapshot.compare ?? {};
    if (b) b.grouping.groupOfHead[1] = [0, 0, 1, 2];
    const [pair, alone] = headSets(shown);
    expect([pair, alone]).toEqual([
      { heads: [0, 1], deviates: true },
      { heads: [2, 3], deviates: false },
    ]);
    const deviating = { runId: 'two', layer: 1, heads: [0, 1], deviations: true, values: 'scores' };
    expect(pair && setMaps(shown, 'b', pair)).toEqual(deviating);
    expect(pair && setChange(shown, pair)).toEqual({ ...deviating, minus: 'one' });
  });

  it('show of every head what the large maps show of one: both sides and their difference', async () => {
    for (const ui of [{}, { mapValues: 'scores' }, { memberMaps: 'deviations' }] as Partial<DiffUi>[]) {
      const shown = view(ui);
      const { found, reader } = await read(shown, (request) => Promise.resolve(answer(request)));
      expect([...found.heads.keys()]).toEqual([0, 1, 2, 3]);
      const large = headMaps(shown, 'a');
      const expected = large && shownTile(answer(large), 3);
      expect(found.heads.get(3)?.a.mean.coding).toEqual(expected?.mean.coding);
      expect(found.heads.get(3)?.difference?.mean.coding.kind).toBe('differences');
      // What has not changed is the same picture, and is not painted again.
      const again = reader.read(shown, 64).heads.get(0)?.difference?.mean.codes.buffer;
      expect(again).toBe(found.heads.get(0)?.difference?.mean.codes.buffer);
    }
  });

  it('have the difference of what is drawn where a host gives none, and say what is missing', async () => {
    const shown = view({ mapValues: 'scores' });
    const refuse = (request: AttentionRequest): Promise<AttentionTile> =>
      request.minus === undefined ? Promise.resolve(answer(request)) : Promise.reject(new Error('not here'));
    const { found } = await read(shown, refuse);
    const { mean } = found.heads.get(1)?.difference ?? {};
    expect(mean && decode(mean.codes[0] ?? 0, mean.coding)).toBeCloseTo(20, 1);
    const { found: nothing } = await read(shown, () => Promise.reject(new Error('no maps')));
    expect(nothing).toMatchObject({ isLoading: false, failure: 'no maps' });
    expect(nothing.heads.size).toBe(0);
  });

  it('say what they are minus', () => {
    expect(headMapsNote(view({}))).toBe('Maps, from above: MHA, GQA-2, their difference.');
    expect(headMapsNote(view({ memberMaps: 'deviations' }))).toMatch(
      /minus the mean of the heads that share its KV group/,
    );
    expect(headLegendWords(view({ mapValues: 'scores' }), 'differences')).toBe('score − mean score');
  });
});

describe('what was chosen before', () => {
  it('fits this model and this text', () => {
    const wrong = { mapValues: 'other', memberMaps: 3, zoom: { x: 0.9, y: 0.2, span: 0.5 } } as unknown as DiffUi;
    const { ui } = view(wrong, 24);
    expect(ui).toMatchObject({ mapValues: 'probabilities', memberMaps: 'own', zoom: { x: 0.5, y: 0.2, span: 0.5 } });
    expect(view({ zoom: { x: 0, y: 0, span: 0.01 } }, 24).ui.zoom.span).toBe(0.25);
    // Of three tokens all are seen.
    expect(view({ zoom: { x: 0.3, y: 0, span: 0.1 } }).ui.zoom).toEqual(WHOLE_MAP);
  });
});

describe('what is drawn', () => {
  const cells = (codes: number[], coding: CellCoding): MapCells => ({
    ...{ rows: 2, columns: 2, codes: Uint8Array.from(codes), coding },
  });
  const tile = (heads: number[], mean: MapCells, members: MapCells | null): AttentionTile => ({
    ...{ layer: 1, heads, S: 2, T: 2, causal: true, window: { q0: 0, q1: 2, k0: 0, k1: 2 }, mean, members },
    statistics: [],
  });

  it('is the head’s own cells of a tile', () => {
    const members = cells([1, 2, 3, 4, 5, 6, 7, 8], { kind: 'differences', largest: 1 });
    const shown = shownTile(tile([2, 3], cells([9, 9, 9, 9], { kind: 'weights' }), members), 3);
    expect([...(shown?.mean.codes ?? [])]).toEqual([5, 6, 7, 8]);
    expect(shown?.mean.coding.kind).toBe('differences');
    expect(shownTile(tile([2], cells([9], { kind: 'weights' }), null), 3)).toBeNull();
  });

  it('is, of scores that no engine takes from each other, the difference of their codes; none where one is masked', () => {
    const [a, b] = [tile([3], cells([128, 0, 131, 1], scores), null), tile([3], cells([130, 0, 131, 0], scores), null)];
    const { mean } = drawnChange(a, b, false);
    const found = [...mean.codes].map((code) => decode(code, mean.coding));
    expect(found).toEqual([2, NaN, 0, NaN]);
  });

  /** Asks until everything has come. */
  async function settled(shown: DiffView, answer: (request: AttentionRequest) => AttentionTile) {
    const asked: AttentionRequest[] = [];
    const { maps } = data({
      attention: (request) => {
        asked.push(request);
        return new Promise((resolve) => resolve(answer(request)));
      },
    });
    for (let turn = 0; turn < 3; turn++) {
      paneTiles(maps, shown, 100, WHOLE_MAP);
      await new Promise((resolve) => setTimeout(resolve));
    }
    return { asked, tiles: paneTiles(maps, shown, 100, WHOLE_MAP) };
  }

  it('is, of weights with a cell each, taken from each other by the page', async () => {
    const weights = ({ runId, heads }: AttentionRequest): AttentionTile =>
      tile(heads, cells(runId === 'one' ? [255, 0, 243, 243] : [255, 0, 255, 0], { kind: 'weights' }), null);
    const { asked, tiles } = await settled(view({}), weights);
    expect(asked.map(({ runId }) => runId)).toEqual(['one', 'two']);
    const { codes = [] as number[], coding = scores } = tiles.difference.whole?.mean ?? {};
    expect([...codes].map((code) => decode(code, coding))).toEqual([0, 0, 0.5, -0.5]);
  });

  it('is, of scores, the engine’s difference, and what is drawn where it has none', async () => {
    const difference: CellCoding = { kind: 'differences', largest: 4 };
    const withEngine = await settled(view({ mapValues: 'scores' }), ({ heads, minus }) =>
      minus === undefined
        ? tile(heads, cells([128, 0, 128, 128], scores), null)
        : tile(heads, cells([1, 1, 1, 1], scores), cells([255, 0, 128, 1], difference)),
    );
    expect([...(withEngine.tiles.difference.whole?.mean.codes ?? [])]).toEqual([255, 0, 128, 1]);
    expect(withEngine.asked.at(-1)).toMatchObject({ runId: 'two', minus: 'one', values: 'scores' });
    const without = await settled(view({ mapValues: 'scores' }), ({ heads, runId, minus }) => {
      if (minus !== undefined) throw new Error('not here');
      return tile(heads, cells(runId === 'one' ? [128, 0, 128, 128] : [131, 0, 128, 128], scores), null);
    });
    const { codes = [] as number[], coding = scores } = without.tiles.difference.whole?.mean ?? {};
    expect(decode(codes[0] ?? 0, coding)).toBeCloseTo(3, 6);
    expect([...codes].slice(1)).toEqual([0, 128, 128]);
    expect(without.tiles.difference.failure).toBeNull();
  });

  it('is not there, with a reason, where a side has no maps', async () => {
    const { tiles } = await settled(view({}), () => {
      throw new Error('no maps');
    });
    expect([tiles.a.whole, tiles.difference.whole, tiles.a.failure]).toEqual([null, null, 'no maps']);
  });
});

describe('what is told', () => {
  it('names what is shown', () => {
    const own = view({});
    expect(largeMapsTitle(own)).toBe('Q3 of layer 1 on both sides');
    expect([legendWords(own), moreWords(own, 'b')]).toEqual(['probability', 'more in GQA-2']);
    const shown = view({ mapValues: 'scores', memberMaps: 'deviations' });
    expect(largeMapsTitle(shown)).toBe('Q3 − mean of KV 1 of layer 1 on both sides: scores before the softmax');
    expect(paneTitle(shown, 'difference')).toBe('Difference · Q3 − mean of KV 1');
    expect([legendWords(shown), moreWords(shown, 'a')]).toEqual(['score − mean score', 'higher in MHA']);
  });

  it('of a cell is what is drawn there, of both sides', () => {
    const cell = { query: 2, key: 1 };
    const known = (shown: DiffView) => {
      const side = (which: 'a' | 'b') => {
        const request = rowRequest(shown, which, cell.query);
        return { row: request && answerRow(request), tile: null };
      };
      return { a: side('a'), b: side('b') };
    };
    const own = view({ mapValues: 'scores' });
    const content = paneContent(own, 'difference', cell, known(own));
    // 10·4·2 + 2 and 1·4·2 + 2.
    expect([content.weight, content.exact]).toEqual([72, true]);
    expect(content.others.map(({ weight }) => weight)).toEqual([10, 82]);
    expect(content).toMatchObject({ title: 'Q3, GQA-2 − MHA', note: 'scores before the softmax' });
    const shown = view({ memberMaps: 'deviations' });
    // Heads 2 and 3 differ by 2 at key 1 on side a: half of it.
    expect(paneContent(shown, 'a', cell, known(shown))).toMatchObject({
      weight: 1,
      title: 'Q3 − mean of KV 1, MHA',
      note: '',
    });
    expect(paneContent(shown, 'b', cell, known(shown)).weight).toBe(10);
    expect(paneContent(shown, 'b', cell, { a: { row: null, tile: null }, b: { row: null, tile: null } })).toMatchObject(
      {
        ...{ weight: 0, exact: false },
      },
    );
  });

  it('of scores includes the sinks of a head', () => {
    const shown = view({ mapValues: 'scores' });
    const request = rowRequest(shown, 'a', 2);
    const row = request && { ...answerRow(request), sinks: Float32Array.of(-1.5) };
    const content = paneContent(shown, 'a', { query: 2, key: 0 }, { a: { row, tile: null }, b: { row, tile: null } });
    expect(content.note).toBe('scores before the softmax; sink of the head: −1.500');
  });
});

describe('what is written', () => {
  const gathering = { signal: new AbortController().signal, progress: () => undefined };
  const asked = data({ attentionRow: (request) => Promise.resolve(answerRow(request)) });

  it('is what the maps show, and says so', async () => {
    const weights = await gatherLargeMaps(view({}), asked, gathering);
    expect(weights.title).toBe('Attention of Q3 in layer 1');
    expect(weights.columns.slice(4)).toEqual(['MHA', 'GQA-2', 'difference']);
    expect(weights.rows.at(-1)).toEqual([2, 'c', 2, 'c', 14, 122, 108]);
    const shown = await gatherLargeMaps(view({ mapValues: 'scores', memberMaps: 'deviations' }), asked, gathering);
    expect(shown.title).toBe('Scores before the softmax of Q3 − mean of KV 1 in layer 1');
    expect(shown.columns.slice(4)).toEqual(['MHA (score)', 'GQA-2 (score)', 'difference (score)']);
    expect(shown.rows.at(-1)?.slice(4)).toEqual([1.5, 15, 13.5]);
  });

  it('has nothing where a score is not seen', async () => {
    const shown = view({ mapValues: 'scores' });
    const [layer] = shown.snapshot.model.layers.slice(1);
    if (layer) Object.assign(layer, { attention: 'full' });
    const { rows } = await gatherLargeMaps(shown, asked, gathering);
    expect(rows[1]).toEqual([0, 'a', 1, 'b', null, null, null]);
  });

  it('is in a table the chosen token’s', async () => {
    const shown = view({ token: 1, mapValues: 'scores' });
    expect(largeMapNumbers(shown, asked)).toBeNull();
    await new Promise((resolve) => setTimeout(resolve));
    const table = largeMapNumbers(shown, asked);
    expect(table?.title).toBe('Scores before the softmax of Q3 from token 1, “b”');
    expect(table?.rows).toEqual([
      [0, 'a', 5, 41, 36],
      [1, 'b', 9, 81, 72],
    ]);
  });
});
