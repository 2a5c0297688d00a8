/**
 * The bytes of a GGUF header, one value after the other, from a window of the file that moves along.
 * Role: numbers and text, little-endian, within the file and within a limit of memory. It knows no structure.
 */
import { GqaLensError, type ErrorDetail } from '../../protocol/errors';
import type { FileRanges } from '../fileRanges';

/** Bytes read at once. */
const windowBytes = 1024 * 1024;
/** Longest header accepted: a quarter of a million tokens with their merges take some 10 MB. */
const headerLimit = 256 * 1024 * 1024;
/** Longest text accepted. A chat template has kilobytes. */
const textLimit = 16 * 1024 * 1024;

const redownload = 'Download or export the file again.';

/** What is wrong with a file. */
export function invalidGguf(summary: string, detail: ErrorDetail): GqaLensError {
  return new GqaLensError('checkpoint-invalid', summary, { next: redownload, ...detail });
}

export class HeaderBytes {
  private bytes = new Uint8Array();
  private view = new DataView(this.bytes.buffer);
  private at = 0;
  private readonly strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  private readonly lenient = new TextDecoder('utf-8', { ignoreBOM: true });
  /** Position in the file of the window's first byte. */
  private start = 0;

  constructor(
    private readonly files: FileRanges,
    readonly file: string,
    readonly size: number,
    private readonly signal?: AbortSignal,
  ) {}

  /** Position in the file of the next byte. */
  get position(): number {
    return this.start + this.at;
  }

  /** Bytes of the file after the position. */
  get left(): number {
    return this.size - this.position;
  }

  /** Whether the next bytes are in the window. Asked first, because waiting for each of many values is slow. */
  has(count: number): boolean {
    return this.at + count <= this.bytes.length;
  }

  /** Brings the next bytes into the window. @param what they are, for the error when the file ends before */
  async fill(count: number, what: string): Promise<void> {
    if (this.has(count)) return;
    if (count > this.left) {
      throw invalidGguf('The file is truncated inside its header', {
        file: this.file,
        expected: `${count} bytes for ${what} at byte ${this.position}`,
        found: `${this.left} bytes`,
      });
    }
    if (this.position + count > headerLimit) {
      throw invalidGguf('The header is too long', {
        file: this.file,
        found: `${what} up to byte ${this.position + count}`,
        limit: `${headerLimit} bytes`,
      });
    }
    const bytes = new Uint8Array(Math.min(this.left, Math.max(count, windowBytes)));
    this.start = this.position;
    this.at = 0;
    await this.files.read(this.file, this.start, bytes, this.signal);
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  /** The next value. Its bytes must be in the window. */
  take(kind: ScalarKind): number | bigint | boolean {
    const at = this.at;
    this.at += scalarBytes[kind];
    return readers[kind](this.view, at);
  }

  async uint32(what: string): Promise<number> {
    if (!this.has(4)) await this.fill(4, what);
    return Number(this.take('uint32'));
  }

  /** A 64-bit count or size, within what a number holds exactly. */
  async size64(what: string): Promise<number> {
    if (!this.has(8)) await this.fill(8, what);
    const value = this.take('uint64');
    const count = Number(value);
    if (Number.isSafeInteger(count)) return count;
    throw invalidGguf('A number in the header is out of bounds', {
      file: this.file,
      expected: `${what} below ${Number.MAX_SAFE_INTEGER}`,
      found: String(value),
    });
  }

  /** Text with its length before it. @param strict whether bytes that are no UTF-8 are an error, as in names */
  async text(what: string, strict: boolean, limit = textLimit): Promise<string> {
    const length = await this.size64(`the length of ${what}`);
    if (length > limit) {
      throw invalidGguf('A text in the header is too long', {
        file: this.file,
        found: `${length} bytes for ${what}`,
        limit: `${limit} bytes`,
      });
    }
    if (!this.has(length)) await this.fill(length, what);
    const bytes = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    if (!strict) return this.lenient.decode(bytes);
    try {
      return this.strict.decode(bytes);
    } catch {
      throw invalidGguf('A name in the header is not text', {
        file: this.file,
        expected: `${what} in UTF-8`,
        found: `other bytes at byte ${this.position - length}`,
      });
    }
  }
}

/** Bytes of each kind of value. */
export const scalarBytes = {
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  float32: 4,
  bool: 1,
  uint64: 8,
  int64: 8,
  float64: 8,
} as const;

export type ScalarKind = keyof typeof scalarBytes;

const readers: Record<ScalarKind, (view: DataView, at: number) => number | bigint | boolean> = {
  uint8: (view, at) => view.getUint8(at),
  int8: (view, at) => view.getInt8(at),
  uint16: (view, at) => view.getUint16(at, true),
  int16: (view, at) => view.getInt16(at, true),
  uint32: (view, at) => view.getUint32(at, true),
  int32: (view, at) => view.getInt32(at, true),
  float32: (view, at) => view.getFloat32(at, true),
  bool: (view, at) => view.getUint8(at) !== 0,
  uint64: (view, at) => view.getBigUint64(at, true),
  int64: (view, at) => view.getBigInt64(at, true),
  float64: (view, at) => view.getFloat64(at, true),
};
