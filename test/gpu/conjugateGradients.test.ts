/** Conjugate gradients on the GPU against a direct solution. */
import { Matrix, solve } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { transposedProduct } from '../../src/gpu/operations/transposedProduct';
import { conjugateGradients, type BlockSystem } from '../../src/gqa/calibrated/conjugateGradients';
import { quietTask } from '../../src/protocol/tasks';
import { relativeL2 } from './support/compare';
import { settleAfterAll, testContext } from './support/device';
import { randoms } from './support/reference';

/** Systems A·X = B with A [n, n] symmetric positive and B [n, 4], one a block. */
const [blocks, n] = [3, 12];

function systems(): { A: Matrix[]; B: Matrix[] } {
  const A = Array.from({ length: blocks }, (_, block) => {
    const root = Matrix.from1DArray(n, n, [...randoms(block + 1, n * n)]);
    return root.mmul(root.transpose()).add(Matrix.diag(Array.from({ length: n }, (_row, i) => 1 + i * 10 ** block)));
  });
  return { A, B: A.map((_, block) => Matrix.from1DArray(n, 4, [...randoms(block + 10, n * 4)])) };
}

describe('conjugate gradients', () => {
  settleAfterAll();

  it.each([
    { preconditioned: false, steps: 60 },
    { preconditioned: true, steps: 25 },
  ])('solve all blocks: $steps steps, preconditioned $preconditioned', async ({ preconditioned, steps }) => {
    const context = await testContext();
    const { A, B } = systems();
    const upload = (matrices: readonly Matrix[]) =>
      context.upload(Float32Array.from(matrices.flatMap((matrix) => matrix.to1DArray())), 'matrices');
    const operator = upload(A);
    const diagonals = upload(
      A.map((matrix) => Matrix.diag(matrix.diagonal().map((value) => (preconditioned ? 1 / value : 1)))),
    );
    const shape = { rows: n, M: n, N: 4, count: blocks };
    const system: BlockSystem = {
      ...{ context, blocks, length: n * 4 },
      apply: (batch, of, to) => transposedProduct(batch, operator, of, to, shape),
      precondition: (batch, of, to) => transposedProduct(batch, diagonals, of, to, shape),
    };
    // From a start that is not 0, and with one block that is solved already.
    const expected = A.map((matrix, block) => solve(matrix, B[block] ?? matrix));
    const start = expected.map((X, block) => (block === 1 ? X : Matrix.from1DArray(n, 4, [...randoms(20, n * 4)])));
    const residual = start.map((X, block) => Matrix.sub(B[block] ?? X, (A[block] ?? X).mmul(X)));
    const solution = upload(start);
    await conjugateGradients(system, solution, upload(residual), steps, quietTask);
    const found = await context.readFloat32(solution);
    expected.forEach((X, block) => {
      expect(relativeL2(found.subarray(block * n * 4, (block + 1) * n * 4), X.to1DArray())).toBeLessThan(1e-4);
    });
  });

  it('stop when they are cancelled', async () => {
    const context = await testContext();
    const controller = new AbortController();
    const vector = () => context.upload(randoms(1, 4), 'vector');
    const system: BlockSystem = {
      ...{ context, blocks: 1, length: 4 },
      apply: (batch, of, to) => {
        batch.copy(of, to);
        controller.abort(new Error('stopped'));
      },
      precondition: (batch, of, to) => batch.copy(of, to),
    };
    const work = conjugateGradients(system, vector(), vector(), 5, { signal: controller.signal });
    await expect(work).rejects.toThrow('stopped');
  });
});
