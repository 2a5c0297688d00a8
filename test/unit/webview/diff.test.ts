/** Pure parts of the comparison: difference maps, names, common prefixes; and which keys a query attends to. */
import { describe, expect, it } from 'vitest';
import type { AttentionTile, MapCells } from '../../../src/protocol/maps';
import type { Prediction } from '../../../src/protocol/runs';
import { commonPrefixLength } from '../../../webview/diff/commonPrefix';
import { cosineFloor } from '../../../webview/diff/cosineFloor';
import { differenceMap, differenceTable, NO_DIFFERENCE } from '../../../webview/shared/difference';
import { mostMoved } from '../../../webview/diff/mostMoved';
import { aligned } from '../../../webview/diff/alignedLists';
import { stepped } from '../../../webview/diff/stepped';
import { cellsOf } from '../../../webview/shared/mapCells';
import { tileRow, topKeys } from '../../../webview/explorer/text/attended';

describe('difference maps', () => {
  it('tell which side has more and by how much', () => {
    const { codes, largest } = differenceMap(
      Uint8Array.from([255, 0, 0, 243]),
      Uint8Array.from([255, 0, 243, 0]),
      2,
      false,
    );
    expect([...codes]).toEqual([NO_DIFFERENCE, NO_DIFFERENCE, 255, 1]);
    expect(largest).toBe(0.5);
  });

  it('leave the first key out of the scale when asked', () => {
    const first = Uint8Array.from([0, 0, 255, 0]);
    const second = Uint8Array.from([0, 0, 0, 207]);
    expect(differenceMap(first, second, 2, true).largest).toBe(1 / 16);
    expect(differenceMap(first, second, 2, false).largest).toBe(1);
  });

  it('are see-through where nothing changed', () => {
    const table = differenceTable({ first: '#0000ff', second: '#ff0000' });
    const pixel = (code: number) => [...new Uint8Array(Uint32Array.of(table[code] ?? 0).buffer)];
    expect(pixel(NO_DIFFERENCE)[3]).toBe(0);
    expect(pixel(255)).toEqual([255, 0, 0, 255]);
    expect(pixel(1)).toEqual([0, 0, 255, 255]);
  });
});

describe('measures', () => {
  it('find the tokens that moved most, and none where nothing moved', () => {
    expect(mostMoved(Float32Array.from([0.5, 0, 3, 1]), 3)).toEqual([2, 3, 0]);
    expect(mostMoved(Float32Array.from([0.5, 0, 3, 1]), 1)).toEqual([2]);
    expect(mostMoved(new Float32Array(4), 3)).toEqual([]);
  });

  it('start the axis of cosines at the tenth below the smallest', () => {
    expect(cosineFloor([0.43, 0.8])).toBe(0.4);
    expect(cosineFloor([0.4, 0.8])).toBe(0.4);
    expect(cosineFloor([0.99])).toBe(0.9);
    expect(cosineFloor([-0.05, 1])).toBe(-0.1);
  });
});

describe('words', () => {
  it('find where two texts part', () => {
    expect(commonPrefixLength('I am sorry', 'I am afraid')).toBe(5);
    expect(commonPrefixLength('', 'x')).toBe(0);
    expect(commonPrefixLength('same', 'same')).toBe(4);
  });
});

describe('tiles', () => {
  const cells = (codes: number[]): MapCells => ({
    ...{ rows: 2, columns: 2, codes: Uint8Array.from(codes) },
    coding: { kind: 'weights' },
  });
  const tile: AttentionTile = {
    layer: 0,
    heads: [4, 5],
    S: 2,
    T: 2,
    causal: true,
    window: { q0: 0, q1: 2, k0: 0, k1: 2 },
    members: cells([255, 0, 243, 231, 255, 0, 0, 255]),
    mean: cells([255, 0, 231, 246]),
    statistics: [],
  };

  it('give the row of a head or of the mean', () => {
    expect([...tileRow(tile, 4, 1)]).toEqual([0.5, 0.25]);
    expect([...tileRow(tile, 5, 1)]).toEqual([0, 1]);
    expect([...tileRow(tile, null, 1)][0]).toBe(0.25);
    expect(tileRow(tile, 7, 1)).toHaveLength(0);
    expect(tileRow(tile, 4, 2)).toHaveLength(0);
    expect([...(cellsOf(tile, 5)?.codes ?? [])]).toEqual([255, 0, 0, 255]);
  });

  it('give the keys that get most', () => {
    const weights = Float64Array.from([0.6, 0.1, 0, 0.3]);
    expect(topKeys(weights, 2, false).map(({ key }) => key)).toEqual([0, 3]);
    expect(topKeys(weights, 9, true).map(({ key }) => key)).toEqual([3, 1]);
  });
});

describe('lists of next tokens', () => {
  const list = (...ids: number[]): Prediction[] =>
    ids.map((id) => ({ token: { id, text: `w${id}` }, probability: 0.1 }));

  it('tell where a token stands in the other one', () => {
    const { a, b } = aligned(list(7, 8, 9), list(9, 7, 1));
    expect(a.map(({ elsewhere }) => elsewhere)).toEqual([1, -1, 0]);
    expect(b.map(({ elsewhere }) => elsewhere)).toEqual([2, 0, -1]);
  });
});

describe('keys along a line of places', () => {
  it('stay within it', () => {
    expect(['ArrowLeft', 'ArrowRight', 'Home', 'End', 'PageUp', 'x'].map((key) => stepped(key, 3, 8))).toEqual([
      ...[2, 4, 0, 8, 8, null],
    ]);
    expect(stepped('ArrowLeft', 0, 8)).toBe(0);
    expect(stepped('End', 0, -1)).toBeNull();
  });
});
