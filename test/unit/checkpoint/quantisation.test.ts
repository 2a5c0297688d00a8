/** Quantised checkpoints: scales applied as a plain float64 reference says, every other scheme refused by its name. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Checkpoint, Dtype } from '../../../src/checkpoint/checkpoint';
import { bytesPerElement } from '../../../src/checkpoint/dtypes';
import { openCheckpoint } from '../../../src/checkpoint/openCheckpoint';
import { scaleSteps } from '../../../src/checkpoint/quantisation/scaleLayout';
import { resolveModel } from '../../../src/model/resolve';
import { CheckpointWeights } from '../../../src/model/weights';
import { summarise } from '../../../src/model/summary';
import { writeMxfp4 } from '../../support/quantised';
import { entry, safetensorsBytes } from './safetensorsBytes';
import { temporaryFolder } from './temporaryFolder';

interface Stored {
  dtype: Dtype;
  shape: readonly number[];
  bytes?: Uint8Array;
}

async function open(
  tensors: Readonly<Record<string, Stored>>,
  config: Readonly<Record<string, unknown>> = {},
): Promise<Checkpoint> {
  const folder = join(await temporaryFolder(), 'model');
  await mkdir(folder);
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  let position = 0;
  const parts: Uint8Array[] = [];
  const header = Object.entries(tensors).map(([name, { dtype, shape, bytes }]) => {
    const length = shape.reduce((product, size) => product * size, bytesPerElement[dtype]);
    parts.push(bytes ?? new Uint8Array(length));
    position += length;
    return [name, entry(dtype, shape, position - length, position)];
  });
  const file = safetensorsBytes(Object.fromEntries(header), Buffer.concat(parts));
  await writeFile(join(folder, 'model.safetensors'), file);
  const checkpoint = await openCheckpoint(folder);
  onTestFinished(() => checkpoint.close());
  return checkpoint;
}

const floats = (values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

describe('a weight with a scale', () => {
  const block = { quantization_config: { quant_method: 'fp8', weight_block_size: [2, 3] } };
  const blockGroups = { config_groups: { g: { weights: { strategy: 'block', block_structure: [2, 3] } } } };
  const cases: [what: string, dtype: Dtype, shape: number[], name: string, scale: number[], config: object][] = [
    ['one for the tensor', 'F8_E4M3', [3, 4], 'w.weight_scale', [], {}],
    ['one, stored as a list', 'F8_E5M2', [3, 4], 'w.weight_scale', [1], {}],
    ['one for each channel', 'F8_E4M3', [3, 4], 'w.weight_scale', [3, 1], {}],
    ['one for each channel, a vector', 'I8', [3, 4], 'w.weight_scale', [3], {}],
    ['one for each channel of a square weight', 'I8', [4, 4], 'w.weight_scale', [4], {}],
    ['one for each group', 'I8', [3, 8], 'w.weight_scale', [3, 2], {}],
    ['one for each block', 'F8_E4M3', [4, 6], 'w.weight_scale_inv', [2, 2], block],
    ['one for each block, the last ones cut', 'F8_E4M3', [5, 7], 'w.weight_scale_inv', [3, 3], block],
    [
      'one for each block, as compressed-tensors says',
      'F8_E4M3',
      [5, 7],
      'w.weight_scale',
      [3, 3],
      { quantization_config: blockGroups },
    ],
    ['one for each block of each expert', 'F8_E4M3', [2, 5, 7], 'w.weight_scale_inv', [2, 3, 3], block],
    ['one for each expert', 'F8_E4M3', [2, 5, 7], 'w.weight_scale', [2, 1, 1], {}],
    ['bitsandbytes, 8 bits', 'I8', [3, 4], 'w.SCB', [3], {}],
  ];
  it.each(cases)('%s (%s) is read times it', async (_, dtype, shape, name, scaleShape, config) => {
    const size = (sizes: readonly number[]): number => sizes.reduce((product, length) => product * length, 1);
    const bytes = Uint8Array.from({ length: size(shape) }, (__, i) => ((i * 37 + 11) % 120) | (i % 3 === 0 ? 0x80 : 0));
    const factors = Float32Array.from({ length: size(scaleShape) }, (__, i) => 0.013 * (i + 1));
    const checkpoint = await open(
      {
        'w.weight': { dtype, shape, bytes },
        [name]: { dtype: 'F32', shape: scaleShape, bytes: floats([...factors]) },
        'w.input_scale': { dtype: 'F32', shape: [] },
      },
      config as Record<string, unknown>,
    );
    // The reference: every element by its own indices, in float64.
    const plain = bytes.map((byte) => byte);
    const stored = Array.from(plain, (byte) => reference(dtype, byte));
    const steps = block.quantization_config.weight_block_size;
    const expected = stored.map((value, i) => {
      const indices = shape.map((length, axis) => Math.floor(i / size(shape.slice(axis + 1))) % length);
      const padded = [...scaleShape, ...shape.map(() => 1)].slice(0, shape.length);
      const place = indices.map((index, axis) => {
        const [length = 1, count = 1] = [shape[axis], padded[axis]];
        if (count === 1) return 0;
        if (count === length) return index;
        const isBlock = Object.keys(config).length > 0;
        return Math.floor(index / (isBlock ? (steps[axis - shape.length + 2] ?? 1) : length / count));
      });
      const at = place.reduce((total, index, axis) => total * (padded[axis] ?? 1) + index, 0);
      return (value * (factors[at] ?? NaN)) / (name.endsWith('SCB') ? 127 : 1);
    });
    const read = await checkpoint.readFloat32('w.weight');
    expect(read).toHaveLength(expected.length);
    for (const [i, value] of expected.entries()) {
      expect(Math.abs((read[i] ?? NaN) - value), `element ${i}`).toBeLessThanOrEqual(Math.abs(value) * 2e-7);
    }
    const [start, end] = [3, Math.max(4, expected.length - 2)];
    expect(await checkpoint.readFloat32('w.weight', { start, end })).toEqual(read.slice(start, end));
    expect(checkpoint.quantisation?.companions).toEqual(new Set([name, 'w.input_scale']));
    expect(checkpoint.notes?.[0]).toMatch(/read times its (?:weight_scale(?:_inv)?|SCB)/);
  });

  it('that shapes do not tell is refused, never read without', async () => {
    const checkpoint = await open({
      'w.weight': { dtype: 'F8_E4M3', shape: [200, 4] },
      'w.weight_scale': { dtype: 'F32', shape: [2, 1] },
    });
    expect(() => resolveModel(checkpoint)).toThrow(/F8_E4M3 \[200, 4\] with a scale F32 \[2, 1\]/);
    await expect(checkpoint.readFloat32('w.weight')).rejects.toMatchObject({ code: 'checkpoint-unsupported' });
  });

  it('that is missing in a quantised checkpoint is told', async () => {
    const checkpoint = await open({
      'a.weight': { dtype: 'F8_E4M3', shape: [2, 2] },
      'a.weight_scale': { dtype: 'F32', shape: [1] },
      'b.weight': { dtype: 'F8_E4M3', shape: [2, 2] },
    });
    await expect(checkpoint.readFloat32('b.weight')).rejects.toThrow(/tensor b\.weight.*without a scale/);
    expect(await checkpoint.readFloat32('a.weight')).toHaveLength(4);
  });

  it('stored for the tiles of a GPU is refused', async () => {
    const checkpoint = await open({
      'w.weight': { dtype: 'I8', shape: [2, 2] },
      'w.SCB': { dtype: 'F32', shape: [2] },
      'w.weight_format': { dtype: 'U8', shape: [], bytes: Uint8Array.of(2) },
    });
    await expect(checkpoint.readFloat32('w.weight')).rejects.toThrow(/weight_format 2/);
  });

  it('of no kind at all is plain numbers', async () => {
    const checkpoint = await open({ w: { dtype: 'F8_E4M3', shape: [2], bytes: Uint8Array.of(0x38, 0xb8) } });
    expect([...(await checkpoint.readFloat32('w'))]).toEqual([1, -1]);
    expect(checkpoint.quantisation).toBeUndefined();
  });
});

describe('a scheme that is not read', () => {
  const u8 = (...shape: number[]): Stored => ({ dtype: 'U8', shape });
  const i32: Stored = { dtype: 'I32', shape: [1, 1] };
  const method = (quantMethod: string, more: object = {}): Record<string, unknown> => ({
    quantization_config: { quant_method: quantMethod, ...more },
  });
  it.each<[title: string, tensors: Record<string, Stored>, config: Record<string, unknown>]>([
    [
      'GPTQ, 4 bits',
      { 'q.qweight': i32, 'q.qzeros': i32, 'q.scales': i32, 'q.g_idx': i32 },
      method('gptq', { bits: 4 }),
    ],
    ['GPTQ', { 'q.qweight': i32, 'q.g_idx': i32 }, {}],
    ['AWQ, 4 bits', { 'q.qweight': i32, 'q.qzeros': i32, 'q.scales': i32 }, method('awq', { bits: 4 })],
    ['GPTQ or AWQ', { 'q.qweight': i32 }, {}],
    [
      'MXFP4 in another layout',
      { 'mlp.experts.down_proj_blocks': u8(1, 1, 1, 8), 'mlp.experts.down_proj_scales': u8(1, 1, 1) },
      method('mxfp4'),
    ],
    [
      'bitsandbytes, 4 bits NF4',
      { 'q.weight': u8(2, 1), 'q.weight.absmax': u8(1), 'q.weight.quant_state.bitsandbytes__nf4': u8(9) },
      method('bitsandbytes'),
    ],
    [
      'compressed-tensors, pack-quantized',
      { 'q.weight_packed': i32, 'q.weight_scale': i32 },
      method('compressed-tensors', { format: 'pack-quantized' }),
    ],
    ['NVFP4', { 'q.weight': u8(2, 1), 'q.weight_scale': u8(2), 'q.weight_scale_2': u8(1) }, {}],
    [
      'zero points',
      { 'q.weight': { dtype: 'I8', shape: [1, 1] }, 'q.weight_scale': i32, 'q.weight_zero_point': i32 },
      {},
    ],
    [
      'rotations',
      { 'q.weight': { dtype: 'F16', shape: [1, 1] } },
      method('compressed-tensors', { transform_config: { u: {} } }),
    ],
    ['quanto', { 'q.weight._data': u8(1), 'q.weight._scale': u8(1) }, {}],
    ['F8_E4M3 numbers without a scale', { 'q.weight': { dtype: 'F8_E4M3', shape: [1, 1] } }, method('fp8')],
    ['a scale U8 [1, 1]', { 'q.weight': { dtype: 'F8_E4M3', shape: [1, 1] }, 'q.weight_scale': u8(1, 1) }, {}],
  ])('is named: %s', async (title, tensors, config) => {
    const checkpoint = await open(tensors, { model_type: 'llama', num_hidden_layers: 2, ...config });
    expect(() => resolveModel(checkpoint)).toThrow(title);
    expect(() => resolveModel(checkpoint)).toThrow(/cannot be run.*dequantise/);
    const problem = checkpoint.quantisation?.problem?.message ?? null;
    const summary = summarise(checkpoint, null, { modelId: 'x', hasTokenizer: false, notRunnable: problem });
    expect(summary).toMatchObject({ L: 2, notRunnable: expect.stringContaining(title) as string });
  });
});

describe('experts in MXFP4', () => {
  it('are the numbers that their bits say, whole and in ranges', async () => {
    const [E, O, groups] = [2, 3, 2];
    const blocks = Uint8Array.from({ length: E * O * groups * 16 }, (_, i) => (i * 89 + 7) % 256);
    const scales = Uint8Array.from({ length: E * O * groups }, (_, i) => 120 + i);
    const checkpoint = await open({
      x_blocks: { dtype: 'U8', shape: [E, O, groups, 16], bytes: blocks },
      x_scales: { dtype: 'U8', shape: [E, O, groups], bytes: scales },
    });
    // E2M1: sign, two bits of exponent with bias 1, one of mantissa.
    const value = (bits: number): number => {
      const [exponent, mantissa] = [(bits >> 1) & 3, bits & 1];
      const magnitude = exponent === 0 ? mantissa / 2 : (1 + mantissa / 2) * 2 ** (exponent - 1);
      return bits > 7 ? -magnitude : magnitude;
    };
    const expected = Array.from(blocks).flatMap((byte, i) =>
      [byte & 15, byte >> 4].map((bits) => value(bits) * 2 ** ((scales[Math.floor(i / 16)] ?? 0) - 127)),
    );
    expect(checkpoint.tensors.get('x_blocks')).toMatchObject({ dtype: 'F4', shape: [E, O, groups * 32] });
    expect([...(await checkpoint.readFloat32('x_blocks'))]).toEqual(expected);
    for (const [start, end] of [
      [0, 1],
      [31, 33],
      [5, 5],
      [65, 130],
      [0, expected.length],
    ] as const) {
      expect([...(await checkpoint.readFloat32('x_blocks', { start, end }))]).toEqual(expected.slice(start, end));
    }
    expect(await checkpoint.readBytes('x_blocks', { start: 32, end: 64 })).toEqual(blocks.slice(16, 32));
  });

  it('give gpt-oss the weights that they were made of', async () => {
    const folder = join(await temporaryFolder(), 'mxfp4');
    const plain = await writeMxfp4('test/fixtures/gpt-oss', folder);
    const checkpoint = await openCheckpoint(folder);
    onTestFinished(() => checkpoint.close());
    const weights = new CheckpointWeights(checkpoint, resolveModel(checkpoint));
    expect(checkpoint.notes).toEqual([expect.stringContaining('MXFP4')]);
    const { D, F } = weights.spec;
    for (const expert of [0, 3]) {
      // [experts, in, out], gate and up by turns.
      const stacked = plain.get('model.layers.1.mlp.experts.gate_up_proj') ?? new Float32Array();
      for (const [role, turn] of [
        ['gate', 0],
        ['up', 1],
      ] as const) {
        const { data } = await weights.read(`experts.${expert}.${role}.weight`, 1);
        const expected = Float32Array.from({ length: F * D }, (_, i) => {
          const [output, input] = [Math.floor(i / D), i % D];
          return stacked[(expert * D + input) * 2 * F + 2 * output + turn] ?? NaN;
        });
        expect(data).toEqual(expected);
      }
      const down = plain.get('model.layers.1.mlp.experts.down_proj') ?? new Float32Array();
      const { data } = await weights.read(`experts.${expert}.down.weight`, 1);
      expect(data).toEqual(
        Float32Array.from({ length: D * F }, (_, i) => down[(expert * F + (i % F)) * D + Math.floor(i / F)] ?? NaN),
      );
    }
  });
});

describe('the elements that share a factor', () => {
  it('are told by shapes that fit, and only by those', () => {
    const size = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(size, size, size, size, (rows, columns, height, width) => {
        const scale = [Math.ceil(rows / height), Math.ceil(columns / width)];
        const steps = scaleSteps([rows, columns], scale, [height, width]);
        const cover = (length: number, step: number): number => Math.ceil(length / step);
        expect(steps?.map((step, axis) => cover([rows, columns][axis] ?? 0, step))).toEqual(scale);
        expect(scaleSteps([rows, columns], [rows + 1, 2], [height, width])).toBeNull();
      }),
    );
  });
});

/** Values of single bytes, by the definition of each format. */
function reference(dtype: Dtype, byte: number): number {
  if (dtype === 'I8') return byte > 127 ? byte - 256 : byte;
  const [exponentBits, bias] = dtype === 'F8_E4M3' ? [4, 7] : [5, 15];
  const digits = byte.toString(2).padStart(8, '0');
  const exponent = Number.parseInt(digits.slice(1, 1 + exponentBits), 2);
  const mantissa = digits.slice(1 + exponentBits);
  let value = exponent === 0 ? 0 : 1;
  for (const [i, digit] of Array.from(mantissa).entries()) value += Number(digit) / 2 ** (i + 1);
  return (digits.startsWith('1') ? -1 : 1) * value * 2 ** (Math.max(exponent, 1) - bias);
}

it('a checkpoint without quantisation is left as it is', async () => {
  const checkpoint = await openCheckpoint('test/fixtures/gpt2');
  onTestFinished(() => checkpoint.close());
  expect(checkpoint.quantisation).toBeUndefined();
  expect((await readFile('test/fixtures/gpt2/config.json', 'utf8')).includes('quantization_config')).toBe(false);
});
