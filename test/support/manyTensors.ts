/** A safetensors file of very many tensors of one element each: what a page must open at once. */
import { writeFile } from 'node:fs/promises';
import { safetensorsBytes } from '../unit/checkpoint/safetensorsBytes';

/** Writes `model.layers.N.part.M.weight`, a hundred a layer, and gives their names in that order. */
export async function writeManyTensors(file: string, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, i) => `model.layers.${Math.floor(i / 100)}.part.${i % 100}.weight`);
  const entries = names.map((name, i) => [name, { dtype: 'F32', shape: [1], data_offsets: [4 * i, 4 * i + 4] }]);
  const data = new Uint8Array(Float32Array.from({ length: count }, (_, i) => i).buffer);
  await writeFile(file, safetensorsBytes(Object.fromEntries(entries), data));
  return names;
}
