/**
 * Metrics of a layer's attention inputs, over which products of heads are taken: ⟨a, b⟩ = a·C·bᵀ.
 * Role: from weights or a text's inputs to C. Heavy products go through `gram`, to the GPU where the caller wants that.
 */
import type { LayerInputs } from '../model/calibration';
import type { WeightSource } from '../model/weightSource';
import type { TaskContext } from '../protocol/tasks';
import type { Gram } from './gram';
import { pace } from './pace';
import { readNormMetric, type AttentionSide } from './solve/layerMetric';

/** C, known by its products. */
export interface InputMetric {
  /** rows·C of rows [n, columns] */
  times(rows: Float32Array): Promise<Float32Array>;
}

/** Weights as they are: C = I; centred, each row loses its mean. */
export function weightMetric(columns: number, centred: boolean): InputMetric {
  return {
    times: (rows) => {
      if (!centred) return Promise.resolve(rows);
      const result = rows.slice();
      for (let start = 0; start < rows.length; start += columns) {
        const row = result.subarray(start, start + columns);
        const mean = row.reduce((sum, value) => sum + value, 0) / columns;
        row.forEach((value, index) => (row[index] = value - mean));
      }
      return Promise.resolve(result);
    },
  };
}

/** What the norm in front makes of the inputs, without data: the metric of the data-free PCA merge. */
export async function gainMetric(
  source: WeightSource,
  layer: number,
  side: AttentionSide,
  columns: number,
  signal: AbortSignal,
): Promise<InputMetric> {
  const metric = await readNormMetric(source, layer, side, columns, signal);
  return { times: (rows) => Promise.resolve(Float32Array.from(metric.times(Float64Array.from(rows)))) };
}

/** The moments of inputs, and E[(x, 1)(x, 1)ᵀ] made of them. */
export interface InputMoments {
  D: number;
  /** [D] */
  mean: Float64Array;
  /** [D, D] */
  covariance: Float32Array | Float64Array;
  /** Those of what queries are made from, in cross-attention. Absent: the same. */
  queries?: InputMoments;
}

/** Mean and covariance of a layer's inputs. */
export async function inputMoments(
  { queries, ...keys }: Pick<LayerInputs, 'x' | 'N' | 'queries'>,
  gram: Gram,
  task: TaskContext,
): Promise<InputMoments> {
  const moments = await momentsOf(keys, gram, task);
  return queries ? { ...moments, queries: await momentsOf(queries, gram, task) } : moments;
}

/** The mean is taken off first: it may be far larger than what varies. */
async function momentsOf({ x, N }: Pick<LayerInputs, 'x' | 'N'>, gram: Gram, task: TaskContext): Promise<InputMoments> {
  const D = x.length / N;
  const breathe = pace(task);
  const mean = new Float64Array(D);
  for (let n = 0; n < N; n += 1) {
    for (let d = 0; d < D; d += 1) mean[d] = (mean[d] ?? 0) + (x[n * D + d] ?? 0) / N;
    await breathe();
  }
  // [D, N], so that the covariance is a product of rows.
  const turned = new Float32Array(D * N);
  const scale = 1 / Math.sqrt(N);
  for (let n = 0; n < N; n += 1) {
    for (let d = 0; d < D; d += 1) turned[d * N + n] = ((x[n * D + d] ?? 0) - (mean[d] ?? 0)) * scale;
    await breathe();
  }
  return { D, mean, covariance: await gram(turned, turned, N, task) };
}

/** C = E[x xᵀ] over a text, or its covariance. @param columns D, or D + 1 for inputs (x, 1) */
export function momentMetric(
  { D, mean, covariance }: InputMoments,
  columns: number,
  centred: boolean,
  gram: Gram,
  task: TaskContext,
): InputMetric {
  const C = new Float32Array(columns * columns);
  const at = (d: number): number => (d < D ? (mean[d] ?? 0) : 1);
  for (let d = 0; d < columns; d += 1) {
    for (let e = 0; e < columns; e += 1) {
      const varies = d < D && e < D ? (covariance[d * D + e] ?? 0) : 0;
      C[d * columns + e] = varies + (centred ? 0 : at(d) * at(e));
    }
  }
  return { times: async (rows) => Float32Array.from(await gram(rows, C, columns, task)) };
}
