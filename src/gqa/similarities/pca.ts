/**
 * What one shared head cannot hold of several: PCA's unexplained share. An entry of the similarity registry.
 * The shared head is the one that the PCA merges make (solve/pca.ts): one complex direction for each rotary plane of K, the K
 * best directions of V. Energies count by what the queries read of K and the output projection of V.
 */
import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { symmetricEigenvalues } from '../eigenvalues';
import { randomHeads, type Comparison, type Head, type HeadMeasure } from './measure';

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
  reading: true,
  self: 0,
  pair: (a, b, product, comparison) => {
    const turned = transposed(product, comparison.K);
    const blocks = [
      [a.own, product],
      [turned, b.own],
    ];
    return unexplained([a, b], (i, j) => blocks[i]?.[j] ?? product, comparison);
  },
  toPooled: unexplainedByPooled,
  group: unexplained,
};

/** 1 − (energy that the best shared head keeps) / (energy of the members). */
async function unexplained(...compared: Parameters<typeof sharedEnergy>): Promise<number> {
  const { total, kept } = await sharedEnergy(...compared);
  return total > 0 ? Math.max(0, 1 - kept / total) : 0;
}

/** The energy of several heads, and what of it the best shared head keeps. `product(a, b)` is that of members a and b. */
export async function sharedEnergy(
  members: readonly Head[],
  product: (a: number, b: number) => Float64Array,
  { K, gauge, breathe }: Comparison,
): Promise<{ total: number; kept: number }> {
  let total = 0;
  let kept = 0;
  const n = members.length;
  const { planes, free, fixed } = gauge;
  // Rows that may not be turned share their mean.
  for (const row of fixed) {
    for (let i = 0; i < n; i += 1) {
      total += product(i, i)[row * K + row] ?? 0;
      for (let j = 0; j < n; j += 1) kept += (product(i, j)[row * K + row] ?? 0) / n;
    }
  }
  for (const [plane, [first, second]] of planes.entries()) {
    // The Hermitian A + iB [n, n] as the symmetric [[A, −B], [B, A]], which has each eigenvalue twice.
    const real = new Float64Array(4 * n * n);
    members.forEach((a, i) => {
      members.forEach((b, j) => {
        const block = product(i, j);
        const weight = Math.sqrt((a.reading?.planes[plane] ?? 0) * (b.reading?.planes[plane] ?? 0));
        const alike = weight * ((block[first * K + first] ?? 0) + (block[second * K + second] ?? 0));
        const turned = weight * ((block[second * K + first] ?? 0) - (block[first * K + second] ?? 0));
        real[i * 2 * n + j] = alike;
        real[(n + i) * 2 * n + n + j] = alike;
        real[(n + i) * 2 * n + j] = turned;
        real[i * 2 * n + n + j] = -turned;
        if (i === j) total += alike;
      });
    });
    kept += Math.max(0, ...(await symmetricEigenvalues(real, 2 * n, breathe)));
  }
  const f = free.length;
  if (f > 0) {
    const stacked = new Float64Array((n * f) ** 2);
    for (const [i, a] of members.entries()) {
      for (const [j, b] of members.entries()) {
        const weighted = factorOf(a, f)
          .transpose()
          .mmul(rowsOf(product(i, j), K, free))
          .mmul(factorOf(b, f));
        for (let row = 0; row < f; row += 1) stacked.set(weighted.getRow(row), (i * f + row) * n * f + j * f);
        await breathe();
      }
    }
    const eigenvalues = (await symmetricEigenvalues(stacked, n * f, breathe)).sort().reverse();
    total += eigenvalues.reduce((sum, value) => sum + value, 0);
    kept += eigenvalues.subarray(0, f).reduce((sum, value) => sum + value, 0);
  }
  return { total, kept };
}

/** What no map of the pooled head's rows can give back of a head. */
function unexplainedByPooled(head: Head, pooled: Head, product: Float64Array, { K, gauge }: Comparison): number {
  let total = 0;
  let kept = 0;
  const { planes, free, fixed } = gauge;
  for (const row of fixed) {
    const at = (block: Float64Array): number => block[row * K + row] ?? 0;
    total += at(head.own);
    // ‖x‖² − ‖x − p‖² of what the pooled row p stands in for.
    kept += 2 * at(product) - at(pooled.own);
  }
  planes.forEach(([first, second], plane) => {
    const at = (block: Float64Array, row: number, column: number): number => block[row * K + column] ?? 0;
    const weight = head.reading?.planes[plane] ?? 0;
    const energy = at(pooled.own, first, first) + at(pooled.own, second, second);
    const alike = at(product, first, first) + at(product, second, second);
    const turned = at(product, second, first) - at(product, first, second);
    total += weight * (at(head.own, first, first) + at(head.own, second, second));
    if (energy > 0) kept += (weight * (alike ** 2 + turned ** 2)) / energy;
  });
  const f = free.length;
  if (f > 0) {
    const factor = factorOf(head, f);
    const weighted = factor.transpose().mmul(rowsOf(product, K, free));
    total += factor
      .transpose()
      .mmul(rowsOf(head.own, K, free))
      .mmul(factor)
      .trace();
    const inner = rowsOf(pooled.own, K, free);
    const solvable = inner.add(Matrix.eye(f).mul((ridge * inner.trace()) / f + Number.MIN_VALUE));
    const solved = new CholeskyDecomposition(solvable).solve(weighted.transpose());
    kept += Matrix.mul(weighted, solved.transpose()).sum();
  }
  return total > 0 ? Math.max(0, 1 - kept / total) : 0;
}

function factorOf({ reading }: Head, f: number): Matrix {
  return Matrix.from1DArray(f, f, reading?.factor ?? new Float64Array(f * f));
}

/** The rows and columns of a [K, K] block that are free. */
function rowsOf(block: Float64Array, K: number, free: readonly number[]): Matrix {
  const result = new Matrix(free.length, free.length);
  free.forEach((row, i) => free.forEach((column, j) => result.set(i, j, block[row * K + column] ?? 0)));
  return result;
}

function transposed(block: Float64Array, K: number): Float64Array {
  return Float64Array.from(block, (_, index) => block[(index % K) * K + Math.floor(index / K)] ?? 0);
}
