// Reference measures: values worked out by hand and what must hold for any input.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as measures from '../../../src/gqa/measures';

const logitRows = (V: number): fc.Arbitrary<Float32Array> =>
  fc
    .array(fc.float({ min: -50, max: 50, noNaN: true }), { minLength: V, maxLength: 4 * V })
    .map((values) => Float32Array.from(values.slice(0, Math.floor(values.length / V) * V)));

describe('loss', () => {
  it('is ln V for equal logits and perplexity V', () => {
    const loss = measures.mean(measures.lossPerToken(new Float32Array(3 * 7), 7, [1, 2, 3]));
    expect(loss).toBeCloseTo(Math.log(7), 12);
    expect(measures.perplexity(loss)).toBeCloseTo(7, 10);
  });

  it('looks at what position i thought of token i + 1', () => {
    // Position 0 gives token 1 three quarters of the probability; position 1 is not followed by anything.
    const logits = Float32Array.from([0, Math.log(3), 9, -9]);
    expect(Array.from(measures.lossPerToken(logits, 2, [0, 1]))).toHaveLength(1);
    expect(measures.lossPerToken(logits, 2, [0, 1])[0]).toBeCloseTo(-Math.log(0.75), 6);
  });

  it('does not overflow and does not see a constant added to a row', () => {
    const logits = Float32Array.from([1000, 1001, -1000, -999]);
    expect(measures.lossPerToken(logits, 2, [0, 1])[0]).toBeCloseTo(Math.log(1 + Math.exp(-1)), 12);
  });
});

describe('KL', () => {
  it('is the sum of p ln(p/q)', () => {
    const a = Float32Array.from([Math.log(0.25), Math.log(0.75)]);
    const b = Float32Array.from([Math.log(0.5), Math.log(0.5)]);
    expect(measures.klPerToken(a, b, 2)[0]).toBeCloseTo(0.25 * Math.log(0.5) + 0.75 * Math.log(1.5), 6);
  });

  it('is 0 with itself and never negative', () => {
    fc.assert(
      fc.property(logitRows(5), fc.infiniteStream(fc.float({ min: -50, max: 50, noNaN: true })), (a, stream) => {
        const b = a.map(() => stream.next().value as number);
        measures.klPerToken(a, a, 5).forEach((value) => expect(value).toBe(0));
        measures.klPerToken(a, b, 5).forEach((value) => expect(value).toBeGreaterThan(-1e-12));
      }),
    );
  });
});

describe('top-1 agreement', () => {
  it('counts positions, and the lowest id wins among equals', () => {
    const a = Float32Array.from([1, 2, 2, 5, 0, 0]);
    const b = Float32Array.from([0, 7, 1, 4, 9, 0]);
    expect(measures.top1Agreement(a, b, 3)).toBe(0.5);
  });
});

describe('most probable tokens', () => {
  it('come in order, the lowest id first among equals, with their probabilities', () => {
    const found = measures.mostProbable([Math.log(1), Math.log(2), Math.log(2), Math.log(5)], 3);
    expect(found.map(({ id }) => id)).toEqual([3, 1, 2]);
    found.forEach(({ probability }, place) => expect(probability).toBeCloseTo([0.5, 0.2, 0.2][place] ?? NaN, 12));
  });
});

describe('cosine', () => {
  it('is 1 along, 0 across, -1 against; 1 of two zeros and 0 of one', () => {
    expect(measures.cosine([1, 2], [2, 4])).toBeCloseTo(1, 12);
    expect(measures.cosine([1, 2], [-2, 1])).toBe(0);
    expect(measures.cosine([1, 2], [-3, -6])).toBeCloseTo(-1, 12);
    expect([measures.cosine([0, 0], [0, 0]), measures.cosine([0, 0], [0, 1])]).toEqual([1, 0]);
  });
});

describe('Jensen-Shannon divergence', () => {
  it('is 0 for equal rows and 1 bit for rows that share nothing', () => {
    expect(measures.jensenShannon([0.5, 0.5, 0], [0.5, 0.5, 0])).toBe(0);
    expect(measures.jensenShannon([1, 0], [0, 1])).toBe(1);
  });

  it('is symmetric, within 0 and 1, and the mean over rows of maps', () => {
    const row = fc
      .array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 })
      .map((values) => {
        const total = values.reduce((sum, value) => sum + value, 0);
        return Float32Array.from(values, (value) => value / total);
      });
    fc.assert(
      fc.property(row, row, (p, q) => {
        const divergence = measures.jensenShannon(p, q);
        expect(divergence).toBeCloseTo(measures.jensenShannon(q, p), 12);
        expect(divergence).toBeGreaterThanOrEqual(0);
        expect(divergence).toBeLessThanOrEqual(1);
        const rows = measures.mapDivergence(Float32Array.from([...p, ...p]), Float32Array.from([...p, ...q]), 4);
        expect(rows).toBeCloseTo(divergence / 2, 12);
      }),
    );
  });
});

describe('statistics of a map', () => {
  it('of a head that looks at itself', () => {
    expect(measures.mapStatistics(Float32Array.from([1, 0, 0, 1]), 2)).toEqual({
      entropy: 0,
      firstToken: 0.5,
      distance: 0,
    });
  });

  it('of a head that looks everywhere it may', () => {
    const third = 1 / 3;
    const { entropy, firstToken, distance } = measures.mapStatistics(
      Float32Array.from([1, 0, 0, 0.5, 0.5, 0, third, third, third]),
      3,
    );
    expect(entropy).toBeCloseTo((0 + 1 + Math.log2(3)) / 3, 6);
    expect(firstToken).toBeCloseTo((1 + 0.5 + third) / 3, 6);
    expect(distance).toBeCloseTo((0 + 0.5 + 1) / 3, 6);
  });

  it('counts distance from the end when there are more keys than queries', () => {
    expect(measures.mapStatistics(Float32Array.from([0, 1, 0, 0]), 4).distance).toBe(2);
  });
});

describe('KV cache', () => {
  it('is 2·L·G·K numbers, two bytes each but four in float32', () => {
    expect(measures.kvCacheBytesPerToken({ L: 6, G: 8, K: 32 }, 'BF16')).toBe(6144);
    expect(measures.kvCacheBytesPerToken({ L: 6, G: 2, K: 32 }, 'BF16')).toBe(1536);
    expect(measures.kvCacheBytesPerToken({ L: 6, G: 8, K: 32 }, 'F32')).toBe(12288);
  });
});
