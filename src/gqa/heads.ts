/**
 * The KV heads of a layer as row blocks that measures compare.
 * Role: the data a similarity looks at. What is computed on it is in similarities/.
 */
import { GqaLensError } from '../protocol/errors';
import type { SimilarityTarget } from '../protocol/model';
import type { TaskContext } from '../protocol/tasks';
import { positionOf, type LayerRole, type ModelSpec, type Weight, type WeightSource } from '../model/spec';
import { dot } from './gram';

/** `count` heads below each other: [count·K, columns], with their Frobenius norms. */
export interface HeadStack {
  data: Float32Array;
  count: number;
  K: number;
  columns: number;
  /** [count] */
  norms: Float64Array;
}

/** Which rows of a head turn together under rotary embeddings. */
export interface RotaryPlanes {
  layout: 'half' | 'interleaved';
  /** Leading rows of a head that turn. The others stay as they are. */
  rotaryDim: number;
}

/** The planes that bind a target's basis: those of K in a rotary model; none for V and without rotary embeddings. */
export function planesOf(spec: ModelSpec, layer: number, target: SimilarityTarget): RotaryPlanes | null {
  const position = positionOf(spec, layer);
  if (target === 'v' || position.kind !== 'rotary') return null;
  return { layout: position.layout, rotaryDim: position.rotaryDim };
}

/** The two rows of plane `plane`. */
export function planeRows(planes: RotaryPlanes, plane: number): [number, number] {
  return planes.layout === 'half' ? [plane, plane + planes.rotaryDim / 2] : [2 * plane, 2 * plane + 1];
}

/**
 * Splits a projection [count·K, columns] into its heads.
 * @param what Names the weight in the error.
 * @throws GqaLensError `checkpoint-invalid` when the weight holds a NaN or an infinity.
 */
export function stackHeads(weight: Weight, K: number, what: string): HeadStack {
  const { data, rows, columns } = weight;
  const count = rows / K;
  const block = K * columns;
  const norms = Float64Array.from({ length: count }, (_, head) =>
    Math.sqrt(dot(data, head * block, data, head * block, block)),
  );
  const broken = norms.findIndex((norm) => !Number.isFinite(norm));
  if (broken >= 0) {
    throw new GqaLensError('checkpoint-invalid', `Head ${broken} of ${what} cannot be compared`, {
      expected: 'finite numbers',
      found: 'NaN or infinity',
    });
  }
  return { data, count, K, columns, norms };
}

/** Heads [start, end) of a stack, without a copy. */
export function sliceHeads(stack: HeadStack, start: number, end: number): HeadStack {
  const block = stack.K * stack.columns;
  return {
    ...stack,
    data: stack.data.subarray(start * block, end * block),
    count: end - start,
    norms: stack.norms.subarray(start, end),
  };
}

/** Reads K or V of a layer as heads. */
export async function readHeads(
  source: WeightSource,
  layer: number,
  target: SimilarityTarget,
  task: TaskContext,
): Promise<HeadStack> {
  const role: LayerRole = `${target}.weight`;
  const name = source.spec.layers[layer]?.weights[role]?.tensor ?? role;
  return stackHeads(await source.read(role, layer, task.signal), source.spec.K, name);
}
