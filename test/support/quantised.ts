/** Fixtures with matrices quantised, as published checkpoints are: FP8 and int8 with scales, experts in MXFP4. */
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

/** Writes gpt-oss with its experts in MXFP4, as OpenAI publishes it. @returns what the experts then are, [experts, in, out] */
export async function writeMxfp4(fixture: string, folder: string): Promise<Map<string, Float32Array>> {
  await mkdir(folder, { recursive: true });
  const config = await readFile(join(fixture, 'config.json'), 'utf8');
  const settings = JSON.stringify({ quant_method: 'mxfp4', modules_to_not_convert: ['model.layers.*.self_attn'] });
  await writeFile(
    join(folder, 'config.json'),
    config.replace('{', () => `{\n  "quantization_config": ${settings},`),
  );
  const checkpoint = await openCheckpoint(fixture);
  const tensors: TensorToWrite[] = [];
  const experts = new Map<string, Float32Array>();
  for (const { name, shape } of checkpoint.tensors.values()) {
    const values = await checkpoint.readFloat32(name);
    if (!/experts\.\w+_proj$/.test(name)) {
      tensors.push(stored(name, 'F32', shape, values));
      continue;
    }
    const [E = 1, inputs = 1, outputs = 1] = shape;
    const groups = inputs / 32;
    const nibbles = new Uint8Array(values.length);
    const scales = new Uint8Array(E * outputs * groups);
    const rounded = new Float32Array(values.length);
    for (let run = 0; run < scales.length; run++) {
      const row = Math.floor(run / groups);
      const place = (i: number): number =>
        (Math.floor(row / outputs) * inputs + (run % groups) * 32 + i) * outputs + (row % outputs);
      const places = Array.from({ length: 32 }, (_, i) => place(i));
      const largest = Math.max(...places.map((at) => Math.abs(values[at] ?? 0)));
      const exponent = Math.floor(Math.log2(largest)) - 2;
      scales[run] = exponent + 127;
      for (const [i, at] of places.entries()) {
        const bits = nearestFp4((values[at] ?? 0) / 2 ** exponent);
        nibbles[run * 32 + i] = bits;
        rounded[at] = (fp4[bits & 7] ?? 0) * (bits > 7 ? -1 : 1) * 2 ** exponent;
      }
    }
    experts.set(name, rounded);
    const blocks = Uint8Array.from({ length: nibbles.length / 2 }, (_, i) => {
      return (nibbles[2 * i] ?? 0) | ((nibbles[2 * i + 1] ?? 0) << 4);
    });
    tensors.push(stored(`${name}_blocks`, 'U8', [E, outputs, groups, 16], blocks));
    tensors.push(stored(`${name}_scales`, 'U8', [E, outputs, groups], scales));
  }
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
  await checkpoint.close();
  return experts;
}

const fp4 = [0, 0.5, 1, 1.5, 2, 3, 4, 6];

function nearestFp4(value: number): number {
  const distances = fp4.map((number) => Math.abs(Math.abs(value) - number));
  return distances.indexOf(Math.min(...distances)) | (value < 0 ? 8 : 0);
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
