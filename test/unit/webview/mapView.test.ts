/** Parts of maps: zoom, pan, tiles for what is seen, and the cells that a query and key fall into. */
import { describe, expect, it } from 'vitest';
import type { AttentionRequest, AttentionTile, MapCells, MapWindow } from '../../../src/protocol/maps';
import { decode, numberAt } from '../../../webview/shared/mapCells';
import { MapTiles } from '../../../webview/shared/mapTiles';
import {
  boxOf,
  cellAt,
  fitMapView,
  isWhole,
  panBy,
  panTo,
  placeOf,
  seenTokens,
  tileFor,
  visibleColumns,
  WHOLE_MAP,
  zoomAt,
} from '../../../webview/shared/mapView';

describe('views of maps', () => {
  it('zoom about a place that stays', () => {
    const view = zoomAt(WHOLE_MAP, 4, { x: 0.3, y: 0.8 }, 1024);
    expect(view.span).toBeCloseTo(0.25);
    expect(view.x + 0.3 * view.span).toBeCloseTo(0.3);
    expect(view.y + 0.8 * view.span).toBeCloseTo(0.8);
    const again = zoomAt(view, 2, { x: 0.5, y: 0.5 }, 1024);
    expect(again.x + again.span / 2).toBeCloseTo(view.x + view.span / 2);
  });

  it('stay in the map, and end at the whole and at a few tokens', () => {
    const corner = zoomAt(WHOLE_MAP, 8, { x: 1, y: 1 }, 1024);
    expect(panBy(corner, 3, 3)).toEqual({ x: 0.875, y: 0.875, span: 0.125 });
    expect(panBy(corner, -30, -0.5)).toMatchObject({ x: 0, y: 0.8125 });
    expect(zoomAt(corner, 0.01, { x: 0, y: 0 }, 1024)).toEqual(WHOLE_MAP);
    expect(zoomAt(corner, 1e9, { x: 0, y: 0 }, 1024).span * 1024).toBeCloseTo(6);
    expect(isWhole(zoomAt(WHOLE_MAP, 9, { x: 0, y: 0 }, 3))).toBe(true);
  });

  it('that were kept fit the maps that there are; what is none is the whole', () => {
    const kept = { x: 0.25, y: 0.5, span: 0.25 };
    expect(fitMapView(kept, 1024)).toEqual(kept);
    // Of eight tokens six are seen at least.
    expect(fitMapView(kept, 8)).toEqual({ x: 0.25, y: 0.25, span: 0.75 });
    expect(fitMapView({ ...kept, x: 0.9 }, Infinity)).toEqual({ ...kept, x: 0.75 });
    expect(isWhole(fitMapView(kept, 5))).toBe(true);
    const wrong = [
      null,
      undefined,
      3,
      [],
      {},
      { ...kept, x: NaN },
      { ...kept, y: -1 },
      { ...kept, span: 0 },
      { x: '0' },
    ];
    for (const one of wrong) expect(fitMapView(one, 100)).toEqual(WHOLE_MAP);
  });

  it('name the tokens that are seen, and the cell at a place', () => {
    const view = { x: 0.25, y: 0.5, span: 0.25 };
    expect(seenTokens(view, 100, 100)).toEqual({ q0: 50, q1: 75, k0: 25, k1: 50 });
    expect(seenTokens(view, 10, 30)).toEqual({ q0: 5, q1: 8, k0: 7, k1: 15 });
    expect(cellAt(view, 100, 100, 0, 0)).toEqual({ query: 50, key: 25 });
    expect(cellAt(view, 100, 100, 0.999, 0.5)).toEqual({ query: 62, key: 49 });
    expect(cellAt(view, 100, 100, 1, 0.5)).toBeNull();
  });

  it('follow a cell that the keyboard moves out of sight', () => {
    const view = { x: 0.25, y: 0.5, span: 0.25 };
    expect(panTo(view, { query: 60, key: 30 }, 100, 100)).toEqual(view);
    expect(panTo(view, { query: 75, key: 24 }, 100, 100)).toMatchObject({ x: 0.24, y: 0.51 });
  });

  it('say where a part lies in what is shown', () => {
    const box = boxOf({ q0: 50, q1: 51, k0: 0, k1: 51 }, { x: 0.25, y: 0.5, span: 0.25 }, 100, 100);
    expect(box.left).toBeCloseTo(-1);
    expect(box.width).toBeCloseTo(2.04);
    expect(box.top).toBeCloseTo(0);
    expect(box.height).toBeCloseTo(0.04);
  });
});

