/** T5's buckets against the table of the paper's code (32 buckets to distance 128), and their symmetry. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketOf } from '../../../src/model/distanceBuckets';

const spec = { buckets: 32, maxDistance: 128 };

/** Distances at which a new bucket starts, going away from the query. */
function starts(bothSides: boolean): number[] {
  const distances = Array.from({ length: 300 }, (_, distance) => distance);
  return distances.filter((d) => d === 0 || bucketOf(-d, spec, bothSides) !== bucketOf(1 - d, spec, bothSides));
}

describe('bucketOf', () => {
  it('is exact near the query and logarithmic far from it', () => {
    expect(starts(true)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91]);
    const near = Array.from({ length: 17 }, (_, distance) => distance);
    expect(starts(false)).toEqual([...near, 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113]);
  });

  it('has the upper half of the buckets for keys after the query, and none in a decoder', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (distance) => {
        expect(bucketOf(distance, spec, true)).toBe(16 + bucketOf(-distance, spec, true));
        expect(bucketOf(distance, spec, false)).toBe(0);
      }),
    );
  });

  it('stays within the buckets, whatever their number', () => {
    const cases = fc.record({
      buckets: fc.integer({ min: 4, max: 64 }),
      maxDistance: fc.integer({ min: 33, max: 500 }),
      distance: fc.integer({ min: -2000, max: 2000 }),
      bothSides: fc.boolean(),
    });
    fc.assert(
      fc.property(cases, ({ distance, bothSides, ...other }) => {
        const bucket = bucketOf(distance, other, bothSides);
        expect(Number.isInteger(bucket) && bucket >= 0 && bucket < other.buckets).toBe(true);
      }),
    );
  });
});
