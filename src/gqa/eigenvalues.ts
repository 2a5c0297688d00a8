/**
 * Eigenvalues of symmetric matrices without their vectors, in steps that let other work run.
 * Role: what similarities of large heads spend their time on. ml-matrix always computes the vectors too, several times the
 * work, and holds the process meanwhile. Source: Householder tridiagonalisation and implicit QL, EISPACK tred1 and tql1
 * (Bowdler, Martin, Reinsch and Wilkinson 1968).
 */
import type { Breathe } from './pace';

/** Rounds of QL an eigenvalue may take; two or three are usual. */
const mostRounds = 60;

/**
 * All eigenvalues of a symmetric matrix, in no order.
 * @param matrix [n, n] row-major; overwritten
 */
export async function symmetricEigenvalues(matrix: Float64Array, n: number, breathe: Breathe): Promise<Float64Array> {
  const { diagonal, beside } = await tridiagonalise(matrix, n, breathe);
  for (let index = 0; index < n; index += 1) isolate(diagonal, beside, index);
  return diagonal;
}

/** Sum of the singular values of a matrix [rows, columns]; float64 leaves them accurate to 1e-8 of the largest. */
export async function nuclearNorm(
  matrix: Float64Array,
  rows: number,
  columns: number,
  breathe: Breathe,
): Promise<number> {
  const squares = new Float64Array(columns * columns);
  for (let row = 0; row < rows; row += 1) {
    const values = matrix.subarray(row * columns, (row + 1) * columns);
    for (let a = 0; a < columns; a += 1) {
      const value = values[a] ?? 0;
      for (let b = 0; b < columns; b += 1) {
        squares[a * columns + b] = (squares[a * columns + b] ?? 0) + value * (values[b] ?? 0);
      }
    }
  }
  const eigenvalues = await symmetricEigenvalues(squares, columns, breathe);
  return eigenvalues.reduce((sum, value) => sum + Math.sqrt(Math.max(0, value)), 0);
}

/** Reflects the matrix to one with the same eigenvalues and nothing but a diagonal and its neighbours. */
async function tridiagonalise(
  matrix: Float64Array,
  n: number,
  breathe: Breathe,
): Promise<{ diagonal: Float64Array; beside: Float64Array }> {
  const diagonal = new Float64Array(n);
  const beside = new Float64Array(n);
  for (let step = 0; step < n; step += 1) {
    diagonal[step] = matrix[step * n + step] ?? 0;
    if (step + 1 >= n) break;
    // The row right of the diagonal is reflected onto its first element. v becomes the reflection's normal.
    const v = matrix.slice(step * n + step + 1, (step + 1) * n);
    const size = v.length;
    const length = Math.sqrt(v.reduce((sum, value) => sum + value * value, 0));
    const first = v[0] ?? 0;
    const reflected = first > 0 ? -length : length;
    beside[step] = size === 1 ? first : reflected;
    if (size === 1 || length === 0) continue;
    v[0] = first - reflected;
    // vᵀv / 2; above 0, as the signs of first and reflected differ.
    const half = length * (length + Math.abs(first));
    const w = new Float64Array(size);
    let along = 0;
    for (let i = 0; i < size; i += 1) {
      const start = (step + 1 + i) * n + step + 1;
      let sum = 0;
      for (let j = 0; j < size; j += 1) sum += (matrix[start + j] ?? 0) * (v[j] ?? 0);
      w[i] = sum / half;
      along += (w[i] ?? 0) * (v[i] ?? 0);
    }
    for (let i = 0; i < size; i += 1) w[i] = (w[i] ?? 0) - (along / (2 * half)) * (v[i] ?? 0);
    for (let i = 0; i < size; i += 1) {
      const start = (step + 1 + i) * n + step + 1;
      const [vi, wi] = [v[i] ?? 0, w[i] ?? 0];
      for (let j = 0; j < size; j += 1) {
        matrix[start + j] = (matrix[start + j] ?? 0) - vi * (w[j] ?? 0) - wi * (v[j] ?? 0);
      }
    }
    await breathe();
  }
  return { diagonal, beside };
}

/** Turns a tridiagonal matrix until element `index` of the diagonal is an eigenvalue. */
function isolate(diagonal: Float64Array, beside: Float64Array, index: number): void {
  const n = diagonal.length;
  const at = (values: Float64Array, place: number): number => values[place] ?? 0;
  for (let round = 0; round < mostRounds; round += 1) {
    let end = index;
    for (; end + 1 < n; end += 1) {
      const scale = Math.abs(at(diagonal, end)) + Math.abs(at(diagonal, end + 1));
      if (Math.abs(at(beside, end)) <= Number.EPSILON * scale) break;
    }
    if (end === index) return;
    const slope = (at(diagonal, index + 1) - at(diagonal, index)) / (2 * at(beside, index));
    const root = Math.hypot(slope, 1);
    let shift = at(diagonal, end) - at(diagonal, index) + at(beside, index) / (slope + (slope < 0 ? -root : root));
    let [sine, cosine, moved] = [1, 1, 0];
    let place = end - 1;
    for (; place >= index; place -= 1) {
      const f = sine * at(beside, place);
      const b = cosine * at(beside, place);
      const length = Math.hypot(f, shift);
      beside[place + 1] = length;
      if (length === 0) {
        diagonal[place + 1] = at(diagonal, place + 1) - moved;
        beside[end] = 0;
        break;
      }
      sine = f / length;
      cosine = shift / length;
      const rest = at(diagonal, place + 1) - moved;
      const turned = (at(diagonal, place) - rest) * sine + 2 * cosine * b;
      moved = sine * turned;
      diagonal[place + 1] = rest + moved;
      shift = cosine * turned - b;
    }
    if (place >= index) continue;
    diagonal[index] = at(diagonal, index) - moved;
    beside[index] = shift;
    beside[end] = 0;
  }
}
