/**
 * A cursor over the bytes of a pickle: numbers and text with every length checked first.
 * Role: reading arguments of opcodes. What they mean is unpickle.ts.
 */
import type { Fail } from './pickleValues';

/** Longest name of a module or class. */
const lineLimit = 512;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class PickleBytes {
  position = 0;
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly fail: Fail,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  uint8(): number {
    return this.view.getUint8(this.skip(1));
  }
  uint16(): number {
    return this.view.getUint16(this.skip(2), true);
  }
  uint32(): number {
    return this.view.getUint32(this.skip(4), true);
  }
  int32(): number {
    return this.view.getInt32(this.skip(4), true);
  }
  /** Eight bytes as a length; one beyond the pickle is told by whoever uses it. */
  uint64(): number {
    return Number(this.view.getBigUint64(this.skip(8), true));
  }
  /** Big-endian, as pickles write floats. */
  float64(): number {
    return this.view.getFloat64(this.skip(8), false);
  }

  /** A signed little-endian integer of at most 8 bytes: as a number where that is exact. */
  integer(length: number): number | bigint {
    if (length > 8) throw this.fail('A pickle holds too long a number', 'at most 8 bytes', `${length} bytes`);
    let value = 0n;
    for (const [i, byte] of this.raw(length).entries()) value |= BigInt(byte) << BigInt(8 * i);
    const signed = BigInt.asIntN(8 * length, value);
    return BigInt(Number.MIN_SAFE_INTEGER) <= signed && signed <= BigInt(Number.MAX_SAFE_INTEGER)
      ? Number(signed)
      : signed;
  }

  raw(length: number): Uint8Array {
    const start = this.skip(length);
    return this.bytes.subarray(start, start + length);
  }

  text(length: number): string {
    const bytes = this.raw(length);
    try {
      return utf8.decode(bytes);
    } catch {
      throw this.fail('A pickle holds text that is damaged', 'UTF-8', 'other bytes');
    }
  }

  /** Text to the end of a line. */
  line(): string {
    const end = this.bytes.subarray(this.position, this.position + lineLimit).indexOf(10);
    if (end < 0)
      throw this.fail('A pickle holds too long a name', `a name of at most ${lineLimit} bytes`, 'no end of it');
    const text = this.text(end);
    this.position++;
    return text;
  }

  private skip(length: number): number {
    const start = this.position;
    if (length > this.bytes.length - start) {
      throw this.fail('The pickle is truncated', `${length} more bytes`, `${this.bytes.length - start}`);
    }
    this.position += length;
    return start;
  }
}
