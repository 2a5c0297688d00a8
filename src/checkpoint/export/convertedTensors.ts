/**
 * The tensors of a converted checkpoint in its own format: those that the conversion leaves alone as stored bytes, the
 * others made anew in their stored layout (transposed, fused).
 * Role: the way back from roles to stored tensors. It writes no files and merges nothing.
 */
import { groupOfHead, isPerKvHead, kvHeadsOf } from '../../model/specFacts';
import type { LayerRole, WeightRef } from '../../model/roles';
import type { ModelSpec } from '../../model/spec';
import type { WeightSource } from '../../model/weightSource';
import type { Checkpoint, TensorInfo } from '../checkpoint';
import { isBlockDtype } from '../blockDtypes';
import { bytesPerElement, isFloatDtype, isWeightDtype, requireFloatDtype, type FloatDtype } from '../dtypes';
import type { TensorToWrite } from '../safetensorsWriter';
import { encodeWeights } from './encode';

/** Elements copied at once: at most 64 MB as stored, 16 MB as float32. */
const copyElements = 4 * 1024 * 1024;

export interface ConvertedModel {
  checkpoint: Checkpoint;
  source: WeightSource;
  /** The checkpoint as it is: what `source` passes through to it is copied byte for byte. */
  original: WeightSource;
  /** Float type of what is written; null: each tensor's own. */
  dtype: FloatDtype | null;
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
  const { source, original } = model;
  const parts = partsByTensor(original.spec);
  const isChanged = ({ role, layer }: Part): boolean => (source.owner?.(role, layer) ?? source) !== original;
  const { tensors, quantisation } = model.checkpoint;
  // Scales are of the stored numbers: what is written is whole.
  const written = [...tensors.values()].filter(({ name }) => quantisation?.companions.has(name) !== true);
  return written.map((info) => {
    const packed = quantisation?.packed.get(info.name);
    if (packed) return copy(model, info, packed);
    const own = parts.get(info.name) ?? [];
    if (own.some(isChanged)) return rebuild(model, info, own);
    const dtype = writtenDtype(model, info);
    return dtype === null || (dtype === info.dtype && !info.derived) ? copy(model, info) : recast(model, info, dtype);
  });
}

/** The type that a tensor's numbers are written in: quantised ones have to be float. Null: it holds no numbers of a weight. */
function writtenDtype({ dtype }: ConvertedModel, info: TensorInfo): FloatDtype | null {
  if (isBlockDtype(info.dtype)) return dtype ?? 'F32';
  if (isFloatDtype(info.dtype)) return dtype ?? info.dtype;
  return isWeightDtype(info.dtype) ? dtype : null;
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

/** The stored bytes. @param as how they are stored, where `info` tells what they mean */
function copy({ checkpoint, signal }: ConvertedModel, info: TensorInfo, as = info): TensorToWrite {
  const { name, dtype, shape } = as;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (const range of ranges(info)) yield await checkpoint.readBytes(name, range, signal);
  }
  return { name, dtype, shape, chunks };
}

/** A tensor that the conversion leaves alone, in another type or in the order that its numbers have in a folder. */
function recast({ checkpoint, signal }: ConvertedModel, info: TensorInfo, dtype: FloatDtype): TensorToWrite {
  const { name, shape } = info;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (const range of ranges(info)) {
      yield encodeWeights(dtype, await checkpoint.readFloat32(name, range, signal), name);
    }
  }
  return { name, dtype, shape, chunks };
}

function* ranges({ dtype, byteLength }: TensorInfo): Generator<{ start: number; end: number }> {
  const elements = byteLength / bytesPerElement[dtype];
  for (let start = 0; start < elements; start += copyElements) {
    yield { start, end: Math.min(elements, start + copyElements) };
  }
}

/** A tensor from the roles that it holds, side by side along its output dimension: unit after unit, in each all roles. */
function rebuild(model: ConvertedModel, info: TensorInfo, parts: readonly Part[]): TensorToWrite {
  const dtype = writtenDtype(model, info) ?? requireFloatDtype(info.dtype, info.file, info.name);
  const transposed = parts.some(({ ref }) => ref.transposed);
  const [stored = 1, columns = 1] = transposed ? info.shape.toReversed() : info.shape;
  const counts = parts.map(({ role, layer, ref }) => newOutputs(model, role, layer, ref.outputs?.count ?? stored));
  const outputs = counts.reduce((total, count) => total + count, 0);
  const units = newUnits(model, parts);
  const vector = info.shape.length === 1;
  const shape = vector ? [outputs] : transposed ? [columns, outputs] : [outputs, columns];
  async function* chunks(): AsyncGenerator<Uint8Array> {
    const values = new Float32Array(outputs * columns);
    let offset = 0;
    for (const part of parts) {
      const data = await readPart(model, part);
      const run = data.length / units;
      for (let unit = 0; unit < units; unit++) {
        values.set(data.subarray(unit * run, (unit + 1) * run), (unit * values.length) / units + offset);
      }
      offset += run;
    }
    yield encodeWeights(dtype, transposed ? transpose(values, outputs, columns) : values, info.name);
  }
  return { name: info.name, dtype, shape, chunks };
}

/** Runs that a fused tensor is stored in. More than one: one for each KV head. */
function newUnits({ source, original, repeatsHeads }: ConvertedModel, parts: readonly Part[]): number {
  const [first] = parts;
  const units = first?.ref.outputs?.units ?? 1;
  const holdsHeads = parts.some(({ role }) => isPerKvHead(original.spec, role));
  return first && units > 1 && holdsHeads && !repeatsHeads ? kvHeadsOf(source.spec, first.layer) : units;
}

/** Outputs of a role as they are to be stored. */
function newOutputs(
  { source, original, repeatsHeads }: ConvertedModel,
  role: LayerRole,
  layer: number,
  outputs: number,
): number {
  if (!isPerKvHead(original.spec, role) || repeatsHeads) return outputs;
  return (outputs / kvHeadsOf(original.spec, layer)) * kvHeadsOf(source.spec, layer);
}

/** A role's values as they are to be stored, [outputs, columns]. */
async function readPart(model: ConvertedModel, { role, layer, ref }: Part): Promise<Float32Array> {
  const { source, original, repeatsHeads, signal } = model;
  const { plus = 0 } = ref;
  const read = (await source.read(role, layer, signal)).data;
  const data = plus === 0 ? read : read.map((value) => value - plus);
  if (!repeatsHeads || !isPerKvHead(original.spec, role)) return data;
  const heads = kvHeadsOf(original.spec, layer);
  const block = data.length / kvHeadsOf(source.spec, layer);
  const repeated = new Float32Array(heads * block);
  const groups = groupOfHead(source.spec, layer);
  for (let head = 0; head < heads; head++) {
    // Query heads that read one KV head of the checkpoint stay together in every grouping.
    const shared = groups[(head * groups.length) / heads] ?? 0;
    repeated.set(data.subarray(shared * block, (shared + 1) * block), head * block);
  }
  return repeated;
}

/** [rows, columns] to [columns, rows]. */
function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) turned[column * rows + row] = values[row * columns + column] ?? 0;
  }
  return turned;
}
