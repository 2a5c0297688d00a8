/**
 * ggml's "K" types: super-blocks of 256 elements, whose runs of 16 or 32 have scales of their own in a few bits.
 * Role: one block of each to float32 (ggml-quants.c, dequantize_row_q4_K and so on).
 */
import { readHalf } from '../dtypes';

/** d, dmin (halves), 12 bytes of scales, 128 of nibbles: x = d·scale·q - dmin·least in each run of 32. */
export function decodeQ4K(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  decodeRuns(bytes, at, out, to, null, at + 16);
}

/** As Q4_K, with 32 bytes of fifth bits before the nibbles: bit r of byte i is of element i of run r. */
export function decodeQ5K(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  decodeRuns(bytes, at, out, to, at + 16, at + 48);
}

function decodeRuns(
  bytes: Uint8Array,
  at: number,
  out: Float32Array,
  to: number,
  fifths: number | null,
  nibbles: number,
): void {
  const scale = readHalf(bytes, at);
  const least = readHalf(bytes, at + 2);
  for (let run = 0; run < 8; run++) {
    const d = scale * sixBits(bytes, at + 4, run, 0);
    const m = least * sixBits(bytes, at + 4, run, 4);
    // Runs 2i and 2i + 1 are the low and the high halves of the same 32 bytes.
    const from = nibbles + 32 * (run >> 1);
    const shift = 4 * (run & 1);
    for (let i = 0; i < 32; i++) {
      const low = ((bytes[from + i] ?? 0) >> shift) & 15;
      const fifth = fifths === null ? 0 : (((bytes[fifths + i] ?? 0) >> run) & 1) << 4;
      out[to + 32 * run + i] = d * (low | fifth) - m;
    }
  }
}

/**
 * The scale (`half` 0) or the least value (`half` 4) of a run, 6 bits: runs 0 to 3 lie in the low bits of bytes 0 to 7,
 * those after in the nibbles of bytes 8 to 11 and the two high bits that the first ones leave.
 */
function sixBits(bytes: Uint8Array, at: number, run: number, half: 0 | 4): number {
  if (run < 4) return (bytes[at + run + half] ?? 0) & 63;
  const low = ((bytes[at + run + 4] ?? 0) >> half) & 15;
  return low | (((bytes[at + run - 4 + half] ?? 0) >> 6) << 4);
}

/**
 * 128 bytes of low nibbles, 64 of the two bits above, 16 signed scales, d: x = d·scale·(q - 32) in each run of 16. Each half of the
 * block is four times 32 elements: two in the low nibbles of its 64 bytes, two in the high ones.
 */
export function decodeQ6K(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const d = readHalf(bytes, at + 208);
  for (let run = 0; run < 16; run++) {
    const half = run >> 3;
    const quarter = (run >> 1) & 3;
    const first = 16 * (run & 1);
    const nibbles = at + 64 * half + 32 * (quarter & 1) + first;
    const uppers = at + 128 + 32 * half + first;
    const scale = d * (((bytes[at + 192 + run] ?? 0) << 24) >> 24);
    for (let i = 0; i < 16; i++) {
      const low = ((bytes[nibbles + i] ?? 0) >> (4 * (quarter >> 1))) & 15;
      const high = ((bytes[uppers + i] ?? 0) >> (2 * quarter)) & 3;
      out[to + 16 * run + i] = scale * ((low | (high << 4)) - 32);
    }
  }
}
