/**
 * Tensors in a layout of our own choice, from the roles of a model: for files that are not in the checkpoint's own format.
 * Role: from roles to bytes, a few rows at a time. Which tensors there are is told elsewhere (pooledKv.ts, gptBigCode.ts).
 */
import type { ModelSpec } from '../../model/spec';
import type { Role } from '../../model/roles';
import type { WeightSource } from '../../model/weightSource';
import type { Checkpoint } from '../checkpoint';
import { isFloatDtype, type FloatDtype } from '../dtypes';
import type { TensorToWrite } from '../safetensorsWriter';
import { encodeWeights } from './encode';

/** Numbers read at once. */
const chunkElements = 4 * 1024 * 1024;

/** Rows of a tensor that are a role's. */
export interface RolePart {
  role: Role;
  layer: number | null;
  rows: number;
  /** What the numbers are multiplied by; absent: 1. */
  factor?: number;
}

/** A tensor [rows, columns] or [rows], its parts one below the other. Parts that the model does not have are zeros. */
export interface RoleTensor {
  name: string;
  shape: readonly number[];
  parts: readonly RolePart[];
}

/** Where the numbers come from and how they are stored. */
export interface RoleTensorSource {
  checkpoint: Checkpoint;
  source: WeightSource;
  original: WeightSource;
  dtype: FloatDtype | null;
  signal: AbortSignal | undefined;
}

/** The tensor as it is to be written: in the chosen type, else in that of its first part in the checkpoint. */
export function writeRoles(from: RoleTensorSource, { name, shape, parts }: RoleTensor): TensorToWrite {
  const { source, signal } = from;
  const [, columns = 1] = shape;
  const dtype = from.dtype ?? storedDtype(from.checkpoint, from.original.spec, parts) ?? 'F32';
  const step = Math.max(1, Math.floor(chunkElements / columns));
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (const { role, layer, rows, factor = 1 } of parts) {
      const isThere = source.has(role, layer);
      for (let start = 0; start < rows; start += step) {
        const end = Math.min(rows, start + step);
        const data = isThere
          ? (await source.readRows(role, layer, start, end, signal)).data
          : new Float32Array((end - start) * columns);
        yield encodeWeights(dtype, factor === 1 ? data : data.map((value) => value * factor), name);
      }
    }
  }
  return { name, dtype, shape, chunks };
}

function storedDtype(checkpoint: Checkpoint, spec: ModelSpec, parts: readonly RolePart[]): FloatDtype | null {
  for (const { role, layer } of parts) {
    const roles: Partial<Record<Role, { tensor: string }>> =
      layer === null ? spec.globals : (spec.layers[layer]?.weights ?? {});
    const dtype = checkpoint.tensors.get(roles[role]?.tensor ?? '')?.dtype;
    if (dtype !== undefined && isFloatDtype(dtype)) return dtype;
  }
  return null;
}
