// Numbers of figures as files: quoting, exactness, names, order, and what a file may hold.
import { describe, expect, test, vi } from 'vitest';
import type { FigureOrigin } from '../../../webview/shared/figureNumbers';
import { csvText, fileName, jsonText } from '../../../webview/shared/figureFiles';
import { gatherWeights, MOST_WEIGHTS } from '../../../webview/shared/weightRows';

const origin: FigureOrigin = {
  model: 'novels llama/v1',
  shape: 'Llama, 6 layers, MHA of 8 heads',
  text: 'He said: "No."\n',
  layer: 'decoder 3 · cross',
  conversion: null,
  adapter: 'llvmpipe',
  dtype: 'BF16 weights',
};
const token = (text: string) => ({ id: 0, text });

describe('csvText', () => {
  test('quotes what RFC 4180 wants quoted, and nothing else', () => {
    const rows = [
      ['a,b', 1],
      ['say "x"', null],
      ['two\nlines', NaN],
      [' plain ', -0.5],
    ];
    expect(csvText({ title: '', columns: ['text', 'value'], rows })).toBe(
      'text,value\r\n"a,b",1\r\n"say ""x""",\r\n"two\nlines",\r\n plain ,-0.5\r\n',
    );
  });

  test('keeps float32 numbers to the last bit', () => {
    const values = Float32Array.from([0.1, 1 / 3, 1e-30, 16777217]);
    const text = csvText({ title: '', columns: ['value'], rows: Array.from(values, (value) => [value]) });
    expect(Float32Array.from(text.trim().split('\r\n').slice(1), Number)).toEqual(values);
  });
});

test('jsonText is JSON that says what the figure is of', () => {
  const rows = [['“', 0.25, null]];
  expect(JSON.parse(jsonText({ title: 'KL', columns: ['a', 'b', 'c'], rows }, origin))).toEqual({
    ...{ title: 'KL', ...origin },
    ...{ columns: ['a', 'b', 'c'], rows },
  });
  expect(JSON.parse(jsonText({ title: 'none', columns: [], rows: [] }, origin))).toMatchObject({ rows: [] });
});

test('fileName says model, figure and layer, in characters that file systems take', () => {
  expect(fileName('maps', origin)).toBe('novels-llama-v1-maps-decoder-3-cross');
  expect(fileName('overview', { ...origin, model: '../..', layer: null })).toBe('overview');
});

describe('gatherWeights', () => {
  const tokens = { queries: ['a', 'b', 'c'].map(token), keys: ['a', 'b', 'c'].map(token) };
  const gathering = { signal: new AbortController().signal, progress: () => undefined };
  const row = (query: number) => Promise.resolve([Float32Array.of(query, query + 0.5, 9)]);

  test('gives a line for each key that a query sees, in order', async () => {
    const rows = await gatherWeights({ tokens, causal: true, columns: ['Q0'], row }, gathering);
    expect(rows).toEqual([
      [0, 'a', 0, 'a', 0],
      [1, 'b', 0, 'a', 1],
      [1, 'b', 1, 'b', 1.5],
      [2, 'c', 0, 'a', 2],
      [2, 'c', 1, 'b', 2.5],
      [2, 'c', 2, 'c', 9],
    ]);
    expect(await gatherWeights({ tokens, causal: false, columns: ['Q0'], row }, gathering)).toHaveLength(9);
  });

  test('refuses more than a file may hold before it asks for anything, and names the limit', async () => {
    const many = Array.from({ length: 2048 }, () => token('x'));
    const asked = vi.fn(row);
    const request = { tokens: { queries: many, keys: many }, causal: true, columns: ['Q0', 'Q1'], row: asked };
    await expect(gatherWeights(request, gathering)).rejects.toThrow(/4.196.352 weights.*limit 4.000.000/s);
    expect(asked).not.toHaveBeenCalled();
    expect(MOST_WEIGHTS).toBe(4_000_000);
  });

  test('stops when it is told to', async () => {
    const controller = new AbortController();
    controller.abort();
    const request = { tokens, causal: true, columns: ['Q0'], row };
    await expect(gatherWeights(request, { ...gathering, signal: controller.signal })).rejects.toThrow(/abort/i);
  });
});
