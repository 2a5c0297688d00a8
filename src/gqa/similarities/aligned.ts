/**
 * Aligned cosine: the largest cosine two heads can have after turning one of them in a way that leaves the model's
 * function as it is. An entry of the similarity registry; the turned weights themselves are not needed for it.
 */
import { nuclearNorm } from '../eigenvalues';
import { type HeadMeasure, normalised, randomHeads, trace } from './measure';

/**
 * What may be turned (the gauge of a head):
 * - K with rotary embeddings: each rotary plane by its own angle, which commutes with the rotation by position. For the
 *   rows (a, b) of a plane of X and (c, e) of Y the best angle gives √(α² + β²), α = ac + be, β = ae − bc.
 * - K that is normalised before it meets the queries (qk-norm): nothing. The cosine is the raw one.
 * - everything else (V, K without rotary embeddings, the rows that partial rotary embeddings leave alone): any
 *   orthogonal map. The best one gives the nuclear norm of X·C·Yᵀ (Schönemann 1966).
 */
export const aligned: HeadMeasure = {
  kind: 'heads',
  id: 'aligned',
  title: 'Aligned cosine',
  description:
    "Cosine after the best turn of one head's basis that leaves the model as it is: what two heads truly share. Seconds at most.",
  source: 'Orthogonal Procrustes (Schönemann 1966), per rotary plane for K',
  on: ['weights', 'activations'],
  alike: 'high',
  floorNote: randomHeads,
  self: 1,
  pair: async (a, b, product, { K, gauge, breathe }) => {
    const at = (row: number, column: number): number => product[row * K + column] ?? 0;
    let inner = 0;
    for (const [first, second] of gauge.planes) {
      inner += Math.hypot(at(first, first) + at(second, second), at(first, second) - at(second, first));
    }
    for (const row of gauge.fixed) inner += at(row, row);
    const { free } = gauge;
    if (free.length > 0) {
      const rest = Float64Array.from({ length: free.length ** 2 }, (_, index) =>
        at(free[Math.floor(index / free.length)] ?? 0, free[index % free.length] ?? 0),
      );
      inner += await nuclearNorm(rest, free.length, free.length, breathe);
    }
    return normalised(inner, trace(a, K), trace(b, K));
  },
};
