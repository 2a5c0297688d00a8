/**
 * Dividing tensors among the files of a checkpoint, and writing them with an index where there is more than one.
 * Role: the naming and index of Hugging Face folders. One file is safetensorsWriter.ts.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { byteLength, writeSafetensors, type TensorToWrite } from '../safetensorsWriter';

/** Shard size of transformers' save_pretrained: 5 GB. */
export const defaultShardBytes = 5_000_000_000;

/** Writes tensors into a folder as model.safetensors, or as shards of at most `shardBytes` with their index. */
export async function writeWeights(
  folder: string,
  tensors: readonly TensorToWrite[],
  shardBytes: number,
  signal?: AbortSignal,
  written?: (bytes: number) => void,
): Promise<string[]> {
  const shards = divide(tensors, shardBytes);
  if (shards.length === 1) {
    await writeSafetensors(join(folder, 'model.safetensors'), tensors, signal, written);
    return ['model.safetensors'];
  }
  const number = (n: number): string => String(n).padStart(5, '0');
  const places: [tensor: string, shard: string][] = [];
  const names: string[] = [];
  for (const [i, shard] of shards.entries()) {
    const name = `model-${number(i + 1)}-of-${number(shards.length)}.safetensors`;
    await writeSafetensors(join(folder, name), shard, signal, written);
    places.push(...shard.map((tensor): [string, string] => [tensor.name, name]));
    names.push(name);
  }
  const index = {
    metadata: { total_size: tensors.reduce((sum, t) => sum + byteLength(t), 0) },
    weight_map: Object.fromEntries(places),
  };
  await writeFile(join(folder, 'model.safetensors.index.json'), `${JSON.stringify(index, null, 2)}\n`, { flush: true });
  return [...names, 'model.safetensors.index.json'];
}

/** Fills one shard after another, in order. A tensor above the limit gets a shard of its own. */
function divide(tensors: readonly TensorToWrite[], shardBytes: number): TensorToWrite[][] {
  const shards: TensorToWrite[][] = [[]];
  let filled = 0;
  for (const tensor of tensors) {
    const bytes = byteLength(tensor);
    if (filled > 0 && filled + bytes > shardBytes) {
      shards.push([]);
      filled = 0;
    }
    shards.at(-1)?.push(tensor);
    filled += bytes;
  }
  return shards;
}