describe('tiles for a view', () => {
  it('are none for the whole map', () => expect(tileFor(WHOLE_MAP, 100, 100, 300)).toBeNull());

  it('cover it with a cell a pixel, wherever it is and however far it is zoomed', () => {
    const S = 2048;
    const pixels = 448;
    for (let seed = 1; seed < 200; seed++) {
      const span = 0.99 * 0.97 ** seed;
      const view = panBy({ x: 0, y: 0, span }, (seed * 0.37) % (1 / span), (seed * 0.61) % (1 / span));
      const tile = tileFor(view, S, S, pixels);
      const { q0, q1, k0, k1 } = tile?.window ?? { q0: 0, q1: 0, k0: 0, k1: 0 };
      const seen = seenTokens(view, S, S);
      expect(q0 <= seen.q0 && q1 >= seen.q1 && k0 <= seen.k0 && k1 >= seen.k1).toBe(true);
      // Cells of a token or less than a pixel each; and not many times more than are seen.
      const perPixel = ((tile?.size ?? 0) / (q1 - q0)) * ((span * S) / pixels);
      if (q1 < S && q1 - q0 > (tile?.size ?? 0)) expect(perPixel).toBeGreaterThan(0.65);
      expect((q1 - q0) / (seen.q1 - seen.q0)).toBeLessThan(2.6);
    }
  });

  it('are few while the view moves', () => {
    const windows = Array.from({ length: 100 }, (_, step) =>
      JSON.stringify(tileFor({ x: step / 1000, y: 0.3, span: 0.1 }, 2048, 2048, 448)?.window),
    );
    expect(new Set(windows).size).toBeLessThan(5);
  });
});

describe('cells', () => {
  it('hold queries and keys as the engine pools them', () => {
    const window: MapWindow = { q0: 10, q1: 17, k0: 2, k1: 12 };
    const grid = { window, rows: 3, columns: 4 };
    for (let query = 10; query < 17; query++) {
      for (let key = 2; key < 12; key++) {
        const row = Math.floor(((query - 10) * 3) / 7);
        expect(placeOf(grid, query, key)).toBe(row * 4 + Math.floor(((key - 2) * 4) / 10));
      }
    }
    expect(placeOf(grid, 17, 3)).toBeNull();
    expect(placeOf(grid, 12, 1)).toBeNull();
  });

  it('are visible in a causal map where any of their keys is', () => {
    for (const [q0, k0, n, rows] of [
      [0, 0, 20, 20],
      [0, 0, 23, 7],
      [5, 9, 20, 6],
      [9, 2, 20, 6],
      [0, 30, 20, 6],
    ] as const) {
      const grid = { window: { q0, q1: q0 + n, k0, k1: k0 + n }, rows, columns: rows };
      const seen = new Set<number>();
      for (let query = q0; query < q0 + n; query++)
        for (let key = k0; key <= query && key < k0 + n; key++) seen.add(placeOf(grid, query, key) ?? -1);
      for (let row = 0; row < rows; row++) {
        const visible = visibleColumns(grid, row, true);
        for (let column = 0; column < rows; column++) expect(seen.has(row * rows + column)).toBe(column < visible);
      }
    }
    expect(visibleColumns({ window: { q0: 0, q1: 4, k0: 0, k1: 9 }, rows: 4, columns: 9 }, 0, false)).toBe(9);
  });

  it('decode to weights, scores and differences', () => {
    expect(decode(243, { kind: 'weights' })).toBe(0.5);
    expect(decode(255, { kind: 'scores', low: -3, high: 5 })).toBe(5);
    expect(decode(1, { kind: 'scores', low: -3, high: 5 })).toBe(-3);
    expect(decode(0, { kind: 'scores', low: -3, high: 5 })).toBeNaN();
    expect(decode(1, { kind: 'differences', largest: 0.25 })).toBe(-0.25);
    expect(decode(128, { kind: 'differences', largest: 0.25 })).toBe(0);
  });

  it('give the number of the finest tile that has it', () => {
    const cells = (rows: number, codes: number[]): MapCells => ({
      ...{ rows, columns: rows, codes: Uint8Array.from(codes) },
      coding: { kind: 'weights' },
    });
    const shape = { layer: 0, heads: [3], S: 4, T: 4, causal: true, members: null, statistics: [] };
    const whole: AttentionTile = {
      ...shape,
      window: { q0: 0, q1: 4, k0: 0, k1: 4 },
      mean: cells(2, [255, 0, 243, 231]),
    };
    const part: AttentionTile = { ...shape, window: { q0: 2, q1: 4, k0: 0, k1: 2 }, mean: cells(2, [1, 255, 1, 243]) };
    expect(numberAt([part, whole], null, 3, 1)).toBe(0.5);
    expect(numberAt([part, whole], 3, 3, 2)).toBe(0.25);
    expect(numberAt([null, whole], 9, 3, 2)).toBeNull();
  });
});

