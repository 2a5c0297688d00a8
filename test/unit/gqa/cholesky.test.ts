/** Our Cholesky solution against ml-matrix, and that it can be cancelled. */
import fc from 'fast-check';
import { Matrix, solve } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { pace } from '../../../src/gqa/pace';
import { gaussianRandom } from '../../../src/gqa/random';
import { solvePositive } from '../../../src/gqa/solve/cholesky';
import { quietTask } from '../../../src/protocol/tasks';

function positive(n: number, seed: number): Matrix {
  const draw = gaussianRandom(seed);
  const root = Matrix.from1DArray(n, n, Array.from({ length: n * n }, draw));
  return root.mmul(root.transpose()).add(Matrix.eye(n));
}

describe('solvePositive', () => {
  it('solves what ml-matrix solves', async () => {
    const sizes = fc.record({ n: fc.integer({ min: 1, max: 24 }), columns: fc.integer({ min: 1, max: 5 }) });
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer(), async ({ n, columns }, seed) => {
        const A = positive(n, seed);
        const draw = gaussianRandom(seed + 1);
        const B = Matrix.from1DArray(n, columns, Array.from({ length: n * columns }, draw));
        const flat = (matrix: Matrix): Float64Array => Float64Array.from(matrix.to1DArray());
        const found = await solvePositive(flat(A), flat(B), n, pace(quietTask));
        const expected = solve(A, B).to1DArray();
        found.forEach((value, index) => expect(value).toBeCloseTo(expected[index] ?? NaN, 6));
      }),
      { numRuns: 50 },
    );
  });

  it('keeps unknowns without energy where nothing pulls them', async () => {
    const A = Float64Array.from([4, 0, 0, 0]);
    expect([...(await solvePositive(A, Float64Array.from([8, 0]), 2, pace(quietTask)))]).toEqual([2, 0]);
  });

  it('is cancelled', async () => {
    const controller = new AbortController();
    controller.abort(new Error('stopped'));
    const breathe = pace({ signal: controller.signal, report: () => undefined });
    await expect(solvePositive(new Float64Array(4), new Float64Array(2), 2, breathe)).rejects.toThrow('stopped');
  });
});
