/**
 * Element types of stored tensors: their sizes, and float32 to and from each that weights come in.
 * Role: pure number formats. It reads no files and knows no tensors.
 */
import { GqaLensError } from '../protocol/errors';
import { blockBytesPerElement, isBlockDtype } from './blockDtypes';
import type { Dtype } from './checkpoint';

/** Bytes one element takes; on average, where elements are stored in blocks or packed (F4, F6). */
export const bytesPerElement: Readonly<Record<Dtype, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
  ...blockBytesPerElement,
  F8_E8M0: 1,
  F8_E4M3FNUZ: 1,
  F8_E5M2FNUZ: 1,
  F6_E2M3: 0.75,
  F6_E3M2: 0.75,
  F4: 0.5,
  C64: 8,
};

/** Whether a string names a known element type of single elements, as safetensors files have them. */
export function isDtype(value: unknown): value is Dtype {
  return typeof value === 'string' && Object.hasOwn(bytesPerElement, value) && !isBlockDtype(value);
}

/** Float types that weights are converted from and written in. */
export type FloatDtype = 'F64' | 'F32' | 'F16' | 'BF16';

/** What config.json calls them. */
export const dtypeNames: Readonly<Record<FloatDtype, string>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
};

/** Types that weights are read from: besides those, of one byte. */
export type WeightDtype = FloatDtype | 'F8_E4M3' | 'F8_E5M2' | 'F8_E8M0' | 'I8';

/** Whether it is a float type that weights are written in. */
export function isFloatDtype(dtype: Dtype): dtype is FloatDtype {
  return dtype === 'F64' || dtype === 'F32' || dtype === 'F16' || dtype === 'BF16';
}

/** Whether numbers of this type can be read as weights: floats, and the one-byte types that weights are quantised to. */
export function isWeightDtype(dtype: Dtype): dtype is WeightDtype {
  return isFloatDtype(dtype) || dtype === 'I8' || dtype === 'F8_E4M3' || dtype === 'F8_E5M2' || dtype === 'F8_E8M0';
}

/** Narrows a dtype to those that can be read; throws checkpoint-unsupported otherwise. */
export function requireWeightDtype(dtype: Dtype, file: string, tensor: string): WeightDtype {
  if (isWeightDtype(dtype)) return dtype;
  throw new GqaLensError('checkpoint-unsupported', 'This tensor cannot be read as numbers of a weight', {
    file,
    tensor,
    expected: 'dtype F64, F32, F16, BF16, F8_E4M3, F8_E5M2, F8_E8M0 or I8',
    found: `dtype ${dtype}`,
    next: 'Convert the checkpoint to BF16 or F32 first.',
  });
}

/** Narrows the dtype of a weight that is to be written as it was stored; throws conversion-invalid otherwise. */
export function requireFloatDtype(dtype: Dtype, file: string, tensor: string): FloatDtype {
  if (isFloatDtype(dtype)) return dtype;
  throw new GqaLensError('conversion-invalid', 'A changed weight cannot be written in the type that it is stored in', {
    file,
    tensor,
    expected: 'F64, F32, F16 or BF16',
    found: `dtype ${dtype}`,
    next: 'Choose a dtype for the export: bf16, f16 or f32.',
  });
}

/**
 * Converts stored little-endian elements to float32.
 * @param bytes exactly out.length elements
 */
export function decodeFloat32(dtype: WeightDtype, bytes: Uint8Array, out: Float32Array): void {
  const aligned = bytes.byteOffset % bytesPerElement[dtype] === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset } = aligned;
  switch (dtype) {
    case 'F32':
      out.set(new Float32Array(buffer, byteOffset, out.length));
      return;
    case 'F64':
      out.set(new Float64Array(buffer, byteOffset, out.length));
      return;
    case 'BF16': {
      const source = new Uint16Array(buffer, byteOffset, out.length);
      const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
      for (let i = 0; i < bits.length; i++) bits[i] = (source[i] ?? 0) << 16;
      return;
    }
    case 'F16': {
      halfTable ??= makeHalfTable();
      const source = new Uint16Array(buffer, byteOffset, out.length);
      const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
      for (let i = 0; i < bits.length; i++) bits[i] = halfTable[source[i] ?? 0] ?? 0;
      return;
    }
    case 'F8_E4M3':
    case 'F8_E5M2':
    case 'F8_E8M0':
    case 'I8': {
      const table = byteTable(dtype);
      for (let i = 0; i < out.length; i++) out[i] = table[aligned[i] ?? 0] ?? 0;
      return;
    }
  }
}

