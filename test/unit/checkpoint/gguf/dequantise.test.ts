/** Every quantised type against a plain float64 decoder that follows ggml's description of its blocks. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBlockDtype, elementsPerBlock, type BlockDtype } from '../../../../src/checkpoint/blockDtypes';
import { bytesPerElement } from '../../../../src/checkpoint/dtypes';
import { blockDecoder, decodeBlocks, decodedBlockDtypes } from '../../../../src/checkpoint/gguf/dequantise';

/** IEEE half precision in float64. */
function half(bytes: readonly number[], at: number): number {
  const bits = (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0);
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1 + mantissa / 1024) * 2 ** (exponent - 15));
}

const low = (byte = 0): number => byte & 15;
const high = (byte = 0): number => byte >> 4;
const bit = (byte = 0, place: number): number => (byte >> place) & 1;
const signed = (byte = 0): number => (byte < 128 ? byte : byte - 256);
const count = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** ggml's get_scale_min_k4: 8 scales and 8 least values of 6 bits in 12 bytes. */
function sixBits(bytes: readonly number[], at: number): { scale: number; least: number }[] {
  const q = (i: number): number => bytes[at + i] ?? 0;
  return count(8).map((j) =>
    j < 4
      ? { scale: q(j) & 63, least: q(j + 4) & 63 }
      : { scale: (q(j + 4) & 15) | ((q(j - 4) >> 6) << 4), least: (q(j + 4) >> 4) | ((q(j) >> 6) << 4) },
  );
}

/** Blocks of ggml-common.h, element by element. Where halves lie comes first. */
const references: Record<string, { halves: number[]; decode: (b: readonly number[]) => number[] }> = {
  Q4_0: {
    halves: [0],
    decode: (b) => count(32).map((i) => ((i < 16 ? low(b[2 + i]) : high(b[2 + i - 16])) - 8) * half(b, 0)),
  },
  Q4_1: {
    halves: [0, 2],
    decode: (b) => count(32).map((i) => (i < 16 ? low(b[4 + i]) : high(b[4 + i - 16])) * half(b, 0) + half(b, 2)),
  },
  Q5_0: {
    halves: [0],
    decode: (b) =>
      count(32).map((i) => {
        const nibble = i < 16 ? low(b[6 + i]) : high(b[6 + i - 16]);
        return (nibble + 16 * bit(b[2 + (i >> 3)], i & 7) - 16) * half(b, 0);
      }),
  },
  Q5_1: {
    halves: [0, 2],
    decode: (b) =>
      count(32).map((i) => {
        const nibble = i < 16 ? low(b[8 + i]) : high(b[8 + i - 16]);
        return (nibble + 16 * bit(b[4 + (i >> 3)], i & 7)) * half(b, 0) + half(b, 2);
      }),
  },
  Q8_0: { halves: [0], decode: (b) => count(32).map((i) => signed(b[2 + i]) * half(b, 0)) },
  Q4_K: {
    halves: [0, 2],
    decode: (b) => {
      const out: number[] = [];
      const runs = sixBits(b, 4);
      // Four times 32 bytes: their low nibbles are a run, their high ones the next.
      for (const quarter of count(4)) {
        for (const nibble of [low, high]) {
          const { scale = 0, least = 0 } = runs[out.length / 32] ?? {};
          const bytes = count(32).map((i) => nibble(b[16 + 32 * quarter + i]));
          out.push(...bytes.map((q) => half(b, 0) * scale * q - half(b, 2) * least));
        }
      }
      return out;
    },
  },
  Q5_K: {
    halves: [0, 2],
    decode: (b) => {
      const out: number[] = [];
      const runs = sixBits(b, 4);
      for (const quarter of count(4)) {
        for (const [place, nibble] of [low, high].entries()) {
          const { scale = 0, least = 0 } = runs[out.length / 32] ?? {};
          const numbers = count(32).map((i) => {
            return nibble(b[48 + 32 * quarter + i]) + 16 * bit(b[16 + i], 2 * quarter + place);
          });
          out.push(...numbers.map((q) => half(b, 0) * scale * q - half(b, 2) * least));
        }
      }
      return out;
    },
  },
  Q6_K: {
    halves: [208],
    decode: (b) => {
      const out = new Array<number>(256).fill(NaN);
      // dequantize_row_q6_K: two halves of 128, four elements of each at once.
      for (const n of [0, 1]) {
        for (const l of count(32)) {
          const [ql, qh, sc] = [64 * n, 128 + 32 * n, 192 + 8 * n + (l >> 4)];
          const upper = b[qh + l] ?? 0;
          const q = [
            low(b[ql + l]) + 16 * (upper & 3),
            low(b[ql + l + 32]) + 16 * ((upper >> 2) & 3),
            high(b[ql + l]) + 16 * ((upper >> 4) & 3),
            high(b[ql + l + 32]) + 16 * ((upper >> 6) & 3),
          ];
          for (const [k, value] of q.entries()) {
            out[128 * n + 32 * k + l] = half(b, 208) * signed(b[sc + 2 * k]) * (value - 32);
          }
        }
      }
      return out;
    },
  },
};

it('has a reference for every type that is decoded', () => {
  expect(Object.keys(references)).toEqual([...decodedBlockDtypes]);
});

describe.each(Object.entries(references))('%s', (dtype, { halves, decode: reference }) => {
  it('is decoded as ggml describes it', () => {
    if (!isBlockDtype(dtype)) throw new Error(dtype);
    const elements = elementsPerBlock(dtype);
    const size = elements * bytesPerElement[dtype];
    expect(Number.isInteger(size)).toBe(true);
    const block = fc.uint8Array({ minLength: size, maxLength: size });
    fc.assert(
      fc.property(block, block, (...blocks) => {
        // Scales that are finite: an exponent below 31.
        for (const bytes of blocks) for (const at of halves) bytes[at + 1] = (bytes[at + 1] ?? 0) & 0xbf;
        const found = decoded(dtype, Uint8Array.from(blocks.flatMap((bytes) => [...bytes])), 2 * elements);
        const expected = blocks.flatMap((bytes) => reference([...bytes]));
        const scale = Math.max(...expected.map(Math.abs), Number.MIN_VALUE);
        for (const [index, value] of expected.entries()) {
          expect(Math.abs((found[index] ?? NaN) - value)).toBeLessThanOrEqual(2 ** -23 * scale);
        }
      }),
      { numRuns: 30 },
    );
  });
});

function decoded(dtype: BlockDtype, bytes: Uint8Array, length: number): Float32Array {
  const out = new Float32Array(length);
  const decode = blockDecoder(dtype);
  if (!decode) throw new Error(`${dtype} is not decoded`);
  decodeBlocks(dtype, decode, bytes, out);
  return out;
}

it('decodes a block of Q4_0 by hand', () => {
  // Scale 0.5 (0x3800); the first byte holds 3 for element 0 and 12 for element 16, all others 8.
  const bytes = Uint8Array.from([0x00, 0x38, 0xc3, ...new Array<number>(15).fill(0x88)]);
  const out = decoded('Q4_0', bytes, 32);
  expect([out[0], out[16]]).toEqual([-2.5, 2]);
  expect(out.filter((value) => value !== 0)).toHaveLength(2);
});
