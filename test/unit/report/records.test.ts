// What a report answers: what was recorded, and what follows from recorded maps.
import { describe, expect, it } from 'vitest';
import type { AttentionTile, CellCoding, MapCells } from '../../../src/protocol/maps';
import { answerKey, partName, type RecordedAnswer, type ReportContent } from '../../../src/protocol/report';
import { CODE_WEIGHTS, codeOfWeight } from '../../../webview/shared/attentionCode';
import { Records } from '../../../webview/report/records';
import { decode } from '../../../webview/shared/mapCells';

const [S, T] = [2, 3];

/** A tile whose codes tell head and cell. */
function tile(heads: number[], coding: CellCoding = { kind: 'weights' }): AttentionTile {
  const codes = Uint8Array.from(
    heads.flatMap((head) => Array.from({ length: S * T }, (_, cell) => 100 + 20 * head + cell)),
  );
  const statistics = heads.map((head) => ({ head, entropy: head, firstToken: 0, largest: 1, distance: null }));
  const cells = { rows: S, columns: T, coding };
  const window = { q0: 0, q1: S, k0: 0, k1: T };
  const mean = { ...cells, codes: new Uint8Array(S * T).fill(107) };
  return { layer: 1, heads, S, T, causal: false, window, members: { ...cells, codes }, mean, statistics };
}

const codesOf = (cells: MapCells | null): number[] => Array.from(cells?.codes ?? []);

function makeRecords(parts: Record<string, unknown>, answers: Record<string, RecordedAnswer> = {}): Records {
  return new Records({ answers } as unknown as ReportContent, (name) => Promise.resolve(parts[name] ?? null));
}

