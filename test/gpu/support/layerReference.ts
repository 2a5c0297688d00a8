/** One attention layer on a text in plain float64: scores, maps, outputs, and the errors that fits make small. */
import type { LayerHeads } from '../../../src/gqa/solve/layerHeads';
import type { Plane } from '../../../src/gqa/solve/gauge';

/** Causal self-attention of H heads in windows of T tokens; W is D, or D + 1 with biases. */
export interface ReferenceLayer {
  /** [N, D] */
  x: Float32Array;
  T: number;
  H: number;
  K: number;
  D: number;
  W: number;
  scale: number;
  planes: readonly Plane[];
  /** [planes] radians a position. */
  frequencies: ArrayLike<number>;
}

const at = (data: ArrayLike<number>, index: number): number => data[index] ?? NaN;

/** weights [heads·K, W] of the inputs (x, 1): [N, heads, K]. */
function project({ x, K, D, W }: ReferenceLayer, weights: Float64Array): Float64Array {
  const heads = weights.length / W / K;
  const N = x.length / D;
  return Float64Array.from({ length: N * heads * K }, (_, index) => {
    const [n, row] = [Math.floor(index / (heads * K)), index % (heads * K)];
    let sum = W > D ? at(weights, row * W + D) : 0;
    for (let d = 0; d < D; d++) sum += at(weights, row * W + d) * at(x, n * D + d);
    return sum;
  });
}

/** Turned by position, in place. */
function turn(layer: ReferenceLayer, rows: Float64Array): Float64Array {
  const { x, D, T, K, planes, frequencies } = layer;
  const N = x.length / D;
  const heads = rows.length / N / K;
  for (let n = 0; n < N; n++) {
    for (let head = 0; head < heads; head++) {
      planes.forEach(([first, second], plane) => {
        const angle = (n % T) * at(frequencies, plane);
        const base = (n * heads + head) * K;
        const [a, b] = [at(rows, base + first), at(rows, base + second)];
        rows[base + first] = a * Math.cos(angle) - b * Math.sin(angle);
        rows[base + second] = b * Math.cos(angle) + a * Math.sin(angle);
      });
    }
  }
  return rows;
}

/** [H][N][keys of the window up to the query] causal scores. */
export function scoresOf(
  layer: ReferenceLayer,
  { q, k }: Pick<LayerHeads, 'q' | 'k'>,
  groupOfHead: readonly number[],
): number[][][] {
  const { x, D, T, H, K, scale } = layer;
  const N = x.length / D;
  const [queries, keys] = [turn(layer, project(layer, q)), turn(layer, project(layer, k))];
  const G = keys.length / N / K;
  return Array.from({ length: H }, (_, head) =>
    Array.from({ length: N }, (_row, m) =>
      Array.from({ length: (m % T) + 1 }, (_key, index) => {
        const n = m - (m % T) + index;
        let score = 0;
        for (let j = 0; j < K; j++) {
          score += at(queries, (m * H + head) * K + j) * at(keys, (n * G + at(groupOfHead, head)) * K + j);
        }
        return score * scale;
      }),
    ),
  );
}

export function softmax(row: readonly number[]): number[] {
  const largest = Math.max(...row);
  const weights = row.map((value) => Math.exp(value - largest));
  const total = weights.reduce((sum, value) => sum + value, 0);
  return weights.map((value) => value / total);
}

/** [N, H, K] head outputs of maps [H][N][keys]. */
export function headOutputsOf(
  layer: ReferenceLayer,
  maps: readonly (readonly (readonly number[])[])[],
  v: Float64Array,
  groupOfHead: readonly number[],
): Float64Array {
  const { x, D, T, H, K } = layer;
  const N = x.length / D;
  const values = project(layer, v);
  const G = values.length / N / K;
  const outputs = new Float64Array(N * H * K);
  maps.forEach((rows, head) =>
    rows.forEach((row, m) =>
      row.forEach((weight, index) => {
        const n = m - (m % T) + index;
        for (let j = 0; j < K; j++) {
          const to = (m * H + head) * K + j;
          outputs[to] = at(outputs, to) + weight * at(values, (n * G + at(groupOfHead, head)) * K + j);
        }
      }),
    ),
  );
  return outputs;
}

/** [N, D] = outputs [N, H·K] · oᵀ for o [D, H·K]. */
export function attentionOutputOf(
  { x, D, H, K }: ReferenceLayer,
  outputs: Float64Array,
  o: Float64Array,
): Float64Array {
  return Float64Array.from({ length: x.length }, (_, index) => {
    const [n, d] = [Math.floor(index / D), index % D];
    let sum = 0;
    for (let j = 0; j < H * K; j++) sum += at(outputs, n * H * K + j) * at(o, d * H * K + j);
    return sum;
  });
}

/** Of each head: Σ_m Var_{n∼w}[S̃ − S] under w = share · softmax(S) + (1 − share) · uniform. */
export function scoreError(
  original: readonly (readonly (readonly number[])[])[],
  found: readonly (readonly (readonly number[])[])[],
  share: number,
): number[] {
  return original.map((rows, head) => {
    let error = 0;
    rows.forEach((row, m) => {
      const weights = softmax(row).map((p) => share * p + (1 - share) / row.length);
      const difference = row.map((value, n) => (found[head]?.[m]?.[n] ?? NaN) - value);
      const mean = difference.reduce((sum, value, n) => sum + at(weights, n) * value, 0);
      difference.forEach((value, n) => (error += at(weights, n) * (value - mean) ** 2));
    });
    return error;
  });
}
