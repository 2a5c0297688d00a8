/** Number formats against reference values, and round trips. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bytesPerElement,
  decodeFloat32,
  encodeFloat32,
  type FloatDtype,
  type WeightDtype,
} from '../../../src/checkpoint/dtypes';

function decode(dtype: WeightDtype, bytes: Uint8Array): Float32Array {
  const out = new Float32Array(bytes.length / bytesPerElement[dtype]);
  decodeFloat32(dtype, bytes, out);
  return out;
}
const bytesOf = (bits: number[]): Uint8Array => new Uint8Array(Uint16Array.from(bits).buffer);
const bitsOf = (bytes: Uint8Array): number[] => [...new Uint16Array(bytes.buffer)];
const encodeOne = (dtype: FloatDtype, value: number): number | undefined =>
  bitsOf(encodeFloat32(dtype, Float32Array.of(value)))[0];

describe('decoding', () => {
  it.each([
    [0x0000, 0],
    [0x8000, -0],
    [0x3c00, 1],
    [0xc000, -2],
    [0x3555, 0.333251953125],
    [0x7bff, 65504],
    [0x0400, 2 ** -14],
    [0x03ff, 1023 * 2 ** -24],
    [0x0001, 2 ** -24],
    [0x8001, -(2 ** -24)],
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
    [0x7e00, NaN],
  ])('F16 %i is %d', (bits, value) => {
    expect(decode('F16', bytesOf([bits]))[0]).toBe(value);
  });
  it.each([
    [0x0000, 0],
    [0x8000, -0],
    [0x3f80, 1],
    [0x4049, 3.140625],
    [0x7f7f, 3.3895313892515355e38],
    [0x0001, 2 ** -133],
    [0x7f80, Infinity],
    [0xff80, -Infinity],
    [0x7fc0, NaN],
  ])('BF16 %i is %d', (bits, value) => {
    expect(decode('BF16', bytesOf([bits]))[0]).toBe(value);
  });
  it('F64 is rounded and F32 is taken as it is', () => {
    const values = [0.1, -1e300, 2 ** -149, NaN];
    expect(decode('F64', new Uint8Array(Float64Array.from(values).buffer))).toEqual(Float32Array.from(values));
    expect(decode('F32', new Uint8Array(Float32Array.from(values).buffer))).toEqual(Float32Array.from(values));
  });
  it('takes bytes at any position', () => {
    const shifted = new Uint8Array([0, ...bytesOf([0x3c00, 0x3f80])]).subarray(1);
    expect([...decode('F16', shifted)]).toEqual([1, 1.875]);
  });
});

describe('types of one byte', () => {
  const all = decodedBytes();
  function decodedBytes(): Record<'F8_E4M3' | 'F8_E5M2' | 'F8_E8M0' | 'I8', Float32Array> {
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    return {
      F8_E4M3: decode('F8_E4M3', bytes),
      F8_E5M2: decode('F8_E5M2', bytes),
      F8_E8M0: decode('F8_E8M0', bytes),
      I8: decode('I8', bytes),
    };
  }

  it('F8_E4M3: every byte is the number of its digits; 0x7f and 0xff are NaN, none is infinite', () => {
    for (let byte = 0; byte < 256; byte++) {
      const [sign, exponent, mantissa] = fields(byte, 4);
      // 1.mmm × 2^(e - 7), and below that 0.mmm × 2^-6: in units of 2^-9.
      const units = exponent === 0 ? mantissa : (8 + mantissa) * 2 ** (exponent - 1);
      const isNaN = exponent === 15 && mantissa === 7;
      expect(all.F8_E4M3[byte], `byte ${byte}`).toBe(isNaN ? NaN : (sign * units) / 512);
    }
    expect([...all.F8_E4M3].filter(Number.isNaN)).toHaveLength(2);
    expect(Math.max(...[...all.F8_E4M3].filter((value) => !Number.isNaN(value)))).toBe(448);
  });

  it('F8_E5M2: every byte is the upper half of a half', () => {
    expect(all.F8_E5M2).toEqual(decode('F16', bytesOf(Array.from({ length: 256 }, (_, byte) => byte << 8))));
    for (let byte = 0; byte < 256; byte++) {
      const [sign, exponent, mantissa] = fields(byte, 5);
      const units = exponent === 0 ? mantissa : (4 + mantissa) * 2 ** (exponent - 1);
      const value = exponent < 31 ? (sign * units) / 65536 : mantissa === 0 ? sign * Infinity : NaN;
      expect(all.F8_E5M2[byte], `byte ${byte}`).toBe(value);
    }
  });

  it('F8_E8M0: every byte is a power of two, 0xff is NaN', () => {
    for (let byte = 0; byte < 255; byte++) expect(Math.log2(all.F8_E8M0[byte] ?? 0)).toBe(byte - 127);
    expect(all.F8_E8M0[255]).toBeNaN();
  });

  it('I8: every byte is as Int8Array reads it', () => {
    expect([...all.I8]).toEqual([...Int8Array.from({ length: 256 }, (_, byte) => byte)]);
  });

  /** Sign, exponent, mantissa: cut from the digits of a byte. */
  function fields(byte: number, exponentBits: number): [sign: number, exponent: number, mantissa: number] {
    const digits = byte.toString(2).padStart(8, '0');
    const [exponent, mantissa] = [digits.slice(1, 1 + exponentBits), digits.slice(1 + exponentBits)];
    return [digits.startsWith('1') ? -1 : 1, Number.parseInt(exponent, 2), Number.parseInt(mantissa, 2)];
  }
});

