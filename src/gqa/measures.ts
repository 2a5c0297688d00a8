/**
 * Measures of a model on a text, and of two models against each other, in plain float64.
 * Role: the reference that GPU results are tested against, and what is used where the CPU suffices. Logits are
 * row-major [S, V]; attention maps [S, T], with query row i at key position T - S + i.
 */

/** Bytes a token takes in the KV caches of L layers: 2·L·G·K numbers, four bytes each in a float32 checkpoint, else two. */
export function kvCacheBytesPerToken({ L, G, K }: { L: number; G: number; K: number }, dtype: string): number {
  return 2 * L * G * K * (dtype === 'F32' || dtype === 'F64' ? 4 : 2);
}

/** Mean of some numbers; NaN of none. */
export function mean(values: Iterable<number>): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    sum += value;
    count += 1;
  }
  return sum / count;
}

/** [V] natural logarithm of the probabilities that a row of logits gives. */
export function logSoftmax(logits: ArrayLike<number>): Float64Array {
  const row = Float64Array.from(logits);
  const largest = row.reduce((best, value) => Math.max(best, value), -Infinity);
  const total = row.reduce((sum, value) => sum + Math.exp(value - largest), 0);
  return row.map((value) => value - largest - Math.log(total));
}

/** The `count` most probable tokens of a row of logits, most probable first, the smallest id among equals. */
export function mostProbable(logits: ArrayLike<number>, count: number): { id: number; probability: number }[] {
  const logProbabilities = logSoftmax(logits);
  const best: number[] = [];
  const of = (id: number | undefined): number => (id === undefined ? -Infinity : (logProbabilities[id] ?? -Infinity));
  // One pass: a vocabulary is long, and few are wanted.
  for (let id = 0; id < logProbabilities.length; id++) {
    if (best.length === count && of(id) <= of(best.at(-1))) continue;
    const place = best.findIndex((other) => of(other) < of(id));
    best.splice(place < 0 ? best.length : place, 0, id);
    best.length = Math.min(best.length, count);
  }
  return best.map((id) => ({ id, probability: Math.exp(of(id)) }));
}

/**
 * Cross-entropy of each next token, in nats.
 * @param logits [S, V]
 * @param ids [S] the text's tokens
 * @returns [S - 1]; element i is what position i thought of token i + 1. Its mean is the loss.
 */
export function lossPerToken(logits: Float32Array, V: number, ids: readonly number[]): Float64Array {
  return Float64Array.from(
    ids.slice(1),
    (next, position) => -(logSoftmax(logits.subarray(position * V, (position + 1) * V))[next] ?? NaN),
  );
}

/** e^loss. */
export function perplexity(loss: number): number {
  return Math.exp(loss);
}

/**
 * KL(a ‖ b) of the next-token distributions at each position, in nats.
 * @param a [S, V] logits of the original
 * @param b [S, V] logits of the converted model
 * @returns [S]
 */
export function klPerToken(a: Float32Array, b: Float32Array, V: number): Float64Array {
  return Float64Array.from({ length: a.length / V }, (_, position) => {
    const logA = logSoftmax(a.subarray(position * V, (position + 1) * V));
    const logB = logSoftmax(b.subarray(position * V, (position + 1) * V));
    return logA.reduce((sum, value, token) => sum + Math.exp(value) * (value - (logB[token] ?? NaN)), 0);
  });
}

/** Share of positions at which both models' most probable next token is the same (the lowest id among equals). */
export function top1Agreement(a: Float32Array, b: Float32Array, V: number): number {
  const S = a.length / V;
  let agreed = 0;
  for (let position = 0; position < S; position += 1) {
    if (argmax(a.subarray(position * V, (position + 1) * V)) === argmax(b.subarray(position * V, (position + 1) * V))) {
      agreed += 1;
    }
  }
  return agreed / S;
}

/** Place of the largest number, the first among equals. */
export function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let index = 1; index < values.length; index += 1) {
    if ((values[index] ?? -Infinity) > (values[best] ?? -Infinity)) best = index;
  }
  return best;
}

/** Cosine of two vectors: 1 where both are zero, 0 where one is. */
export function cosine(p: ArrayLike<number>, q: ArrayLike<number>): number {
  let [pq, pp, qq] = [0, 0, 0];
  for (let index = 0; index < p.length; index += 1) {
    const [x, y] = [p[index] ?? NaN, q[index] ?? NaN];
    pq += x * y;
    pp += x * x;
    qq += y * y;
  }
  if (pp === 0 || qq === 0) return pp === qq ? 1 : 0;
  return pq / Math.sqrt(pp * qq);
}

/** Entropy of a distribution in bits. */
export function entropy(probabilities: ArrayLike<number>): number {
  return Array.from(probabilities).reduce((sum, p) => sum - (p > 0 ? p * Math.log2(p) : 0), 0);
}

/** Jensen-Shannon divergence of two distributions in bits: 0 when equal, 1 when they share nothing (Lin 1991). */
export function jensenShannon(p: ArrayLike<number>, q: ArrayLike<number>): number {
  const middle = Array.from(p, (value, index) => (value + (q[index] ?? 0)) / 2);
  // Rounding may leave -1e-17.
  return Math.max(0, entropy(middle) - (entropy(p) + entropy(q)) / 2);
}

/** Mean over query rows of the Jensen-Shannon divergence of two maps [S, T], in bits. */
export function mapDivergence(a: Float32Array, b: Float32Array, T: number): number {
  const rows = a.length / T;
  return mean(
    Array.from({ length: rows }, (_, row) =>
      jensenShannon(a.subarray(row * T, (row + 1) * T), b.subarray(row * T, (row + 1) * T)),
    ),
  );
}

/**
 * Statistics of an attention map [S, T], each a mean over query rows: entropy in bits, weight on the first token, and
 * distance in tokens between query and key.
 */
export function mapStatistics(map: Float32Array, T: number): { entropy: number; firstToken: number; distance: number } {
  const S = map.length / T;
  const rows = Array.from({ length: S }, (_, row) => map.subarray(row * T, (row + 1) * T));
  return {
    entropy: mean(rows.map((row) => entropy(row))),
    firstToken: mean(rows.map((row) => row[0] ?? 0)),
    distance: mean(
      rows.map((row, query) => row.reduce((sum, weight, key) => sum + weight * Math.abs(T - S + query - key), 0)),
    ),
  };
}
