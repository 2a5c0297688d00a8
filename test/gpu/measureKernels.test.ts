/** Kernels that measure, against float64: rows, logits, maps. */
import { describe, expect, it } from 'vitest';
import type { Span } from '../../src/gpu/context';
import { divergeLogits, reduceLogits } from '../../src/gpu/operations/loss';
import { compareMaps, encodeWeights, measureMaps } from '../../src/gpu/operations/maps';
import { cosines } from '../../src/gpu/operations/rows';
import { cosine, entropy, jensenShannon } from '../../src/gqa/measures';
import { maxDifference } from './support/compare';
import { settleAfterAll, testContext } from './support/device';
import { groupedAttention, padRows, randoms } from './support/reference';

describe('cosines of rows', () => {
  settleAfterAll();

  it.each([{ D: 3 }, { D: 70 }, { D: 512 }])('of $D numbers, whole and above a base, and of zeros', async ({ D }) => {
    const context = await testContext();
    const S = 5;
    const [x, y, x0, y0] = [randoms(40, S * D), randoms(41, S * D), randoms(42, S * D), randoms(43, S * D)];
    for (const rows of [x, x0]) rows.fill(0, 3 * D);
    for (const rows of [y, y0]) rows.fill(0, 4 * D);
    const row = (data: Float32Array, s: number): number[] => [...data.subarray(s * D, (s + 1) * D)];
    const above = (data: Float32Array, base: Float32Array, s: number): number[] =>
      row(data, s).map((value, d) => value - (base[s * D + d] ?? NaN));
    const span = (data: Float32Array): Span => context.upload(padRows(data, D), 'rows');
    const [whole, based] = [context.storage(S, 'whole'), context.storage(S, 'based')];
    const batch = context.batch();
    cosines(context, batch, { rows: span(x) }, { rows: span(y) }, whole, S, D);
    cosines(context, batch, { rows: span(x), base: span(x0) }, { rows: span(y), base: span(y0) }, based, S, D);
    batch.submit();
    const rows = Array.from({ length: S }, (_, s) => s);
    const expected = rows.map((s) => cosine(row(x, s), row(y, s)));
    expect(expected.slice(3)).toEqual([0, 1]);
    expect(maxDifference(await context.readFloat32(whole), expected)).toBeLessThan(1e-6);
    const expectedBased = rows.map((s) => cosine(above(x, x0, s), above(y, y0, s)));
    expect(maxDifference(await context.readFloat32(based), expectedBased)).toBeLessThan(1e-6);
  });
});

describe('numbers of logits', () => {
  it('log-sum-exp, target, argmax with exclusions, KL', async () => {
    const context = await testContext();
    const [rows, V, stride] = [3, 1001, 1004];
    const a = randoms(19, rows * stride).map((x) => 8 * x);
    const b = randoms(20, rows * stride).map((x) => 8 * x);
    // A tie: the smaller index wins. Row 2's largest is excluded.
    a[5] = 50;
    a[900] = 50;
    a[2 * stride + 77] = 60;
    a[2 * stride + 78] = 59;
    const targets = Uint32Array.of(3, 1000, 77);
    const [bufferA, bufferB] = [context.upload(a, 'a'), context.upload(b, 'b')];
    const [rowsA, rowsB, kl] = [context.storage(12, 'a'), context.storage(12, 'b'), context.storage(3, 'kl')];
    const excluded = { span: context.upload(Uint32Array.of(1, 77), 'excluded'), count: 2 };
    const size = { rows, V, stride };
    const batch = context.batch();
    reduceLogits(context, batch, bufferA, context.upload(targets, 't'), excluded, rowsA, size);
    reduceLogits(context, batch, bufferB, context.upload(targets, 't'), null, rowsB, size);
    divergeLogits(batch, { logits: bufferA, rows: rowsA }, { logits: bufferB, rows: rowsB }, kl, size);
    batch.submit();
    const numbers = await context.readFloat32(rowsA);
    const divergence = await context.readFloat32(kl);
    for (let row = 0; row < rows; row++) {
      const logits = [...a.subarray(row * stride, row * stride + V)];
      const other = [...b.subarray(row * stride, row * stride + V)];
      const total = (values: number[]): number => {
        const largest = Math.max(...values);
        return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
      };
      const [totalA, totalB] = [total(logits), total(other)];
      expect(numbers[row * 4]).toBeCloseTo(totalA, 4);
      expect(numbers[row * 4 + 1]).toBe(logits[targets[row] ?? 0]);
      const expected = logits.reduce((sum, value, n) => {
        const [logA, logB] = [value - totalA, (other[n] ?? 0) - totalB];
        return sum + Math.exp(logA) * (logA - logB);
      }, 0);
      expect(Math.abs((divergence[row] ?? NaN) - expected)).toBeLessThan(1e-4 * Math.max(1, expected));
    }
    expect(numbers[2]).toBe(5);
    expect(numbers[2 * 4 + 2]).toBe(78);
  });
});

