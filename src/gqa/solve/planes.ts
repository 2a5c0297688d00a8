/**
 * Rotary planes as complex rows: row j of a head is K[first] + i·K[second]; turning the plane multiplies it by a phase.
 * Role: Gram matrices, the leading eigenvector and the best phases of one plane over a group's members. It knows no
 * merge.
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** Complex numbers, interleaved (re, im). */
export type Complex = Float64Array;

/** A projection and its product with the metric, both row-major [rows, W]. */
export interface Measured {
  rows: Float64Array;
  timesMetric: Float64Array;
  W: number;
}

/** Where a plane's two rows of one head start: positions in [rows, W]. */
export interface PlaneRow {
  first: number;
  second: number;
}

/** Hermitian matrix [n, n] of inner products S_ab = k_a C k_b*, row-major interleaved. */
export function planeGram({ rows, timesMetric, W }: Measured, places: readonly PlaneRow[]): Complex {
  const n = places.length;
  const gram = new Float64Array(2 * n * n);
  places.forEach((a, i) => {
    places.forEach((b, j) => {
      if (j < i) return;
      let real = 0;
      let imaginary = 0;
      for (let d = 0; d < W; d++) {
        const [ar, ai] = [timesMetric[a.first + d] ?? 0, timesMetric[a.second + d] ?? 0];
        const [br, bi] = [rows[b.first + d] ?? 0, rows[b.second + d] ?? 0];
        real += ar * br + ai * bi;
        imaginary += ai * br - ar * bi;
      }
      gram[2 * (i * n + j)] = real;
      gram[2 * (i * n + j) + 1] = imaginary;
      gram[2 * (j * n + i)] = real;
      gram[2 * (j * n + i) + 1] = -imaginary;
    });
  });
  return gram;
}

/** Largest eigenvalue of a Hermitian matrix [n, n], its eigenvector of length 1, and the sum of all eigenvalues. */
export function leadingEigenvector(hermitian: Complex, n: number): { vector: Complex; value: number; trace: number } {
  // [[A, -B], [B, A]] is real and symmetric, with the eigenvalues of A + iB twice over.
  const real = new Matrix(2 * n, 2 * n);
  let trace = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const [a, b] = [hermitian[2 * (i * n + j)] ?? 0, hermitian[2 * (i * n + j) + 1] ?? 0];
      real.set(i, j, a);
      real.set(n + i, n + j, a);
      real.set(n + i, j, b);
      real.set(i, n + j, -b);
      if (i === j) trace += a;
    }
  }
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(real, { assumeSymmetric: true });
  const value = Math.max(...realEigenvalues);
  const top = realEigenvalues.indexOf(value);
  const vector = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    vector[2 * i] = eigenvectorMatrix.get(i, top);
    vector[2 * i + 1] = eigenvectorMatrix.get(n + i, top);
  }
  return { vector, value, trace };
}

/** Rounds of turning every member to the current mean; the phases have settled long before. */
const rounds = 10;

/** Unit phases that bring the members of a plane together: p_a · k_a are as alike as turning can make them. */
export function bestPhases(gram: Complex, n: number): Complex {
  const phases = conjugateUnit(leadingEigenvector(gram, n).vector);
  for (let round = 0; round < rounds; round++) {
    const products = new Float64Array(2 * n);
    for (let a = 0; a < n; a++) {
      for (let b = 0; b < n; b++) {
        // z_a = Σ_b S_ab · conj(p_b): the product of member a with the sum of the turned members.
        const [sr, si] = [gram[2 * (a * n + b)] ?? 0, gram[2 * (a * n + b) + 1] ?? 0];
        const [pr, pi] = [phases[2 * b] ?? 0, phases[2 * b + 1] ?? 0];
        products[2 * a] = (products[2 * a] ?? 0) + sr * pr + si * pi;
        products[2 * a + 1] = (products[2 * a + 1] ?? 0) + si * pr - sr * pi;
      }
    }
    phases.set(conjugateUnit(products));
  }
  return phases;
}

/** conj(z) / |z| of each number; 1 where z is 0. */
function conjugateUnit(values: Complex): Complex {
  const result = new Float64Array(values.length);
  for (let i = 0; i < values.length; i += 2) {
    const [real, imaginary] = [values[i] ?? 0, values[i + 1] ?? 0];
    const length = Math.hypot(real, imaginary);
    result[i] = length > 0 ? real / length : 1;
    result[i + 1] = length > 0 ? -imaginary / length : 0;
  }
  return result;
}

/** Multiplies the complex row of a plane by c = re + i·im, in place. */
export function turnRow(data: Float64Array, { first, second }: PlaneRow, W: number, re: number, im: number): void {
  for (let d = 0; d < W; d++) {
    const [a, b] = [data[first + d] ?? 0, data[second + d] ?? 0];
    data[first + d] = a * re - b * im;
    data[second + d] = a * im + b * re;
  }
}
