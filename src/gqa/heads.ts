/**
 * The KV heads of a layer as row blocks that measures compare.
 * Role: the data a similarity looks at. What is computed on it is headProducts.ts and similarities/.
 */
import { kvHeadsOf, layerOf } from '../model/specFacts';
import type { LayerRole } from '../model/roles';
import type { ModelSpec } from '../model/spec';
import type { WeightSource } from '../model/weightSource';
import { GqaLensError } from '../protocol/errors';
import type { SimilarityTarget } from '../protocol/similarity';
import type { TaskContext } from '../protocol/tasks';
import { pace } from './pace';
import { keyGauge, valueGauge, type Gauge } from './solve/gauge';

/** `count` heads below each other: [count·K, columns]. */
export interface HeadStack {
  data: Float32Array;
  count: number;
  K: number;
  columns: number;
}

/** What may be done to the rows of a target's heads without changing the model. */
export function gaugeOf(spec: ModelSpec, layer: number, target: SimilarityTarget): Gauge {
  return target === 'k' ? keyGauge(spec, layer) : valueGauge(spec);
}

/** The chosen heads of a stack, in the order given; the stack itself when that is all of it. */
export function chooseHeads(stack: HeadStack, chosen: readonly number[]): HeadStack {
  if (chosen.length === stack.count && chosen.every((head, place) => head === place)) return stack;
  const block = stack.K * stack.columns;
  const data = new Float32Array(chosen.length * block);
  chosen.forEach((head, place) => data.set(stack.data.subarray(head * block, (head + 1) * block), place * block));
  return { ...stack, data, count: chosen.length };
}

/**
 * Reads the heads of a projection.
 * @param biases the bias becomes a last column, for inputs (x, 1); zeros where there is none
 * @throws GqaLensError `checkpoint-invalid` when the weight holds a NaN or an infinity
 */
export async function readHeads(
  source: WeightSource,
  layer: number,
  projection: 'q' | SimilarityTarget,
  biases: boolean,
  signal: AbortSignal,
): Promise<HeadStack> {
  const role: LayerRole = `${projection}.weight`;
  const { data, rows, columns } = await source.read(role, layer, signal);
  const { K } = source.spec;
  const broken = data.findIndex((value) => !Number.isFinite(value));
  if (broken >= 0) {
    const what = layerOf(source.spec, layer).weights[role]?.tensor ?? role;
    throw new GqaLensError(
      'checkpoint-invalid',
      `Head ${Math.floor(broken / columns / K)} of ${what} cannot be compared`,
      {
        expected: 'finite numbers',
        found: 'NaN or infinity',
      },
    );
  }
  const count = rows / K;
  if (!biases) return { data, count, K, columns };
  const biasRole: LayerRole = `${projection}.bias`;
  const bias = source.has(biasRole, layer) ? (await source.read(biasRole, layer, signal)).data : null;
  const wide = new Float32Array(rows * (columns + 1));
  for (let row = 0; row < rows; row += 1) {
    wide.set(data.subarray(row * columns, (row + 1) * columns), row * (columns + 1));
    wide[row * (columns + 1) + columns] = bias?.[row] ?? 0;
  }
  return { data: wide, count, K, columns: columns + 1 };
}

/** Rows and columns transposed at a time: they fit into the cache. */
const tile = 64;

/** O_hᵀ of each query head: [H·K, D]. */
export async function readOutputs(source: WeightSource, layer: number, task: TaskContext): Promise<HeadStack> {
  const { data, rows: D, columns } = await source.read('o.weight', layer, task.signal);
  const { K } = source.spec;
  const breathe = pace(task);
  const turned = new Float32Array(data.length);
  for (let d0 = 0; d0 < D; d0 += tile) {
    for (let c0 = 0; c0 < columns; c0 += tile) {
      for (let d = d0; d < Math.min(D, d0 + tile); d += 1) {
        for (let c = c0; c < Math.min(columns, c0 + tile); c += 1) turned[c * D + d] = data[d * columns + c] ?? 0;
      }
    }
    await breathe();
  }
  return { data: turned, count: columns / K, K, columns: D };
}

/** The query heads that read a KV head of a checkpoint as it is. */
export function readersOf(spec: ModelSpec, layer: number, kvHead: number): number[] {
  const R = spec.H / kvHeadsOf(spec, layer);
  return Array.from({ length: R }, (_, r) => kvHead * R + r);
}
