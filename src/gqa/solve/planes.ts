/**
 * Rotary planes as complex rows: what is shared between heads whose planes may each turn by their own angle.
 * Role: Gram matrices, the leading eigenvector and the best phases of one plane over a group's members. It knows no
 * merge. Source: CALIBRATED-style notation, row j of a head is K[first] + i·K[second].
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** Complex numbers, interleaved (re, im). */
export type Complex = Float64Array;

/** The two rows of one plane of one head, as positions in a matrix [.., D]. */
export interface PlaneRow {
  first: number;
  second: number;
}

/** Hermitian matrix [n, n], S_ab = Σ_d metric_d · a_d · conj(b_d), row-major interleaved. */
export function planeGram(
  data: Float64Array,
  rows: readonly PlaneRow[],
  D: number,
  metric: Float64Array | null,
): Complex {
  const n = rows.length;
  const gram = new Float64Array(2 * n * n);
  rows.forEach((a, i) => {
    rows.forEach((b, j) => {
      if (j < i) return;
      let real = 0;
      let imaginary = 0;
      for (let d = 0; d < D; d++) {
        const weight = metric?.[d] ?? 1;
        const [ar, ai] = [data[a.first + d] ?? 0, data[a.second + d] ?? 0];
        const [br, bi] = [data[b.first + d] ?? 0, data[b.second + d] ?? 0];
        real += weight * (ar * br + ai * bi);
        imaginary += weight * (ai * br - ar * bi);
      }
      gram[2 * (i * n + j)] = real;
      gram[2 * (i * n + j) + 1] = imaginary;
      gram[2 * (j * n + i)] = real;
      gram[2 * (j * n + i) + 1] = -imaginary;
    });
  });
  return gram;
}

/** The eigenvector of the largest eigenvalue of a Hermitian matrix [n, n], of length 1, and the eigenvalue. */
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
  const top = realEigenvalues.indexOf(Math.max(...realEigenvalues));
  const vector = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    vector[2 * i] = eigenvectorMatrix.get(i, top);
    vector[2 * i + 1] = eigenvectorMatrix.get(n + i, top);
  }
  return { vector, value: realEigenvalues[top] ?? 0, trace };
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

/** Multiplies the complex row of a plane by c, in place. `D` is the row length (1 for a bias). */
export function turnRow(
  data: Float64Array,
  { first, second }: PlaneRow,
  D: number,
  [re, im]: readonly [number, number],
): void {
  for (let d = 0; d < D; d++) {
    const [a, b] = [data[first + d] ?? 0, data[second + d] ?? 0];
    data[first + d] = a * re - b * im;
    data[second + d] = a * im + b * re;
  }
}