/** The half-precision number at a byte, little-endian. */
export function readHalf(bytes: Uint8Array, at: number): number {
  halfTable ??= makeHalfTable();
  halfValues ??= new Float32Array(halfTable.buffer);
  return halfValues[(bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)] ?? 0;
}

/** Converts float32 values to a stored type, little-endian, rounding to nearest, ties to even. NaN stays NaN. */
export function encodeFloat32(dtype: FloatDtype, values: Float32Array): Uint8Array {
  switch (dtype) {
    case 'F32':
      return new Uint8Array(values.slice().buffer);
    case 'F64':
      return new Uint8Array(Float64Array.from(values).buffer);
    case 'BF16': {
      const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
      const out = new Uint16Array(values.length);
      for (let i = 0; i < out.length; i++) out[i] = bfloat16Bits(bits[i] ?? 0);
      return new Uint8Array(out.buffer);
    }
    case 'F16': {
      const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
      const out = new Uint16Array(values.length);
      for (let i = 0; i < out.length; i++) out[i] = halfBits(bits[i] ?? 0);
      return new Uint8Array(out.buffer);
    }
  }
}

type ByteDtype = Exclude<WeightDtype, FloatDtype>;

/** Values of the 256 bytes. */
const byteTables = new Map<ByteDtype, Float32Array>();

function byteTable(dtype: ByteDtype): Float32Array {
  const known = byteTables.get(dtype);
  if (known) return known;
  const table = Float32Array.from({ length: 256 }, (_, byte) => byteValues[dtype](byte));
  byteTables.set(dtype, table);
  return table;
}

const byteValues: Readonly<Record<ByteDtype, (byte: number) => number>> = {
  // Sign, 4 bits of exponent with bias 7, 3 of mantissa. No infinities: 0x7f and 0xff are NaN (OCP 8-bit float, E4M3).
  F8_E4M3: (byte) => ((byte & 0x7f) === 0x7f ? NaN : smallFloat(byte, 4, 3, 7)),
  // Sign, 5 bits of exponent with bias 15, 2 of mantissa, infinities and NaN as IEEE has them (OCP E5M2).
  F8_E5M2: (byte) => {
    if ((byte & 0x7c) !== 0x7c) return smallFloat(byte, 5, 2, 15);
    return (byte & 3) !== 0 ? NaN : byte >= 0x80 ? -Infinity : Infinity;
  },
  // An exponent alone, with bias 127; 0xff is NaN (OCP microscaling, E8M0).
  F8_E8M0: (byte) => (byte === 0xff ? NaN : 2 ** (byte - 127)),
  I8: (byte) => (byte << 24) >> 24,
};

function smallFloat(byte: number, exponentBits: number, mantissaBits: number, bias: number): number {
  const exponent = (byte >> mantissaBits) & ((1 << exponentBits) - 1);
  const fraction = (byte & ((1 << mantissaBits) - 1)) / (1 << mantissaBits);
  const magnitude = exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias);
  return byte >= 0x80 ? -magnitude : magnitude;
}

/** Float32 bits of each of the 65536 halves: a look-up is several times faster than arithmetic an element. */
let halfTable: Uint32Array<ArrayBuffer> | undefined;
/** The same as numbers. */
let halfValues: Float32Array | undefined;

function makeHalfTable(): Uint32Array<ArrayBuffer> {
  const values = new Float32Array(65536);
  const bits = new Uint32Array(values.buffer);
  for (let half = 0; half < 65536; half++) {
    const sign = (half & 0x8000) << 16;
    const exponent = (half >> 10) & 31;
    const mantissa = half & 1023;
    if (exponent === 31) bits[half] = sign | 0x7f800000 | (mantissa << 13);
    else if (exponent > 0) bits[half] = sign | ((exponent + 112) << 23) | (mantissa << 13);
    else values[half] = (sign === 0 ? 1 : -1) * mantissa * 2 ** -24;
  }
  return bits;
}

/** Float32 bits to bfloat16 bits. */
function bfloat16Bits(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

const scratch = new Uint32Array(1);
const scratchFloat = new Float32Array(scratch.buffer);

/** Float32 bits to IEEE half bits. */
function halfBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff);
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    // The carry of rounding may run into the exponent: 65520 and above become infinity that way, as they should.
    return sign | ((magnitude + 0xfff + ((magnitude >>> 13) & 1) - 0x38000000) >>> 13);
  }
  scratch[0] = magnitude;
  // Subnormal: a multiple of 2^-24. Adding and taking away 2^52 rounds a double to an integer, ties to even.
  return sign | ((scratchFloat[0] ?? 0) * 2 ** 24 + 2 ** 52 - 2 ** 52);
}