describe('tiles of maps', () => {
  /** A host that answers as the engine does, and counts what it ships. */
  function counting(S: number) {
    const requests: AttentionRequest[] = [];
    let bytes = 0;
    const fetch = (request: AttentionRequest): Promise<AttentionTile> => {
      requests.push(request);
      const window = request.window ?? { q0: 0, q1: S, k0: 0, k1: S };
      const cells = (maps: number, size = Infinity): MapCells => {
        const [rows, columns] = [Math.min(size, window.q1 - window.q0), Math.min(size, window.k1 - window.k0)];
        bytes += maps * rows * columns;
        return { rows, columns, codes: new Uint8Array(maps * rows * columns), coding: { kind: 'weights' } };
      };
      return Promise.resolve({
        ...{ layer: request.layer, heads: request.heads, S, T: S, causal: true, window, statistics: [] },
        mean: cells(1, request.size),
        members: request.meanOnly === true ? null : cells(request.heads.length, request.memberSize ?? request.size),
      });
    };
    return { requests, fetch, bytes: () => bytes };
  }
  const of = { runId: 'run-1', layer: 2, heads: [0, 1, 2, 3] };
  const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

  it('are asked for as large as they are drawn, and again only for more', async () => {
    const host = counting(1024);
    const tiles = new MapTiles(host.fetch, () => undefined, 16);
    expect(tiles.whole(of, 1024, { mean: 430, members: 110 })).toMatchObject({ tile: null, isLoading: true });
    await settled();
    expect(host.requests).toEqual([{ ...of, size: 448, memberSize: 128 }]);
    expect(tiles.whole(of, 1024, { mean: 200, members: 128 }).tile?.mean.columns).toBe(448);
    const finer = tiles.whole(of, 1024, { mean: 900, members: 128 });
    // The coarser one stays until the finer has come.
    expect([finer.tile?.mean.columns, finer.isLoading]).toEqual([448, true]);
    await settled();
    expect(tiles.whole(of, 1024, { mean: 900, members: 128 }).tile?.mean.columns).toBe(960);
    expect(host.requests).toHaveLength(2);
  });

  it('are whole where that is no more, whatever the size', async () => {
    const host = counting(60);
    const tiles = new MapTiles(host.fetch, () => undefined, 16);
    tiles.whole({ ...of, withoutFirst: true }, 60, { mean: 430, members: 110 });
    tiles.whole({ ...of, withoutFirst: true }, 60, { mean: 900, members: 300 });
    await settled();
    expect(host.requests).toEqual([of]);
    const whole = tiles.peek({ ...of, withoutFirst: true });
    const view = { x: 0, y: 0, span: 0.3 };
    expect(whole && tiles.part(of, whole, view, { mean: 430, members: 110 })).toBeNull();
    expect(host.requests).toHaveLength(1);
  });

  it('of a part have its detail', async () => {
    const host = counting(2048);
    const tiles = new MapTiles(host.fetch, () => undefined, 16);
    const pixels = { mean: 448, members: 128 };
    tiles.whole(of, 2048, pixels);
    await settled();
    const whole = tiles.peek(of);
    const view = zoomAt(WHOLE_MAP, 20, { x: 0.4, y: 0.9 }, 2048);
    expect(whole && tiles.part(of, whole, view, pixels)).toBeNull();
    await settled();
    const part = whole && tiles.part(of, whole, view, pixels);
    const seen = seenTokens(view, 2048, 2048);
    const { q0 = NaN, q1 = NaN, k1 = NaN } = part?.window ?? {};
    expect(q0 <= seen.q0 && k1 >= seen.k1).toBe(true);
    // So near, a cell is a weight.
    expect(part?.mean.rows).toBe(q1 - q0);
  });

  it('cost a page of 32 layers, 32 heads and 1 024 tokens megabytes, not gigabytes', async () => {
    const S = 1024;
    const host = counting(S);
    const tiles = new MapTiles(host.fetch, () => undefined, 64);
    const groups = Array.from({ length: 8 }, (_, group) =>
      Array.from({ length: 4 }, (_, member) => group * 4 + member),
    );
    for (let layer = 0; layer < 32; layer++) {
      for (const heads of groups) await host.fetch({ runId: 'run-1', layer, heads, meanOnly: true, size: 96 });
    }
    const thumbnails = host.bytes();
    for (const heads of groups) tiles.whole({ runId: 'run-1', layer: 16, heads }, S, { mean: 450, members: 110 });
    // Every tile used to have a byte a weight: its heads and their mean, thumbnails too.
    expect(32 * 8 * 5 * S * S).toBe(1_342_177_280);
    expect(thumbnails).toBe(2_359_296);
    expect(host.bytes() - thumbnails).toBeLessThan(2.7e6);
  });
});
