/** Plain float64 references of what the kernels compute, and seeded inputs for both. */

/** Mulberry32: small, seeded, good enough for test inputs. Values in [-1, 1). */
export function randoms(seed: number, count: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1;
  });
}

/** x[S, C] · w[N, C]ᵀ */
export function product(x: ArrayLike<number>, w: ArrayLike<number>, S: number, N: number, C: number): number[] {
  const y: number[] = [];
  for (let s = 0; s < S; s++) {
    for (let n = 0; n < N; n++) {
      let sum = 0;
      for (let c = 0; c < C; c++) sum += (x[s * C + c] ?? NaN) * (w[n * C + c] ?? NaN);
      y.push(sum);
    }
  }
  return y;
}

export interface Shape {
  S: number;
  past: number;
  H: number;
  G: number;
  K: number;
  scale: number;
  /** Keys, where they are not past + S. */
  T?: number;
  /** Absent: true. */
  causal?: boolean;
  /** Added to scores, by head and key position - query position. */
  bias?: ((head: number, distance: number) => number) | null;
  /** Keys that a query sees at most. */
  window?: number;
  softcap?: number;
  /** [H] */
  sinks?: ArrayLike<number>;
}

/** [H] equal groups of adjacent heads. */
export function adjacentGroups({ H, G }: Pick<Shape, 'H' | 'G'>): number[] {
  return Array.from({ length: H }, (_, head) => Math.floor(head / (H / G)));
}

/**
 * Grouped attention: maps [H, S, T] and outputs [S, H, K] of q [S, H, K] over k, v [T, G, K].
 * @param groupOfHead [H] which of the G heads of k and v each query head reads
 */
export function groupedAttention(
  q: ArrayLike<number>,
  k: ArrayLike<number>,
  v: ArrayLike<number>,
  { S, past, H, G, K, scale, T = past + S, causal = true, bias = null, ...own }: Shape,
  groupOfHead: readonly number[] = adjacentGroups({ H, G }),
): { maps: number[]; outputs: number[] } {
  const maps = new Array<number>(H * S * T).fill(0);
  const outputs = new Array<number>(S * H * K).fill(0);
  for (let h = 0; h < H; h++) {
    const g = groupOfHead[h] ?? NaN;
    for (let s = 0; s < S; s++) {
      const scores = Array.from({ length: causal ? past + s + 1 : T }, (_, t) => {
        let sum = 0;
        for (let j = 0; j < K; j++) sum += (q[(s * H + h) * K + j] ?? NaN) * (k[(t * G + g) * K + j] ?? NaN);
        const score = own.softcap ? own.softcap * Math.tanh((sum * scale) / own.softcap) : sum * scale;
        const seen = own.window === undefined || t > past + s - own.window;
        return seen ? score + (bias?.(h, t - past - s) ?? 0) : -Infinity;
      });
      const sink = own.sinks?.[h] ?? -Infinity;
      const largest = Math.max(sink, ...scores);
      const exponentials = scores.map((score) => Math.exp(score - largest));
      const total = exponentials.reduce((sum, value) => sum + value, Math.exp(sink - largest));
      exponentials.forEach((value, t) => {
        maps[(h * S + s) * T + t] = value / total;
        for (let j = 0; j < K; j++) {
          const at = (s * H + h) * K + j;
          outputs[at] = (outputs[at] ?? 0) + (value / total) * (v[(t * G + g) * K + j] ?? NaN);
        }
      });
    }
  }
  return { maps, outputs };
}

/** [rows, size] with each row (or head) padded with zeros to a multiple of 4. */
export function padRows(data: Float32Array, size: number): Float32Array {
  const width = Math.ceil(size / 4) * 4;
  const rows = data.length / size;
  const padded = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) padded.set(data.subarray(row * size, (row + 1) * size), row * width);
  return padded;
}

/** The first `size` of every multiple-of-4 row. */
export function unpadRows(data: Float32Array, size: number): number[] {
  const width = Math.ceil(size / 4) * 4;
  const rows: number[] = [];
  for (let row = 0; row < data.length / width; row++) rows.push(...data.subarray(row * width, row * width + size));
  return rows;
}
