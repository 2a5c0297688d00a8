/** A fixture with its layers' matrices quantised, as published FP8 and int8 checkpoints are. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCheckpoint } from '../../src/checkpoint/openCheckpoint';
import { decodeFloat32 } from '../../src/checkpoint/dtypes';
import { writeSafetensors, type TensorToWrite } from '../../src/checkpoint/safetensorsWriter';

/** Rows and columns of a block of FP8 numbers. */
export const blockShape = [24, 40] as const;

/**
 * Writes a fixture's checkpoint with attention in int8, a scale for each row, and the rest of each layer in FP8, a scale for
 * each block.
 */
export async function writeQuantised(fixture: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const config = await readFile(join(fixture, 'config.json'), 'utf8');
  const settings = JSON.stringify({ quant_method: 'fp8', weight_block_size: blockShape, modules: ['{"a":[1]}'] });
  await writeFile(
    join(folder, 'config.json'),
    config.replace('{', () => `{\n  "quantization_config": ${settings},`),
  );
  const checkpoint = await openCheckpoint(fixture);
  const tensors: TensorToWrite[] = [];
  for (const { name, shape } of checkpoint.tensors.values()) {
    const values = await checkpoint.readFloat32(name);
    if (shape.length !== 2 || !name.includes('layers.')) {
      tensors.push(stored(name, 'F32', shape, values));
      continue;
    }
    const isAttention = name.includes('self_attn');
    const [rows = 1, columns = 1] = shape;
    const [height, width] = isAttention ? [1, columns] : blockShape;
    const factors = new Float32Array(Math.ceil(rows / height) * Math.ceil(columns / width));
    const place = (i: number): number =>
      Math.floor(Math.floor(i / columns) / height) * Math.ceil(columns / width) + Math.floor((i % columns) / width);
    const largest = isAttention ? 127 : 448;
    for (const [i, value] of values.entries()) {
      factors[place(i)] = Math.max(factors[place(i)] ?? 0, Math.abs(value) / largest);
    }
    const encode = isAttention ? (value: number) => Math.round(value) : nearestFp8;
    const bytes = Uint8Array.from(values, (value, i) => encode(value / (factors[place(i)] ?? 1)));
    const scaleShape = [Math.ceil(rows / height), Math.ceil(columns / width)];
    tensors.push(stored(name, isAttention ? 'I8' : 'F8_E4M3', shape, bytes));
    tensors.push(stored(`${name}_scale${isAttention ? '' : '_inv'}`, 'F32', scaleShape, factors));
    tensors.push(stored(name.replace(/weight$/, 'input_scale'), 'F32', [], Float32Array.of(1)));
  }
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
  await checkpoint.close();
}

function stored(
  name: string,
  dtype: TensorToWrite['dtype'],
  shape: readonly number[],
  data: Float32Array | Uint8Array,
): TensorToWrite {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(bytes);
  }
  return { name, dtype, shape, chunks };
}

/** The finite E4M3 numbers from 0 up: byte i is the i-th. */
const ascending = new Float32Array(127);
decodeFloat32(
  'F8_E4M3',
  Uint8Array.from({ length: 127 }, (_, byte) => byte),
  ascending,
);

function nearestFp8(value: number): number {
  const magnitude = Math.min(Math.abs(value), 448);
  const above = ascending.findIndex((number) => number >= magnitude);
  const below = Math.max(0, above - 1);
  const nearest = (ascending[above] ?? 0) - magnitude < magnitude - (ascending[below] ?? 0) ? above : below;
  return nearest | (value < 0 ? 0x80 : 0);
}
