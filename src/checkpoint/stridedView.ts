/**
 * Tensors whose numbers do not lie row by row: transposed and sliced views of a storage, as PyTorch can save them.
 * Role: gathers their elements in row-major order. Everybody else sees plain tensors.
 */
import { GqaLensError } from '../protocol/errors';
import type { TensorInfo } from './checkpoint';
import type { FileRanges } from './fileRanges';

/** Bytes read at once, from the first to the last element that is asked for: a transposed matrix needs all of its bytes. */
const spanLimit = 1024 * 1024 * 1024;

/** Where elements lie: strides count elements, as in PyTorch. */
export interface View {
  shape: readonly number[];
  strides: readonly number[];
}

/** Whether elements lie one after the other in the order of their indices. */
export function isRowMajor({ shape, strides }: View): boolean {
  let next = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    const length = shape[i] ?? 1;
    if (length !== 1 && strides[i] !== next) return false;
    next *= length;
  }
  return true;
}

/** Fills `into` with elements of a view, from element `start` in row-major order. Throws what reading throws. */
export async function readView(
  files: FileRanges,
  { name, file, byteOffset, shape }: TensorInfo,
  strides: readonly number[],
  elementBytes: number,
  start: number,
  into: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  const count = into.length / elementBytes;
  if (count === 0) return;
  const [low, high] = spanOf({ shape, strides }, start, start + count - 1);
  const bytes = (high - low + 1) * elementBytes;
  if (bytes > spanLimit) {
    throw new GqaLensError('checkpoint-unsupported', 'A tensor is stored as a view that is too large to be gathered', {
      file,
      tensor: name,
      found: `strides ${JSON.stringify(strides)}, over ${bytes} bytes`,
      limit: `${spanLimit} bytes`,
      next: 'Call contiguous() on the tensor and save it again, or convert the checkpoint to safetensors.',
    });
  }
  const stored = new Uint8Array(bytes);
  await files.read(file, byteOffset + low * elementBytes, stored, signal);
  const index = indicesOf(shape, start);
  for (let i = 0; i < count; i++) {
    const place = (placeOf(index, strides) - low) * elementBytes;
    for (let byte = 0; byte < elementBytes; byte++) into[i * elementBytes + byte] = stored[place + byte] ?? 0;
    advance(index, shape);
  }
}

/** The lowest and the highest place among elements first to last: on axes after the one that differs, all may occur. */
function spanOf({ shape, strides }: View, first: number, last: number): [low: number, high: number] {
  const [from, to] = [indicesOf(shape, first), indicesOf(shape, last)];
  const differs = from.findIndex((index, axis) => index !== to[axis]);
  if (differs < 0) return [placeOf(from, strides), placeOf(from, strides)];
  return [
    placeOf(
      from.map((index, axis) => (axis <= differs ? index : 0)),
      strides,
    ),
    placeOf(
      to.map((index, axis) => (axis <= differs ? index : (shape[axis] ?? 1) - 1)),
      strides,
    ),
  ];
}

function indicesOf(shape: readonly number[], element: number): number[] {
  const indices = shape.map(() => 0);
  let rest = element;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] ?? 1;
    indices[axis] = rest % size;
    rest = Math.floor(rest / size);
  }
  return indices;
}

function placeOf(indices: readonly number[], strides: readonly number[]): number {
  return indices.reduce((place, index, axis) => place + index * (strides[axis] ?? 0), 0);
}

/** To the next element in row-major order. */
function advance(indices: number[], shape: readonly number[]): void {
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const next = (indices[axis] ?? 0) + 1;
    indices[axis] = next === shape[axis] ? 0 : next;
    if (next !== shape[axis]) return;
  }
}
