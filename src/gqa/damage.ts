/**
 * What sharing keys and values does to the output of one query head: what is observed, and what is predicted from the changes
 * of K and V alone.
 * Role: the mathematics, on the numbers of one head. Where they come from is headDamage.ts.
 *
 * A head adds c_m = Σ_n p_mn·u_n to the residual stream at query m, with u_n = O·v_n; converted, c̃_m = Σ_n p̃_mn·ũ_n. With Δ
 * for converted minus original, and over the keys n that m sees,
 *   ‖Δc_m‖ ≤ ‖Σ_n p_mn·Δu_n‖ + diam(ũ) · tanh(R_m / 4).
 * The first part is what changed values do under the attention as it was. R_m is by how much the changes of the head's scores
 * can differ from key to key, and tanh(R/4) bounds the total variation of the two softmaxes (Birkhoff 1957, Hilbert's metric;
 * tanh x ≤ x gives "softmax is ½-Lipschitz" back). Where k̂_n is the shared key as the head's old queries see it, and δq_m the
 * part of its new query that no map makes of the old one,
 *   R_m ≤ scale · (‖q_m‖ · diam(k̂ − k) + ‖δq_m‖ · diam(k̃)).
 * This is METHODS' ‖V‖‖q‖/(2√K)·‖ΔK‖ + ‖ΔV‖ with diameters, at most √2 times the operator norms: never above it.
 */
import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import type { TaskContext } from '../protocol/tasks';
import type { Gram } from './gram';
import { spreads, type Spread } from './spreads';
import type { Gauge } from './solve/gauge';

/** One query head on a text, under one set of weights. Row-major. */
export interface HeadOnText {
  /** [S, K] as they meet the keys */
  queries: Float32Array;
  /** [T, K] as they meet the queries */
  keys: Float32Array;
  /** [T, K] */
  values: Float32Array;
  /** [S, K] Σ_n p_mn·v_n */
  attended: Float32Array;
  /** [D, K] the head's columns of W_O */
  outputs: Float32Array;
}

/** The converted head. */
export interface ConvertedHeadOnText extends HeadOnText {
  /** [S, K] its values under the attention as it was, Σ_n p_mn·ṽ_n */
  attendedAsBefore: Float32Array;
}

/** What else decides a head's attention. */
export interface ScoreSetting {
  K: number;
  scale: number;
  causal: boolean;
  gauge: Gauge;
  /** Scores are capped: changes get smaller, but not all alike, so that their size counts and not their spread. */
  capped: boolean;
  /** A share of attention goes to no key, which is as a key whose score and value never change. */
  sunk: boolean;
}

/** Relative to the L2 norm of the original's contributions over all queries. */
export interface Damage {
  observed: number;
  /** The two parts of what is predicted; their sum is never below what is observed, up to the rounding of float32. */
  byValues: number;
  byKeys: number;
}

/** Share of the queries' mean energy that is added before their moment is inverted. */
const ridge = 1e-9;

/** Damage of one head. */
export async function damageOf(
  original: HeadOnText,
  converted: ConvertedHeadOnText,
  { K, scale, causal, gauge, capped, sunk }: ScoreSetting,
  gram: Gram,
  task: TaskContext,
): Promise<Damage> {
  const [S, T] = [original.queries.length / K, original.keys.length / K];
  const { seen, residue } = asSeen(original.queries, converted, K, gauge);
  const keyChanges = Float32Array.from(seen, (value, place) => value - (original.keys[place] ?? 0));
  const ofScores: Spread = capped ? 'twice the norm' : sunk ? 'with nothing' : 'diameter';
  const ofKeyChanges = await spreads(keyChanges, K, ofScores, gram, task);
  const ofSharedKeys = await spreads(converted.keys, K, ofScores, gram, task);
  const shared = Float32Array.from(await gram(converted.values, converted.outputs, K, task));
  const ofValues = await spreads(shared, shared.length / T, sunk ? 'with nothing' : 'diameter', gram, task);

  const both = sideBySide(original.outputs, converted.outputs, K, -1);
  const energies = async (rows: Float32Array, columns: number, outputs: Float32Array): Promise<Float64Array> =>
    squaredRows(await gram(rows, outputs, columns, task), S);
  const contributions = await energies(original.attended, K, original.outputs);
  const differences = await energies(sideBySide(original.attended, converted.attended, K, 1), 2 * K, both);
  const asBefore = await energies(sideBySide(original.attended, converted.attendedAsBefore, K, 1), 2 * K, both);

  const sizes = { queries: squaredRows(original.queries, S), residue: squaredRows(residue, S) };
  const byKeys = sizes.queries.map((square, m) => {
    const last = causal ? T - S + m : T - 1;
    const ofOld = Math.sqrt(square) * (ofKeyChanges[last] ?? 0);
    const ofNew = Math.sqrt(sizes.residue[m] ?? 0) * (ofSharedKeys[last] ?? 0);
    return ((ofValues[last] ?? 0) * Math.tanh((scale * (ofOld + ofNew)) / 4)) ** 2;
  });
  const total = sum(contributions);
  const share = (squares: Float64Array): number => (sum(squares) === 0 ? 0 : Math.sqrt(sum(squares) / total));
  return { observed: share(differences), byValues: share(asBefore), byKeys: share(byKeys) };
}