describe('what is computed from maps', () => {
  it('codes, statistics and divergence', async () => {
    const context = await testContext();
    const shape = { S: 13, past: 0, H: 3, G: 3, K: 4, scale: 6 };
    const make = (seed: number): number[] =>
      groupedAttention(randoms(seed, 156), randoms(seed + 1, 156), randoms(1, 156), shape).maps;
    const [a, b] = [make(21), make(23)];
    const block = { heads: 3, row0: 0, rows: 13, T: 13, past: 0 };
    const [mapA, mapB] = [context.upload(Float32Array.from(a), 'a'), context.upload(Float32Array.from(b), 'b')];
    const codes = context.storage(Math.ceil((3 * 13 * 13) / 4), 'codes');
    const statistics = context.storage(3 * 13 * 4, 'statistics');
    const divergence = context.storage(3 * 13 * 2, 'divergence');
    const batch = context.batch();
    encodeWeights(batch, mapA, codes, 3 * 13 * 13);
    measureMaps(batch, mapA, statistics, block);
    // Each map of a with another one of b.
    const partners = [2, 0, 1];
    const table = context.upload(Uint32Array.from(partners.flatMap((other, head) => [head, other])), 'pairs');
    compareMaps(batch, mapA, mapB, { span: table, count: 3 }, divergence, block);
    batch.submit();
    const bytes = new Uint8Array(await context.read(codes));
    const numbers = await context.readFloat32(statistics);
    const pairs = await context.readFloat32(divergence);
    for (let head = 0; head < 3; head++) {
      for (let row = 0; row < 13; row++) {
        const at = (head * 13 + row) * 13;
        const other = ((partners[head] ?? 0) * 13 + row) * 13;
        const [p, q] = [a.slice(at, at + 13), b.slice(other, other + 13)];
        p.forEach((weight, t) => {
          const code = bytes[at + t] ?? -1;
          // Codes step by 2^(1/12): half a step is 3 %.
          if (weight === 0) expect(code).toBe(0);
          else if (weight > 1e-6) expect(Math.abs(Math.log2(weight) - (code - 255) / 12)).toBeLessThan(0.51 / 12);
        });
        const line = (head * 13 + row) * 4;
        expect(numbers[line]).toBeCloseTo(entropy(p), 4);
        expect(numbers[line + 1]).toBeCloseTo(p[0] ?? NaN, 5);
        expect(numbers[line + 2]).toBeCloseTo(
          p.reduce((sum, weight, t) => sum + weight * (row - t), 0),
          4,
        );
        expect(numbers[line + 3]).toBeCloseTo(Math.max(...p), 5);
        expect(pairs[(head * 13 + row) * 2]).toBeCloseTo(jensenShannon(p, q), 4);
        const largest = Math.max(...p.map((weight, t) => Math.abs(weight - (q[t] ?? 0))));
        expect(pairs[(head * 13 + row) * 2 + 1]).toBeCloseTo(largest, 5);
      }
    }
  });
});
