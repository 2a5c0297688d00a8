// Conversion as a weight source: K and V pool as the paper says, everything else is the source's own.
import { describe, expect, it } from 'vitest';
import { convert } from '../../../src/gqa/convert';
import { contiguousGrouping } from '../../../src/gqa/grouping';
import { first, mean } from '../../../src/gqa/merges/pool';
import type { Weight } from '../../../src/model/weightSource';
import { quietTask } from '../../../src/protocol/tasks';
import { convertAs } from '../../support/conversions';
import { makeSpec, randomSource } from './memorySource';

const tools = { calibration: null, task: quietTask };

const spec = makeSpec({});

/** Plain pooling, entry by entry: the formula of the paper. */
function pooled(weight: Weight, heads: number, G: number, merge: string): number[] {
  const size = heads / G;
  const block = weight.data.length / heads;
  return Array.from({ length: G * block }, (_, index) => {
    const start = Math.floor(index / block) * size * block + (index % block);
    const members = Array.from({ length: size }, (_, member) => weight.data[start + member * block] ?? NaN);
    return merge === 'first' ? (members[0] ?? NaN) : members.reduce((sum, value) => sum + value, 0) / size;
  });
}

describe.each(['mean', 'first'])('convert with %s', (merge) => {
  it.each([4, 2, 1])('pools weights and biases of k and v to %d groups', async (G) => {
    const source = randomSource(spec, { biases: true });
    const converted = await convertAs(source, { G, grouping: 'contiguous', merge });
    expect(converted.spec).toEqual({ ...spec, G });
    for (const role of ['k.weight', 'v.weight', 'k.bias', 'v.bias'] as const) {
      const original = await source.read(role, 1);
      const weight = await converted.read(role, 1);
      expect([weight.rows, weight.columns]).toEqual([G * spec.K, original.columns]);
      pooled(original, spec.G, G, merge).forEach((value, index) => {
        expect(weight.data[index]).toBeCloseTo(value, 6);
      });
    }
  });
});

describe('convert', () => {
  it('passes other roles through and reads nothing before it is asked', async () => {
    const source = randomSource(spec);
    const converted = await convertAs(source, { G: 2, grouping: 'contiguous', merge: 'mean' });
    expect(source.reads).toEqual([]);
    expect(await converted.read('q.weight', 0)).toBe(source.weights.get('q.weight 0'));
    expect(await converted.read('embed.tokens', null)).toBe(source.weights.get('embed.tokens null'));
    await converted.read('k.weight', 1);
    expect(source.reads).toEqual(['q.weight 0', 'embed.tokens null', 'k.weight 1']);
    expect(converted.has('k.bias', 0)).toBe(false);
    expect(converted.has('v.weight', 0)).toBe(true);
  });

  it('reads rows of pooled and of other weights', async () => {
    const converted = await convertAs(randomSource(spec), { G: 2, grouping: 'contiguous', merge: 'mean' });
    for (const [role, layer] of [
      ['k.weight', 0],
      ['o.weight', 1],
      ['embed.tokens', null],
    ] as const) {
      const whole = await converted.read(role, layer);
      const rows = await converted.readRows(role, layer, 3, 8);
      expect(rows).toEqual({
        data: whole.data.slice(3 * whole.columns, 8 * whole.columns),
        rows: 5,
        columns: whole.columns,
      });
    }
    await expect(converted.readRows('k.weight', 0, 3, 13)).rejects.toThrow(/has 12 rows/);
  });

  it('is the source itself when every head is its own group', async () => {
    const source = randomSource(spec);
    expect(await convertAs(source, { G: 8, grouping: 'contiguous', merge: 'mean' })).toBe(source);
  });

  it('can be applied twice: 8 to 4 to 2 by the mean is 8 to 2', async () => {
    const source = randomSource(spec);
    const half = await convert(source, contiguousGrouping(2, 8, 4), mean, tools);
    const twice = await convert(half, contiguousGrouping(2, 4, 2), mean, tools);
    const once = await convert(source, contiguousGrouping(2, 8, 2), mean, tools);
    const [a, b] = await Promise.all([twice.read('v.weight', 1), once.read('v.weight', 1)]);
    expect(a.rows).toBe(b.rows);
    a.data.forEach((value, index) => expect(value).toBeCloseTo(b.data[index] ?? NaN, 6));
  });

  it('accumulates in float64: large numbers that cancel leave the small ones', async () => {
    const source = randomSource(makeSpec({ L: 1, H: 4, G: 4, K: 2, D: 1 }));
    const column = (values: number[]): Weight => ({ data: Float32Array.from(values), rows: 8, columns: 1 });
    source.weights.set('k.weight 0', column([1e8, 0, 1, 0, 1, 0, -1e8, 0]));
    const converted = await convertAs(source, { G: 1, grouping: 'contiguous', merge: 'mean' });
    expect(Array.from((await converted.read('k.weight', 0)).data)).toEqual([0.5, 0]);
  });

  it('keeps working for every layer in any order', async () => {
    const long = randomSource(makeSpec({ L: 6 }));
    const converted = await convertAs(long, { G: 1, grouping: 'contiguous', merge: 'first' });
    for (const layer of [5, 0, 3, 5, 1]) {
      const expected = (await long.read('k.weight', layer)).data.slice(0, spec.K * spec.D);
      expect((await converted.read('k.weight', layer)).data).toEqual(expected);
    }
  });

  it('refuses groupings of another model and empty groups', async () => {
    const source = randomSource(spec);
    for (const grouping of [
      contiguousGrouping(3, 8, 2),
      contiguousGrouping(2, 4, 2),
      { G: 3, groupOfKvHead: [[0, 0, 0, 0, 1, 1, 1, 1]] },
      { G: 2, groupOfKvHead: Array.from({ length: 2 }, () => [0, 0, 0, 0, 0, 0, 0, 0]) },
    ]) {
      await expect(convert(source, grouping, first, tools)).rejects.toThrow(/does not belong/);
    }
  });

  it('names the merges when the id is unknown', async () => {
    const converting = convertAs(randomSource(spec), { G: 2, grouping: 'contiguous', merge: 'median' });
    await expect(converting).rejects.toThrow(/mean, first/);
  });
});
