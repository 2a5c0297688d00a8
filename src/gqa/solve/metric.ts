/**
 * Metrics: how much each direction of a projection's input counts, ⟨a, b⟩_C = a·C·bᵀ.
 * Role: the three that merges use. C is what the inputs' second moments are, or are taken to be without data.
 */

/** A symmetric positive matrix C [W, W], known by its products. */
export interface Metric {
  readonly W: number;
  /** rows·C of row-major rows [n, W]. */
  times(rows: Float64Array): Float64Array;
}

/** Weights as they are: C = I. */
export function plainMetric(W: number): Metric {
  return { W, times: (rows) => rows };
}

/**
 * The data-free metric of inputs that come from a norm: x = gain ∘ n + shift with n of unit variance in each direction, so
 * C = diag(gain²) + (shift, 1)(shift, 1)ᵀ, the last for the bias column where W is D + 1.
 * @param gain [D]
 * @param shift [D] the norm's bias, or null
 */
export function normMetric(gain: ArrayLike<number>, shift: ArrayLike<number> | null, W: number): Metric {
  const D = gain.length;
  const squares = Float64Array.from({ length: W }, (_, d) => (d < D ? (gain[d] ?? 0) ** 2 : 0));
  const mean = Float64Array.from({ length: W }, (_, d) => (d < D ? (shift?.[d] ?? 0) : 1));
  const hasMean = W > D || shift !== null;
  return {
    W,
    times: (rows) => {
      const result = rows.map((value, index) => value * (squares[index % W] ?? 0));
      if (!hasMean) return result;
      for (let start = 0; start < rows.length; start += W) {
        let along = 0;
        for (let d = 0; d < W; d++) along += (rows[start + d] ?? 0) * (mean[d] ?? 0);
        for (let d = 0; d < W; d++) result[start + d] = (result[start + d] ?? 0) + along * (mean[d] ?? 0);
      }
      return result;
    },
  };
}

/** A measured matrix, such as E[x xᵀ] over the tokens of a text. @param C [W, W] */
export function matrixMetric(C: Float64Array, W: number): Metric {
  return {
    W,
    times: (rows) => {
      const result = new Float64Array(rows.length);
      for (let start = 0; start < rows.length; start += W) {
        for (let d = 0; d < W; d++) {
          const value = rows[start + d] ?? 0;
          if (value === 0) continue;
          for (let e = 0; e < W; e++) result[start + e] = (result[start + e] ?? 0) + value * (C[d * W + e] ?? 0);
        }
      }
      return result;
    },
  };
}
