/**
 * The tensors of a converted checkpoint: those that the conversion leaves alone as stored bytes, the others made anew in
 * their stored dtype and layout (transposed, fused).
 * Role: the way back from roles to stored tensors. It writes no files and merges nothing.
 */
import { layerOf, type LayerRole, type ModelSpec, type WeightRef, type WeightSource } from '../model/spec';
import type { Checkpoint, TensorInfo } from './checkpoint';
import { bytesPerElement, encodeFloat32, requireFloatDtype } from './dtypes';
import type { TensorToWrite } from './safetensorsWriter';

/** Bytes copied at once. */
const copyBytes = 16 * 1024 * 1024;

export interface ConvertedModel {
  checkpoint: Checkpoint;
  source: WeightSource;
  originalSpec: ModelSpec;
  changedRoles: readonly LayerRole[];
  /** Store each pooled head once for every head that shares it. */
  repeatsHeads: boolean;
  signal: AbortSignal | undefined;
}

/** A role's place in a stored tensor. */
interface Part {
  role: LayerRole;
  layer: number;
  ref: WeightRef;
}

/** Every tensor of the checkpoint, as it is to be written. Weights are read when their chunks are asked for. */
export function tensorsToWrite(model: ConvertedModel): TensorToWrite[] {
  const changed = new Set(model.changedRoles);
  const parts = partsByTensor(model.originalSpec);
  return [...model.checkpoint.tensors.values()].map((info) => {
    const own = parts.get(info.name) ?? [];
    const isChanged = ({ role, layer }: Part): boolean =>
      changed.has(role) && layerOf(model.originalSpec, layer).grouped;
    return own.some(isChanged) ? rebuild(model, info, own) : copy(model, info);
  });
}

function partsByTensor({ layers }: ModelSpec): Map<string, Part[]> {
  const parts = new Map<string, Part[]>();
  for (const [layer, { weights }] of layers.entries()) {
    for (const [role, ref] of Object.entries(weights) as [LayerRole, WeightRef][]) {
      const list = parts.get(ref.tensor) ?? [];
      list.push({ role, layer, ref });
      parts.set(ref.tensor, list);
    }
  }
  for (const list of parts.values()) list.sort((a, b) => (a.ref.outputs?.offset ?? 0) - (b.ref.outputs?.offset ?? 0));
  return parts;
}

function copy({ checkpoint, signal }: ConvertedModel, info: TensorInfo): TensorToWrite {
  const { name, dtype, shape, byteLength } = info;
  const step = copyBytes / bytesPerElement[dtype];
  const elements = byteLength / bytesPerElement[dtype];
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let start = 0; start < elements; start += step) {
      yield await checkpoint.readBytes(name, { start, end: Math.min(elements, start + step) }, signal);
    }
  }
  return { name, dtype, shape, chunks };
}

/** A tensor from the roles that it holds, one after another along its output dimension. */
function rebuild(model: ConvertedModel, info: TensorInfo, parts: readonly Part[]): TensorToWrite {
  const dtype = requireFloatDtype(info.dtype, info.file, info.name);
  const transposed = parts.some(({ ref }) => ref.transposed);
  const [stored = 1, columns = 1] = transposed ? info.shape.toReversed() : info.shape;
  const outputs = parts.reduce(
    (total, { role, ref }) => total + newOutputs(model, role, ref.outputs?.count ?? stored),
    0,
  );
  const vector = info.shape.length === 1;
  const shape = vector ? [outputs] : transposed ? [columns, outputs] : [outputs, columns];
  async function* chunks(): AsyncGenerator<Uint8Array> {
    const values = new Float32Array(outputs * columns);
    let filled = 0;
    for (const part of parts) {
      const data = await readPart(model, part);
      values.set(data, filled);
      filled += data.length;
    }
    yield encodeFloat32(dtype, transposed ? transpose(values, outputs, columns) : values);
  }
  return { name: info.name, dtype, shape, chunks };
}

function isKeyOrValue(role: LayerRole): boolean {
  return role.startsWith('k.') || role.startsWith('v.');
}

function newOutputs({ source, originalSpec, repeatsHeads }: ConvertedModel, role: LayerRole, outputs: number): number {
  return isKeyOrValue(role) && !repeatsHeads ? (outputs / originalSpec.G) * source.spec.G : outputs;
}

/** A role's values as they are to be stored, [outputs, columns]. */
async function readPart(model: ConvertedModel, { role, layer }: Part): Promise<Float32Array> {
  const { source, originalSpec, repeatsHeads, signal } = model;
  const { data } = await source.read(role, layer, signal);
  if (!repeatsHeads || !isKeyOrValue(role)) return data;
  const repeats = originalSpec.G / source.spec.G;
  const headSize = data.length / source.spec.G;
  const repeated = new Float32Array(data.length * repeats);
  for (let head = 0; head < originalSpec.G; head++) {
    const shared = Math.floor(head / repeats);
    repeated.set(data.subarray(shared * headSize, (shared + 1) * headSize), head * headSize);
  }
  return repeated;
}

function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) turned[column * rows + row] = values[row * columns + column] ?? 0;
  }
  return turned;
}
