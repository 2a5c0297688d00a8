/**
 * Writes one safetensors file, tensor by tensor, so that memory holds one piece at a time.
 * Role: layout and flushing. What the tensors hold is the caller's; encoding numbers is dtypes.ts.
 */
import { open } from 'node:fs/promises';
import type { Dtype } from './checkpoint';
import { bytesPerElement } from './dtypes';

/** A tensor to write. `chunks` yields exactly the bytes of shape × dtype, and is asked for once, when its turn comes. */
export interface TensorToWrite {
  name: string;
  dtype: Dtype;
  shape: readonly number[];
  chunks(): AsyncIterable<Uint8Array>;
}

/** Bytes of a tensor. */
export function byteLength({ dtype, shape }: Pick<TensorToWrite, 'dtype' | 'shape'>): number {
  return shape.reduce((product, size) => product * size, bytesPerElement[dtype]);
}

/**
 * Writes a new file and flushes it to the disk. The header is padded to 8 bytes and tensors are ordered by element size,
 * then name, as upstream does, so that every tensor is aligned. The file must not exist.
 * @param written is told the bytes of each chunk
 */
export async function writeSafetensors(
  file: string,
  tensors: readonly TensorToWrite[],
  signal?: AbortSignal,
  written?: (bytes: number) => void,
): Promise<void> {
  const ordered = tensors.toSorted(
    (a, b) => bytesPerElement[b.dtype] - bytesPerElement[a.dtype] || (a.name < b.name ? -1 : 1),
  );
  const handle = await open(file, 'wx');
  try {
    await handle.writeFile(encodeHeader(ordered));
    for (const tensor of ordered) {
      let left = byteLength(tensor);
      for await (const chunk of tensor.chunks()) {
        signal?.throwIfAborted();
        await handle.writeFile(chunk);
        left -= chunk.length;
        written?.(chunk.length);
      }
      if (left !== 0) throw new Error(`Tensor ${tensor.name} gave ${left} bytes too few.`);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function encodeHeader(tensors: readonly TensorToWrite[]): Uint8Array {
  let end = 0;
  const entries = tensors.map((tensor) => {
    const begin = end;
    end += byteLength(tensor);
    return [tensor.name, { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [begin, end] }] as const;
  });
  // "format: pt" is what transformers insists on.
  const header = Object.fromEntries<unknown>([['__metadata__', { format: 'pt' }], ...entries]);
  const json = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - 8), true);
  bytes.set(json, 8);
  return bytes;
}