describe('encoding', () => {
  it.each([
    ['a tie to even, down', 1 + 2 ** -11, 0x3c00],
    ['a tie to even, up', 1 + 3 * 2 ** -11, 0x3c02],
    ['just above a tie', 1 + 2 ** -11 + 2 ** -20, 0x3c01],
    ['the last number below infinity', 65519.99609375, 0x7bff],
    ['the first that is infinity', 65520, 0x7c00],
    ['beyond', 1e30, 0x7c00],
    ['half of the smallest, a tie to zero', 2 ** -25, 0],
    ['just above it', 2 ** -25 + 2 ** -40, 1],
    ['a subnormal tie', 1.5 * 2 ** -24, 2],
    ['the largest subnormal rounded up', 1023.5 * 2 ** -24, 0x0400],
    ['negative zero', -0, 0x8000],
    ['a float32 subnormal', -(2 ** -149), 0x8000],
  ])('F16 rounds %s', (_, value, bits) => {
    expect(encodeOne('F16', value)).toBe(bits);
  });
  it.each([
    ['a tie to even, down', 1 + 2 ** -8, 0x3f80],
    ['a tie to even, up', 1 + 3 * 2 ** -8, 0x3f82],
    ['just above a tie', 1 + 2 ** -8 + 2 ** -20, 0x3f81],
    ['the largest float32', 3.4028234663852886e38, 0x7f80],
    ['the smallest float32', 2 ** -149, 0],
    ['negative infinity', -Infinity, 0xff80],
  ])('BF16 rounds %s', (_, value, bits) => {
    expect(encodeOne('BF16', value)).toBe(bits);
  });

  it.each(['F16', 'BF16'] as const)('every %s number survives', (dtype) => {
    const all = Array.from({ length: 65536 }, (_, bits) => bits);
    const decoded = decode(dtype, bytesOf(all));
    const encoded = bitsOf(encodeFloat32(dtype, decoded));
    const changed = all.filter((bits, i) => encoded[i] !== bits && !Number.isNaN(decoded[i] ?? NaN));
    expect(changed).toEqual([]);
    // NaN must stay NaN, whatever its payload becomes.
    const again = decode(dtype, bytesOf(encoded));
    expect(all.filter((bits) => Number.isNaN(decoded[bits] ?? 0) !== Number.isNaN(again[bits] ?? 0))).toEqual([]);
  });

  it.each([
    ['F16', decode('F16', bytesOf(Array.from({ length: 0x7c00 }, (_, i) => i)))],
    ['BF16', decode('BF16', bytesOf(Array.from({ length: 0x7f80 }, (_, i) => i)))],
  ] as const)('%s rounding picks a nearest number', (dtype, ascending) => {
    const largest = ascending.at(-1) ?? 0;
    fc.assert(
      fc.property(fc.float({ noNaN: true, min: -largest, max: largest }), (value) => {
        const encoded = encodeOne(dtype, value) ?? 0;
        const magnitude = encoded & 0x7fff;
        const distance = (bits: number): number => Math.abs(Math.abs(value) - (ascending[bits] ?? Infinity));
        expect(encoded >> 15).toBe(Object.is(value, -0) || value < 0 ? 1 : 0);
        expect(distance(magnitude)).toBeLessThanOrEqual(distance(magnitude + 1));
        if (magnitude > 0) expect(distance(magnitude)).toBeLessThanOrEqual(distance(magnitude - 1));
      }),
      { numRuns: 2000 },
    );
  });

  it.each(['F32', 'F64'] as const)('%s keeps every float32', (dtype) => {
    fc.assert(
      fc.property(fc.float32Array(), (values) => {
        expect(decode(dtype, encodeFloat32(dtype, values))).toEqual(values);
      }),
    );
  });
});
