/** Zip files made by hand, for tests: entries stored as they are, right ones and wrong ones. */
import { Buffer } from 'node:buffer';

export interface StoredEntry {
  name: string;
  bytes: Uint8Array;
  /** Compression method that the headers claim; 0: stored. */
  method?: number;
  flags?: number;
}

export interface ZipOptions {
  /** Sizes, places and counts in zip64 records, as files beyond 4 GiB have them. */
  zip64?: boolean;
  /** Where entries' bytes begin: a multiple of this, as PyTorch pads them. */
  alignment?: number;
}

/** A zip file of these entries. */
export function zip(entries: readonly StoredEntry[], { zip64 = false, alignment = 64 }: ZipOptions = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let position = 0;
  for (const { name, bytes, method = 0, flags = 0x800 } of entries) {
    const nameBytes = Buffer.from(name);
    const padding = (alignment - ((position + 30 + nameBytes.length + 4) % alignment)) % alignment;
    const extra = Buffer.alloc(4 + padding);
    extra.write('FB', 'latin1');
    extra.writeUInt16LE(padding, 2);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(flags, 6);
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(bytes.length, 18);
    local.writeUInt32LE(bytes.length, 22);
    local.writeUInt16LE(nameBytes.length, 26);
    local.writeUInt16LE(extra.length, 28);
    const central = Buffer.alloc(46);
    const long = zip64 ? numbers64(1, 24, bytes.length, bytes.length, position) : Buffer.alloc(0);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(flags, 8);
    central.writeUInt16LE(method, 10);
    central.writeUInt32LE(zip64 ? 0xffffffff : bytes.length, 20);
    central.writeUInt32LE(zip64 ? 0xffffffff : bytes.length, 24);
    central.writeUInt16LE(nameBytes.length, 28);
    central.writeUInt16LE(long.length, 30);
    central.writeUInt32LE(zip64 ? 0xffffffff : position, 42);
    directory.push(central, nameBytes, long);
    parts.push(local, nameBytes, extra, Buffer.from(bytes));
    position += 30 + nameBytes.length + extra.length + bytes.length;
  }
  const records = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(zip64 ? 0xffff : entries.length, 8);
  end.writeUInt16LE(zip64 ? 0xffff : entries.length, 10);
  end.writeUInt32LE(zip64 ? 0xffffffff : records.length, 12);
  end.writeUInt32LE(zip64 ? 0xffffffff : position, 16);
  const tail = zip64 ? [end64(entries.length, records.length, position), end] : [end];
  return Buffer.concat([...parts, records, ...tail]);
}

/** The zip64 record of the directory's end, and the locator that follows it. */
function end64(count: number, size: number, position: number): Buffer {
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(BigInt(size), 40);
  record.writeBigUInt64LE(BigInt(position), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(position + size), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([record, locator]);
}

function numbers64(id: number, length: number, ...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 + length);
  bytes.writeUInt16LE(id, 0);
  bytes.writeUInt16LE(length, 2);
  for (const [i, value] of values.entries()) bytes.writeBigUInt64LE(BigInt(value), 4 + 8 * i);
  return bytes;
}