/**
 * The converted head as the original's queries see it: the map A that best makes the new queries of the old ones, within
 * what may be done to K's rows, is moved to the keys, as (A·q)ᵀk̃ = qᵀ(Aᵀk̃).
 * @returns k̂ [T, K] and q̃ − A·q [S, K]
 */
function asSeen(
  queries: Float32Array,
  converted: Pick<HeadOnText, 'queries' | 'keys'>,
  K: number,
  { planes, free, fixed }: Gauge,
): { seen: Float32Array; residue: Float32Array } {
  const seen = converted.keys.slice();
  const residue = converted.queries.slice();
  const S = queries.length / K;
  const T = seen.length / K;
  for (const [first, second] of planes) {
    let [re, im, energy] = [0, 0, 0];
    for (let row = 0; row < S * K; row += K) {
      const [x, y] = [queries[row + first] ?? 0, queries[row + second] ?? 0];
      const [u, v] = [residue[row + first] ?? 0, residue[row + second] ?? 0];
      re += u * x + v * y;
      im += v * x - u * y;
      energy += x * x + y * y;
    }
    [re, im] = energy > 0 ? [re / energy, im / energy] : [1, 0];
    for (let row = 0; row < S * K; row += K) {
      const [x, y] = [queries[row + first] ?? 0, queries[row + second] ?? 0];
      residue[row + first] = (residue[row + first] ?? 0) - (re * x - im * y);
      residue[row + second] = (residue[row + second] ?? 0) - (re * y + im * x);
    }
    for (let row = 0; row < T * K; row += K) {
      const [x, y] = [seen[row + first] ?? 0, seen[row + second] ?? 0];
      seen[row + first] = re * x + im * y;
      seen[row + second] = re * y - im * x;
    }
  }
  for (const column of fixed) {
    for (let row = column; row < S * K; row += K) residue[row] = (residue[row] ?? 0) - (queries[row] ?? 0);
  }
  if (free.length > 0) {
    const [old, fresh] = [rowsOf(queries, K, free), rowsOf(converted.queries, K, free)];
    // The identity and what is regressed of the change: directions that no query has stay as they are.
    const moment = old.transpose().mmul(old);
    moment.add(Matrix.eye(free.length).mul((ridge * moment.trace()) / free.length + Number.MIN_VALUE));
    const change = new CholeskyDecomposition(moment).solve(old.transpose().mmul(Matrix.sub(fresh, old)));
    const map = Matrix.add(Matrix.eye(free.length), change);
    putRows(residue, K, free, Matrix.sub(fresh, old.mmul(map)));
    putRows(seen, K, free, rowsOf(converted.keys, K, free).mmul(map.transpose()));
  }
  return { seen, residue };
}

/** Columns `chosen` of row-major rows of K. */
function rowsOf(data: Float32Array, K: number, chosen: readonly number[]): Matrix {
  const result = new Matrix(data.length / K, chosen.length);
  for (let row = 0; row < result.rows; row += 1) {
    chosen.forEach((column, place) => result.set(row, place, data[row * K + column] ?? 0));
  }
  return result;
}

function putRows(data: Float32Array, K: number, chosen: readonly number[], values: Matrix): void {
  for (let row = 0; row < values.rows; row += 1) {
    chosen.forEach((column, place) => (data[row * K + column] = values.get(row, place)));
  }
}

/** [n, 2K] of two [n, K], the second times `sign`. */
function sideBySide(a: Float32Array, b: Float32Array, K: number, sign: 1 | -1): Float32Array {
  return Float32Array.from({ length: 2 * a.length }, (_, place) => {
    const [row, column] = [Math.floor(place / (2 * K)), place % (2 * K)];
    return column < K ? (a[row * K + column] ?? 0) : sign * (b[row * K + column - K] ?? 0);
  });
}

/** [n] squared lengths of n rows. */
function squaredRows(data: ArrayLike<number>, n: number): Float64Array {
  const columns = data.length / n;
  const result = new Float64Array(n);
  for (let place = 0; place < data.length; place += 1) {
    const row = Math.floor(place / columns);
    result[row] = (result[row] ?? 0) + (data[place] ?? 0) ** 2;
  }
  return result;
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
