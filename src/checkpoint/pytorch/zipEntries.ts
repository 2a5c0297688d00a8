/**
 * Where the entries of a zip file lie: names to byte ranges, read from its directory alone.
 * Role: the container of PyTorch files. It unpacks nothing: compressed entries are refused, so nothing can expand, and
 * names are keys of a map and never paths.
 */
import { fromRandomAccessReaderPromise, RandomAccessReader, type Entry, type ZipFile } from 'yauzl';
import { GqaLensError, type ErrorDetail } from '../../protocol/errors';
import type { FileRanges } from '../fileRanges';

/** The bytes of one entry. */
export interface ZipEntry {
  name: string;
  byteOffset: number;
  byteLength: number;
}

/** Most entries of one file: PyTorch writes one for each tensor's storage and a few more. */
const entryLimit = 250_000;
const nameLimit = 1024;
const utf8 = new TextDecoder('utf-8', { fatal: true });
/** Bytes read at once: the directory's records lie side by side. */
const windowBytes = 16 * 1024;
/** Local headers looked at side by side. */
const headersAtOnce = 32;

/**
 * Reads the directory of a zip file (also zip64) and finds each entry's bytes.
 * @throws GqaLensError checkpoint-invalid for a damaged or lying directory, checkpoint-unsupported for compressed or
 *   encrypted entries
 */
export async function readZipEntries(
  files: FileRanges,
  file: string,
  signal?: AbortSignal,
): Promise<Map<string, ZipEntry>> {
  const size = await files.size(file);
  const zip = await asZipError(file, () =>
    fromRandomAccessReaderPromise(new FileReader(files, file, size, signal), size, {
      autoClose: false,
      // Names are decoded here, where a bad one is an error with its place.
      decodeStrings: false,
    }),
  );
  const entries = await asZipError(file, () => readDirectory(zip, file, signal));
  const found = await asZipError(file, () => findData(zip, entries, signal));
  checkPlaces(found, file);
  return new Map(found.map((entry) => [entry.name, entry]));
}

async function readDirectory(zip: ZipFile, file: string, signal?: AbortSignal): Promise<Map<string, Entry>> {
  if (zip.entryCount > entryLimit) {
    throw invalid(file, { found: `${zip.entryCount} entries`, limit: `${entryLimit} entries` });
  }
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    signal?.throwIfAborted();
    const name = nameOf(entry, file);
    if (entries.has(name)) throw invalid(file, { expected: 'each entry once', found: `${name} twice` });
    if (entry.compressionMethod !== 0 || entry.isEncrypted()) {
      throw new GqaLensError('checkpoint-unsupported', 'An entry of this file is not stored as it is', {
        file,
        expected: 'entries without compression or encryption, as torch.save writes them',
        found: `${name}, ${entry.isEncrypted() ? 'encrypted' : `compressed by method ${entry.compressionMethod}`}`,
        next: 'Write it again with torch.save, or convert it to safetensors.',
      });
    }
    entries.set(name, entry);
  }
  return entries;
}

function nameOf({ fileNameRaw }: Entry, file: string): string {
  if (fileNameRaw.length > nameLimit) {
    throw invalid(file, {
      found: `an entry whose name has ${fileNameRaw.length} bytes`,
      limit: `${nameLimit} bytes`,
    });
  }
  try {
    return utf8.decode(fileNameRaw);
  } catch {
    throw invalid(file, { expected: 'names of entries in UTF-8', found: 'bytes that are not UTF-8' });
  }
}

/** Entries with the place of their bytes, which the local header in front of them tells. */
async function findData(zip: ZipFile, entries: ReadonlyMap<string, Entry>, signal?: AbortSignal): Promise<ZipEntry[]> {
  const list = [...entries];
  const found: ZipEntry[] = [];
  for (let start = 0; start < list.length; start += headersAtOnce) {
    signal?.throwIfAborted();
    const some = list.slice(start, start + headersAtOnce).map(async ([name, entry]) => {
      const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
      return { name, byteOffset: fileDataStart, byteLength: entry.uncompressedSize };
    });
    found.push(...(await Promise.all(some)));
  }
  return found;
}

/** Entries that share bytes are how small files pretend to be huge. */
function checkPlaces(entries: readonly ZipEntry[], file: string): void {
  let previous: ZipEntry | null = null;
  for (const entry of entries.toSorted((a, b) => a.byteOffset - b.byteOffset || a.byteLength - b.byteLength)) {
    if (previous && entry.byteOffset < previous.byteOffset + previous.byteLength) {
      throw invalid(file, { expected: 'entries apart from each other', found: `${previous.name} over ${entry.name}` });
    }
    previous = entry;
  }
}

/** yauzl's door to a file: small reads through a window, never past the end. */
class FileReader extends RandomAccessReader {
  private window = { start: 0, end: 0, bytes: Promise.resolve(new Uint8Array()) };

  constructor(
    private readonly files: FileRanges,
    private readonly file: string,
    private readonly size: number,
    private readonly signal: AbortSignal | undefined,
  ) {
    super();
  }

  override read(
    into: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.bytesAt(position, length)
      .then((bytes) => into.set(bytes, offset))
      .then(
        () => callback(null),
        (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
      );
  }

  private async bytesAt(position: number, length: number): Promise<Uint8Array> {
    const end = position + length;
    if (end > this.size) throw new Error(`byte ${end} of ${this.size} was asked for`);
    if (position < this.window.start || end > this.window.end) {
      const bytes = new Uint8Array(Math.min(Math.max(windowBytes, length), this.size - position));
      const read = this.files.read(this.file, position, bytes, this.signal).then(() => bytes);
      this.window = { start: position, end: position + bytes.length, bytes: read };
    }
    const { start, bytes } = this.window;
    return (await bytes).subarray(position - start, end - start);
  }
}

/** Errors of the library are about the file; ours and aborts are passed on. */
async function asZipError<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof GqaLensError || !(error instanceof Error) || error.name === 'AbortError') throw error;
    throw invalid(file, { expected: 'a whole zip file as torch.save writes it', found: error.message });
  }
}

function invalid(file: string, detail: ErrorDetail): GqaLensError {
  return new GqaLensError('checkpoint-invalid', 'The zip container of this PyTorch file is damaged', {
    file,
    ...detail,
    next: 'Download or export the file again.',
  });
}
