// Eigenvalues and nuclear norms against ml-matrix, which also computes the vectors.
import fc from 'fast-check';
import { EigenvalueDecomposition, Matrix, SingularValueDecomposition } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { nuclearNorm, symmetricEigenvalues } from '../../../src/gqa/eigenvalues';
import { gaussianRandom } from '../../../src/gqa/random';

const noPause = (): Promise<void> => Promise.resolve();
const sorted = (values: Iterable<number>): number[] => [...values].sort((a, b) => a - b);

/** Symmetric [n, n] of the given rank. */
function symmetric(n: number, rank: number, seed: number): Matrix {
  const draw = gaussianRandom(seed);
  const factor = Matrix.from1DArray(n, rank, Array.from({ length: n * rank }, draw));
  const signs = Matrix.diag(Array.from({ length: rank }, draw));
  return factor.mmul(signs).mmul(factor.transpose());
}

describe('symmetricEigenvalues', () => {
  it('finds what ml-matrix finds, for full and deficient rank', async () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.double({ min: 0.1, max: 1, noNaN: true }), fc.integer());
    await fc.assert(
      fc.asyncProperty(sizes, async ([n, share, seed]) => {
        const matrix = symmetric(n, Math.ceil(share * n), seed);
        const expected = sorted(new EigenvalueDecomposition(matrix, { assumeSymmetric: true }).realEigenvalues);
        const found = sorted(await symmetricEigenvalues(Float64Array.from(matrix.to1DArray()), n, noPause));
        const size = Math.max(...expected.map(Math.abs));
        found.forEach((value, index) => expect(Math.abs(value - (expected[index] ?? NaN))).toBeLessThan(1e-12 * size));
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ['zero', [0, 0, 0, 0], [0, 0]],
    ['diagonal', [3, 0, 0, -2], [-2, 3]],
    ['equal eigenvalues', [5, 0, 0, 5], [5, 5]],
    ['a swap', [0, 1, 1, 0], [-1, 1]],
  ])('knows %s', async (_, values, expected) => {
    const found = sorted(await symmetricEigenvalues(Float64Array.from(values), 2, noPause));
    found.forEach((value, index) => expect(value).toBeCloseTo(expected[index] ?? NaN, 14));
  });
});

describe('nuclearNorm', () => {
  it('is the sum of the singular values', async () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 24 }), fc.integer());
    await fc.assert(
      fc.asyncProperty(sizes, async ([rows, columns, seed]) => {
        const draw = gaussianRandom(seed);
        const values = Float64Array.from({ length: rows * columns }, draw);
        const { diagonal } = new SingularValueDecomposition(Matrix.from1DArray(rows, columns, values), {
          autoTranspose: true,
        });
        const expected = diagonal.reduce((sum, value) => sum + value, 0);
        const found = await nuclearNorm(values, rows, columns, noPause);
        expect(Math.abs(found / expected - 1)).toBeLessThan(1e-7);
      }),
      { numRuns: 40 },
    );
  });
});
