/**
 * What one shared head cannot hold of several: PCA's unexplained share. An entry of the similarity registry.
 * The shared head is the one that the PCA merges make (solve/pca.ts): one complex direction for each rotary plane of K, the K
 * best directions of V. Energies count by what the queries read of K and the output projection of V.
 */
import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { symmetricEigenvalues } from '../eigenvalues';
import { randomHeads, trace, type Block, type Comparison, type HeadMeasure } from './measure';

/** Share of the mean energy of pooled rows that is added before they are inverted: they may depend on each other. */
const ridge = 1e-6;

export const pca: HeadMeasure = {
  kind: 'heads',
  id: 'pca',
  title: "PCA's unexplained share",
  description:
    'Share of what queries and outputs read that one shared head must lose, at best: 0 is alike. Says most about merging; seconds.',
  source: 'Low-rank approximation in the inputs’ metric (Eckart and Young 1936)',
  on: ['weights', 'activations'],
  alike: 'low',
  floorNote: randomHeads,
  asRead: true,
  self: 0,
  pair: (a, b, product, comparison) => {
    const blocks = [
      [a, product],
      [transposed(product, comparison.K), b],
    ];
    return unexplained(2, (i, j) => blocks[i]?.[j] ?? product, comparison);
  },
  toPooled: unexplainedByPooled,
  group: unexplained,
};

/** 1 − (energy that the best shared head keeps) / (energy of the members). */
async function unexplained(...compared: Parameters<typeof sharedEnergy>): Promise<number> {
  const { total, kept } = await sharedEnergy(...compared);
  return total > 0 ? Math.max(0, 1 - kept / total) : 0;
}

/** The energy of n heads, and what of it the best shared head keeps. `product(a, b)` is that of members a and b. */
export async function sharedEnergy(
  n: number,
  product: (a: number, b: number) => Block,
  { K, gauge, breathe }: Comparison,
): Promise<{ total: number; kept: number }> {
  let total = 0;
  let kept = 0;
  const { planes, free, fixed } = gauge;
  const pairs = Array.from({ length: n * n }, (_, place) => {
    const [i, j] = [Math.floor(place / n), place % n];
    return { i, j, block: product(i, j) };
  });
  for (const { i, j, block } of pairs) if (i === j) total += trace(block, K);
  // Rows that may not be turned share their mean.
  for (const row of fixed) for (const { block } of pairs) kept += (block[row * K + row] ?? 0) / n;
  for (const [first, second] of planes) {
    // The Hermitian A + iB [n, n] as the symmetric [[A, −B], [B, A]], which has each eigenvalue twice.
    const real = new Float64Array(4 * n * n);
    for (const { i, j, block } of pairs) {
      const alike = (block[first * K + first] ?? 0) + (block[second * K + second] ?? 0);
      const turned = (block[second * K + first] ?? 0) - (block[first * K + second] ?? 0);
      real[i * 2 * n + j] = alike;
      real[(n + i) * 2 * n + n + j] = alike;
      real[(n + i) * 2 * n + j] = turned;
      real[i * 2 * n + n + j] = -turned;
    }
    kept += Math.max(0, ...(await symmetricEigenvalues(real, 2 * n, breathe)));
  }
  const f = free.length;
  if (f > 0) {
    const stacked = new Float64Array((n * f) ** 2);
    for (const { i, j, block } of pairs) {
      free.forEach((row, place) => {
        const start = (i * f + place) * n * f + j * f;
        free.forEach((column, other) => (stacked[start + other] = block[row * K + column] ?? 0));
      });
      await breathe();
    }
    const eigenvalues = (await symmetricEigenvalues(stacked, n * f, breathe)).sort().reverse();
    kept += eigenvalues.subarray(0, f).reduce((sum, value) => sum + value, 0);
  }
  return { total, kept };
}

/** What no map of the pooled head's rows can give back of a head. */
function unexplainedByPooled(head: Block, pooled: Block, product: Block, { K, gauge }: Comparison): number {
  const { planes, free, fixed } = gauge;
  const at = (block: Block, row: number, column: number): number => block[row * K + column] ?? 0;
  const total = trace(head, K);
  let kept = 0;
  // ‖x‖² − ‖x − p‖² of what the pooled row p stands in for.
  for (const row of fixed) kept += 2 * at(product, row, row) - at(pooled, row, row);
  for (const [first, second] of planes) {
    const energy = at(pooled, first, first) + at(pooled, second, second);
    const alike = at(product, first, first) + at(product, second, second);
    const turned = at(product, second, first) - at(product, first, second);
    if (energy > 0) kept += (alike ** 2 + turned ** 2) / energy;
  }
  if (free.length > 0) {
    const own = rowsOf(product, K, free);
    const inner = rowsOf(pooled, K, free);
    const solvable = inner.add(Matrix.eye(free.length).mul((ridge * inner.trace()) / free.length + Number.MIN_VALUE));
    kept += Matrix.mul(own, new CholeskyDecomposition(solvable).solve(own.transpose()).transpose()).sum();
  }
  return total > 0 ? Math.max(0, 1 - kept / total) : 0;
}

/** The rows and columns of a [K, K] block that are free. */
function rowsOf(block: Block, K: number, free: readonly number[]): Matrix {
  return new Matrix(free.map((row) => free.map((column) => block[row * K + column] ?? 0)));
}

function transposed(block: Block, K: number): Block {
  return Float64Array.from(block, (_, place) => block[(place % K) * K + Math.floor(place / K)] ?? 0);
}
