/**
 * Reads byte ranges of a few files: opened when first needed, kept open while few, closed together.
 * Role: the only place that touches the disk for weights. It knows bytes, not tensors.
 */
import { open, stat, type FileHandle } from 'node:fs/promises';
import { GqaLensError } from '../protocol/errors';

/** Bytes read at once: large enough for full disk speed, small enough to stop within a fraction of a second. */
const chunkBytes = 64 * 1024 * 1024;
/** Files kept open at once. A sharded model is read layer by layer, so few shards are in use at a time. */
const openFiles = 4;

interface OpenFile {
  handle: Promise<FileHandle>;
  readers: number;
}

/** A set of files that are read by range. */
export class FileRanges {
  /** In the order of last use, the oldest first. */
  private readonly files = new Map<string, OpenFile>();
  private closed = false;

  /**
   * Reads `into.length` bytes at a position. Throws checkpoint-invalid where the file ends early, checkpoint-not-found
   * where it cannot be opened, and the signal's reason when aborted between chunks.
   */
  async read(file: string, position: number, into: Uint8Array, signal?: AbortSignal): Promise<void> {
    const entry = this.acquire(file);
    try {
      const handle = await entry.handle;
      for (let done = 0; done < into.length;) {
        signal?.throwIfAborted();
        const length = Math.min(chunkBytes, into.length - done);
        const { bytesRead } = await handle.read(into, done, length, position + done);
        if (bytesRead === 0) {
          throw new GqaLensError('checkpoint-invalid', 'The file ended while it was read', {
            file,
            expected: `${position + into.length} bytes or more`,
            found: `${position + done} bytes`,
            next: 'It was cut after it was opened: open the checkpoint again when it is complete.',
          });
        }
        done += bytesRead;
      }
    } finally {
      entry.readers--;
    }
  }

  /** Size of a file in bytes. */
  async size(file: string): Promise<number> {
    const entry = this.acquire(file);
    try {
      return (await (await entry.handle).stat()).size;
    } finally {
      entry.readers--;
    }
  }

  /** Closes every file, after the reads under way. Reading afterwards throws. */
  async close(): Promise<void> {
    this.closed = true;
    const files = [...this.files.values()];
    this.files.clear();
    await Promise.all(files.map(closeFile));
  }

  private acquire(file: string): OpenFile {
    if (this.closed) {
      throw new GqaLensError('checkpoint-not-found', 'The checkpoint is closed', { file, next: 'Open it again.' });
    }
    const entry = this.files.get(file) ?? { handle: openRegularFile(file), readers: 0 };
    this.files.delete(file);
    this.files.set(file, entry);
    entry.readers++;
    for (const [other, { readers }] of this.files) {
      if (this.files.size <= openFiles) break;
      if (readers === 0) this.evict(other);
    }
    return entry;
  }

  private evict(file: string): void {
    const entry = this.files.get(file);
    this.files.delete(file);
    if (entry) void closeFile(entry);
  }
}

/** Opens a plain file for reading; symbolic links are followed. Throws checkpoint-not-found. */
export async function openRegularFile(file: string): Promise<FileHandle> {
  try {
    // Asked first, because opening a named pipe would wait for a writer for ever.
    if (!(await stat(file)).isFile()) throw new Error('not a plain file');
    return await open(file, 'r');
  } catch (error) {
    throw new GqaLensError('checkpoint-not-found', 'A file of the checkpoint cannot be opened', {
      file,
      found: error instanceof Error ? error.message : String(error),
      next: 'Check that the file is there and can be read.',
    });
  }
}

/** A file that never opened has told its readers already. */
async function closeFile(entry: OpenFile): Promise<void> {
  await entry.handle.then(
    (handle) => handle.close(),
    () => undefined,
  );
}
