/**
 * The header of a safetensors file, with every bound checked before anything is believed.
 * Role: bytes of a file to a list of TensorInfo. It reads no weights. Format: huggingface/safetensors README, "Format":
 * 8 bytes little-endian header length, a JSON object, then the data; offsets count from the end of the header.
 */
import { GqaLensError, type ErrorDetail } from '../protocol/errors';
import type { TensorInfo } from './checkpoint';
import { bytesPerElement, isDtype } from './dtypes';
import type { FileRanges } from './fileRanges';
import { decodeUtf8, isObject, parseJsonObject } from './json';
import { refuseLfsPointer } from './lfsPointer';

/** Longest header accepted, in bytes: the reference implementation's limit. */
const headerLimit = 100_000_000;
const redownload = 'Download or export the file again.';

/** Reads and checks the header of one file. Throws GqaLensError; never reads past the header. */
export async function readSafetensorsHeader(
  files: FileRanges,
  file: string,
  signal?: AbortSignal,
): Promise<{ tensors: TensorInfo[]; size: number }> {
  const size = await files.size(file);
  if (size < 8) throw invalid('The file is truncated', { file, expected: '8 bytes or more', found: `${size} bytes` });
  const start = new Uint8Array(8);
  await files.read(file, 0, start, signal);
  await refuseLfsPointer(files, file, start, size, signal);
  const headerLength = new DataView(start.buffer).getBigUint64(0, true);
  if (headerLength > BigInt(headerLimit)) {
    throw invalid('This is not a safetensors file, or its header is damaged', {
      file,
      found: `a header of ${String(headerLength)} bytes`,
      limit: `${headerLimit} bytes`,
    });
  }
  const dataStart = 8 + Number(headerLength);
  if (dataStart > size) {
    throw invalid('The file is truncated inside its header', {
      file,
      expected: `${dataStart} bytes or more`,
      found: `${size} bytes`,
    });
  }
  const header = new Uint8Array(Number(headerLength));
  await files.read(file, 8, header, signal);
  const tensors: TensorInfo[] = [];
  for (const [name, entry] of Object.entries(parseJsonObject(decodeUtf8(header, file), file))) {
    if (name !== '__metadata__') tensors.push(checkEntry(name, entry, file, dataStart));
  }
  checkPlaces(tensors, file, size);
  return { tensors, size };
}

/** One entry of the header: dtype, shape and offsets that agree with each other. */
function checkEntry(name: string, entry: unknown, file: string, dataStart: number): TensorInfo {
  const fail = (expected: string, found: unknown): GqaLensError =>
    invalid('A tensor is described wrongly in the header', { file, tensor: name, expected, found: show(found) });
  if (!isObject(entry)) throw fail('an object with dtype, shape and data_offsets', entry);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string') throw fail('dtype as text', dtype);
  if (!isDtype(dtype)) {
    throw new GqaLensError('checkpoint-unsupported', 'A tensor has an unknown element type', {
      file,
      tensor: name,
      expected: `one of ${Object.keys(bytesPerElement).join(', ')}`,
      found: dtype,
      next: 'Convert the checkpoint to BF16 or F32 first.',
    });
  }
  if (!Array.isArray(shape) || !shape.every(isSize)) throw fail('shape as non-negative whole numbers', shape);
  if (!Array.isArray(offsets) || offsets.length !== 2) throw fail('data_offsets as two numbers', offsets);
  const [begin, end] = offsets as unknown[];
  if (!isSize(begin) || !isSize(end) || begin > end) throw fail('data_offsets [begin, end] with begin ≤ end', offsets);
  const byteLength = byteSize(shape, bytesPerElement[dtype]);
  if (byteLength !== null && !Number.isInteger(byteLength))
    throw fail(`a shape that fills whole bytes of ${dtype}`, shape);
  if (byteLength === null) throw fail(`shape of at most ${Number.MAX_SAFE_INTEGER} bytes`, shape);
  if (end - begin !== byteLength) {
    throw fail(`${byteLength} bytes for ${dtype} ${show(shape)}`, `${end - begin} bytes in data_offsets`);
  }
  if (!Number.isSafeInteger(dataStart + end)) throw fail(`data_offsets below ${Number.MAX_SAFE_INTEGER}`, offsets);
  return { name, dtype, shape, file, byteOffset: dataStart + begin, byteLength };
}

/** Tensors lie within the file and apart from each other. Other formats hold theirs to it as well. */
export function checkPlaces(tensors: readonly TensorInfo[], file: string, size: number): void {
  let previous: TensorInfo | null = null;
  for (const tensor of tensors.filter(({ byteLength }) => byteLength > 0).sort((a, b) => a.byteOffset - b.byteOffset)) {
    if (previous && tensor.byteOffset < previous.byteOffset + previous.byteLength) {
      throw invalid('Two tensors overlap', {
        file,
        tensor: tensor.name,
        expected: `data from byte ${previous.byteOffset + previous.byteLength}, where ${previous.name} ends`,
        found: `data from byte ${tensor.byteOffset}`,
      });
    }
    previous = tensor;
  }
  const end = previous ? previous.byteOffset + previous.byteLength : 0;
  if (previous && end > size) {
    throw invalid('The file is truncated', {
      file,
      tensor: previous.name,
      expected: `${end} bytes`,
      found: `${size} bytes`,
    });
  }
}

/** Bytes of a shape, or null where the number is no longer exact. */
function byteSize(shape: readonly number[], elementBytes: number): number | null {
  const total = shape.reduce((product, dimension) => product * dimension, elementBytes);
  return total <= Number.MAX_SAFE_INTEGER ? total : null;
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function invalid(summary: string, detail: ErrorDetail): GqaLensError {
  return new GqaLensError('checkpoint-invalid', summary, { next: redownload, ...detail });
}

/** A short form of a value for a message; a hostile header may hold megabytes. */
function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