describe('recorded maps', () => {
  const records = makeRecords({
    [partName('maps', 'original', 1)]: [tile([0, 2]), tile([1, 3])],
    [partName('weights', 'original', 1)]: {
      S,
      T,
      weights: Float32Array.from({ length: 4 * S * T }, (_, place) => place),
    },
  });
  const at = { runId: 'original', layer: 1 };

  it('of a recorded group are as they were recorded', async () => {
    expect(await records.attention({ ...at, heads: [1, 3] })).toEqual(tile([1, 3]));
  });

  it('of other heads are put together, with a mean that is made of their codes', async () => {
    const found = await records.attention({ ...at, heads: [3, 0] });
    expect(codesOf(found.members)).toEqual([...codesOf(tile([3]).members), ...codesOf(tile([0]).members)]);
    expect(found.statistics.map(({ head }) => head)).toEqual([3, 0]);
    const mean = ((CODE_WEIGHTS[160] ?? 0) + (CODE_WEIGHTS[100] ?? 0)) / 2;
    expect(found.mean.codes[0]).toBe(Math.round(codeOfWeight(mean)));
    const one = await records.attention({ ...at, heads: [2] });
    expect(one.mean.codes).toEqual(one.members?.codes);
  });

  it('are as good whatever part and detail is asked for', async () => {
    const window = { q0: 0, q1: 1, k0: 0, k1: 2 };
    expect(await records.attention({ ...at, heads: [0, 2], window, size: 64, meanOnly: true })).toEqual(tile([0, 2]));
  });

  it('give what each head has more than the mean, as far as codes tell', async () => {
    const { members, mean } = await records.attention({ ...at, heads: [0, 2], deviations: true });
    const coding = members?.coding ?? { kind: 'weights' };
    const found = codesOf(members).map((code) => decode(code, coding));
    const wanted = codesOf(tile([0, 2]).members).map(
      (code, place) => (CODE_WEIGHTS[code] ?? 0) - (CODE_WEIGHTS[mean.codes[place % (S * T)] ?? 0] ?? 0),
    );
    const largest = Math.max(...wanted.map(Math.abs));
    found.forEach((value, place) => expect(Math.abs(value - (wanted[place] ?? 0))).toBeLessThan(largest / 100));
  });

  it('give what a head has more than in the other run', async () => {
    const other = tile([0, 2]);
    other.members?.codes.fill(130, S * T);
    const both = makeRecords({
      ...{ [partName('maps', 'converted', 1)]: [tile([0, 2])] },
      [partName('maps', 'original', 1)]: [other],
    });
    const { members } = await both.attention({ ...at, runId: 'converted', heads: [2], minus: 'original' });
    const coding = members?.coding ?? { kind: 'weights' };
    const wanted = (CODE_WEIGHTS[140] ?? 0) - (CODE_WEIGHTS[130] ?? 0);
    expect(decode(members?.codes[0] ?? 0, coding)).toBeCloseTo(wanted, 3);
  });

  it('give what has changed of what a head has more than the mean', async () => {
    const other = tile([0, 2]);
    other.members?.codes.fill(130, S * T);
    other.mean.codes.fill(120);
    const both = makeRecords({
      ...{ [partName('maps', 'converted', 1)]: [tile([0, 2])] },
      [partName('maps', 'original', 1)]: [other],
    });
    const asked = { ...at, runId: 'converted', heads: [0, 2], minus: 'original', deviations: true };
    const { members } = await both.attention(asked);
    const coding = members?.coding ?? { kind: 'weights' };
    const weight = (code: number): number => CODE_WEIGHTS[code] ?? 0;
    const wanted = weight(140) - weight(107) - (weight(130) - weight(120));
    expect(decode(members?.codes[S * T] ?? 0, coding)).toBeCloseTo(wanted, 4);
  });

  it('of scores are told on one scale', async () => {
    const scores = [
      tile([0, 2], { kind: 'scores', low: -4, high: 4 }),
      tile([1, 3], { kind: 'scores', low: 0, high: 8 }),
    ];
    const { members } = await makeRecords({ [partName('scores', 'original', 1)]: scores }).attention({
      ...{ ...at, heads: [0, 3], values: 'scores' },
    });
    const coding = members?.coding ?? { kind: 'weights' };
    expect(coding).toEqual({ kind: 'scores', low: -4, high: 8 });
    const codes = codesOf(members);
    expect(decode(codes[0] ?? 0, coding)).toBeCloseTo(-4 + (8 * 99) / 254, 1);
    expect(decode(codes[S * T] ?? 0, coding)).toBeCloseTo((8 * 159) / 254, 1);
  });

  it('give exact rows and columns of any heads', async () => {
    const row = await records.attentionRow({ ...at, heads: [3, 1], query: 1 });
    expect(Array.from(row.weights)).toEqual([21, 22, 23, 9, 10, 11]);
    const column = await records.attentionColumn({ ...at, heads: [2], key: 2 });
    expect(Array.from(column.weights)).toEqual([14, 17]);
  });

  it('that are not there are refused with the next step', async () => {
    await expect(records.attention({ ...at, layer: 0, heads: [0] })).rejects.toMatchObject({ code: 'not-recorded' });
    await expect(records.attention({ ...at, heads: [4] })).rejects.toThrow(/not in this report.*Open the checkpoint/);
    await expect(records.attentionRow({ ...at, layer: 0, heads: [0], query: 0 })).rejects.toThrow(/exact weights/);
  });
});

describe('recorded answers', () => {
  const error = { code: 'conversion-invalid', message: 'No layer groups heads there.', detail: {} } as const;
  const records = makeRecords(
    {},
    {
      [answerKey('similarity', { layer: 1, on: 'weights' })]: { value: 'alike' },
      [answerKey('headDamage', { layer: 0 })]: { error },
      [answerKey('everyPrediction')]: { value: { a: [[1, 2, 3]], b: [[4, 5, 6]] } },
    },
  );

  it('are found whatever the order of the fields of a question', async () => {
    expect(await records.answer('similarity', { on: 'weights', layer: 1 })).toBe('alike');
    await expect(records.answer('similarity', { on: 'weights', layer: 2 })).rejects.toMatchObject({
      code: 'not-recorded',
    });
  });

  it('that failed fail with the same error', async () => {
    await expect(records.answer('headDamage', { layer: 0 })).rejects.toMatchObject(error);
  });

  it('of predictions are those of the position, as many as are asked for', async () => {
    const asked = { runA: 'original', runB: 'converted', count: 2 };
    expect(await records.predictions({ ...asked, position: 0 })).toEqual({ a: [1, 2], b: [4, 5] });
  });
});
