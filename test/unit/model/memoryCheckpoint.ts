/** A checkpoint of headers only, for tests of what is decided before any weight is read. */
import type { Checkpoint, TensorInfo } from '../../../src/checkpoint/checkpoint';

/** Copies a checkpoint's headers and config, adds tensors by shape (F32), and replaces the config when one is given. */
export function memoryCheckpoint(
  base: Checkpoint | null,
  shapes: Readonly<Record<string, readonly number[]>>,
  config: Readonly<Record<string, unknown>> = base?.config ?? {},
): Checkpoint {
  const added = Object.entries(shapes).map(([name, shape]): [string, TensorInfo] => {
    const byteLength = 4 * shape.reduce((product, size) => product * size, 1);
    return [name, { name, dtype: 'F32', shape, file: '/memory/model.safetensors', byteOffset: 0, byteLength }];
  });
  const refuse = (): Promise<never> => Promise.reject(new Error('A checkpoint of headers has no weights.'));
  return {
    path: '/memory',
    folder: '/memory',
    config,
    tensors: new Map([...(base?.tensors ?? []), ...added]),
    bytesOnDisk: 0,
    readFloat32: refuse,
    readBytes: refuse,
    close: () => Promise.resolve(),
  };
}
