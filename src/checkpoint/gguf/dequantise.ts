/**
 * Quantised blocks to float32, as ggml computes them (ggml-quants.c, dequantize_row_*), with scales in half precision.
 * Role: the types whose blocks have one scale. Those in super-blocks of 256 are superBlocks.ts. It reads no files.
 */
import { elementsPerBlock, type BlockDtype } from '../blockDtypes';
import { bytesPerElement, readHalf } from '../dtypes';
import { decodeQ4K, decodeQ5K, decodeQ6K } from './superBlocks';

/** Decodes the block of `bytes` at byte `at` to `out` from element `to` on. */
export type BlockDecoder = (bytes: Uint8Array, at: number, out: Float32Array, to: number) => void;

/** The types that are decoded. */
const decoders: Partial<Record<BlockDtype, BlockDecoder>> = {
  Q4_0: (bytes, at, out, to) => {
    decodeNibbles(bytes, at + 2, out, to, readHalf(bytes, at), -8 * readHalf(bytes, at));
  },
  Q4_1: (bytes, at, out, to) => {
    decodeNibbles(bytes, at + 4, out, to, readHalf(bytes, at), readHalf(bytes, at + 2));
  },
  Q5_0: (bytes, at, out, to) => {
    decodeFiveBits(bytes, at + 2, out, to, readHalf(bytes, at), -16 * readHalf(bytes, at));
  },
  Q5_1: (bytes, at, out, to) => {
    decodeFiveBits(bytes, at + 4, out, to, readHalf(bytes, at), readHalf(bytes, at + 2));
  },
  Q8_0: (bytes, at, out, to) => {
    const scale = readHalf(bytes, at);
    for (let i = 0; i < 32; i++) out[to + i] = (((bytes[at + 2 + i] ?? 0) << 24) >> 24) * scale;
  },
  Q4_K: decodeQ4K,
  Q5_K: decodeQ5K,
  Q6_K: decodeQ6K,
};

/** Names of the types that are decoded, for messages. */
export const decodedBlockDtypes: readonly string[] = Object.keys(decoders);

/** How a type's blocks are decoded; null for those that are only known by name. */
export function blockDecoder(dtype: BlockDtype): BlockDecoder | null {
  return decoders[dtype] ?? null;
}

/**
 * Decodes whole blocks.
 * @param bytes of out.length elements, a multiple of the block
 */
export function decodeBlocks(dtype: BlockDtype, decode: BlockDecoder, bytes: Uint8Array, out: Float32Array): void {
  const elements = elementsPerBlock(dtype);
  const size = bytesPerElement[dtype] * elements;
  for (let block = 0; block * elements < out.length; block++) decode(bytes, block * size, out, block * elements);
}

/** 16 bytes: low halves are elements 0 to 15, high halves 16 to 31. */
function decodeNibbles(
  bytes: Uint8Array,
  at: number,
  out: Float32Array,
  to: number,
  scale: number,
  least: number,
): void {
  for (let i = 0; i < 16; i++) {
    const byte = bytes[at + i] ?? 0;
    out[to + i] = (byte & 15) * scale + least;
    out[to + 16 + i] = (byte >> 4) * scale + least;
  }
}

/** As decodeNibbles, with the fifth bits of all 32 elements in 4 bytes before. */
function decodeFiveBits(
  bytes: Uint8Array,
  at: number,
  out: Float32Array,
  to: number,
  scale: number,
  least: number,
): void {
  const [a = 0, b = 0, c = 0, d = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  const fifth = a | (b << 8) | (c << 16) | (d << 24);
  for (let i = 0; i < 16; i++) {
    const byte = bytes[at + 4 + i] ?? 0;
    out[to + i] = ((byte & 15) | (((fifth >>> i) & 1) << 4)) * scale + least;
    out[to + 16 + i] = ((byte >> 4) | (((fifth >>> (i + 16)) & 1) << 4)) * scale + least;
  }
}
