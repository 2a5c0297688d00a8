/**
 * The header of a GGUF file, versions 2 and 3, with every bound checked before anything is believed.
 * Role: bytes of a file to metadata and a list of TensorInfo under llama.cpp's names. It reads no weights. Format: ggml,
 * docs/gguf.md: magic, version, counts, key/value pairs, tensor descriptions, then data; offsets count from the data.
 */
import { elementsPerBlock } from '../blockDtypes';
import type { TensorInfo } from '../checkpoint';
import { bytesPerElement } from '../dtypes';
import { GqaLensError } from '../../protocol/errors';
import type { FileRanges } from '../fileRanges';
import { checkPlaces } from '../safetensorsHeader';
import { HeaderBytes, invalidGguf } from './headerBytes';
import { readValue, type ArrayBudget, type MetadataValue } from './metadataValues';
import { typeById } from './tensorTypes';

/** Fewest bytes of a key/value pair and of a tensor's description: what counts are held against. */
const smallestPair = 8 + 4 + 1;
const smallestTensor = 8 + 4 + 4 + 8;
/** Longest name: gguf.md says 65535 bytes for keys. */
const nameLimit = 65_535;
/** ggml's GGML_MAX_DIMS. */
const dimensionLimit = 4;
const usualAlignment = 32;
const alignmentLimit = 2 ** 24;

export interface GgufHeader {
  metadata: ReadonlyMap<string, MetadataValue>;
  /** In the order of the file; shapes with the slowest dimension first, as safetensors have them. */
  tensors: TensorInfo[];
  size: number;
}

/** Reads and checks the header of one file. Throws GqaLensError; never reads past the header. */
export async function readGgufHeader(files: FileRanges, file: string, signal?: AbortSignal): Promise<GgufHeader> {
  const size = await files.size(file);
  const bytes = new HeaderBytes(files, file, size, signal);
  await checkStart(bytes);
  const tensorCount = await bytes.size64('the number of tensors');
  const pairCount = await bytes.size64('the number of metadata pairs');
  checkCount(bytes, 'tensors', tensorCount, smallestTensor);
  checkCount(bytes, 'metadata pairs', pairCount, smallestPair);
  const metadata = await readMetadata(bytes, pairCount);
  const tensors = await readTensors(bytes, tensorCount);
  const alignment = readAlignment(metadata, file);
  const dataStart = Math.ceil(bytes.position / alignment) * alignment;
  for (const tensor of tensors) {
    if (tensor.byteOffset % alignment !== 0) {
      throw invalidGguf('A tensor is described wrongly in the header', {
        file,
        tensor: tensor.name,
        expected: `an offset that is a multiple of the alignment, ${alignment}`,
        found: String(tensor.byteOffset),
      });
    }
    tensor.byteOffset += dataStart;
  }
  checkPlaces(tensors, file, size);
  return { metadata, tensors, size };
}

/** Magic and version. */
async function checkStart(bytes: HeaderBytes): Promise<void> {
  const { file, size } = bytes;
  if (size < 24)
    throw invalidGguf('The file is truncated', { file, expected: '24 bytes or more', found: `${size} bytes` });
  const magic = await bytes.uint32('the magic');
  if (magic === toNumber('vers')) {
    throw invalidGguf('The file is not a GGUF file', {
      file,
      found: 'a text that begins as a Git LFS pointer does',
      next: 'Run "git lfs pull" in its repository.',
    });
  }
  if (magic !== toNumber('GGUF')) {
    throw invalidGguf('The file is not a GGUF file', {
      file,
      expected: 'a file that begins with "GGUF"',
      found: `bytes 0x${magic.toString(16).padStart(8, '0')} (read as a little-endian number)`,
    });
  }
  const version = await bytes.uint32('the version');
  if (version === 2 || version === 3) return;
  const swapped = version !== 0 && version % 2 ** 24 === 0;
  throw new GqaLensError('checkpoint-unsupported', 'This version of GGUF cannot be read', {
    file,
    expected: 'version 2 or 3, little-endian',
    found: swapped ? `version ${version / 2 ** 24}, big-endian` : `version ${version}`,
    next: swapped ? 'Convert it with gguf_convert_endian.py of llama.cpp.' : 'Convert the model again with llama.cpp.',
  });
}

/** Four characters as the little-endian number that they are in a file. */
function toNumber(text: string): number {
  return new DataView(new TextEncoder().encode(text).buffer).getUint32(0, true);
}

function checkCount({ file, left }: HeaderBytes, what: string, count: number, smallest: number): void {
  if (count * smallest <= left) return;
  throw invalidGguf('The header names more than the file can hold', {
    file,
    expected: `at most ${Math.floor(left / smallest)} ${what} in ${left} bytes`,
    found: `${count} ${what}`,
  });
}

async function readMetadata(bytes: HeaderBytes, count: number): Promise<Map<string, MetadataValue>> {
  const metadata = new Map<string, MetadataValue>();
  const budget: ArrayBudget = { used: 0 };
  for (let pair = 0; pair < count; pair++) {
    const key = await bytes.text(`the key of pair ${pair}`, true, nameLimit);
    if (metadata.has(key)) throw twice(bytes.file, 'key', key);
    metadata.set(key, await readValue(bytes, key, await bytes.uint32(`the type of ${key}`), budget));
  }
  return metadata;
}

async function readTensors(bytes: HeaderBytes, count: number): Promise<TensorInfo[]> {
  const tensors: TensorInfo[] = [];
  const names = new Set<string>();
  for (let index = 0; index < count; index++) {
    const name = await bytes.text(`the name of tensor ${index}`, true, nameLimit);
    if (names.has(name)) throw twice(bytes.file, 'tensor', name);
    names.add(name);
    tensors.push(await readTensor(bytes, name));
  }
  return tensors;
}

/** The description of one tensor: sizes with the fastest first, a type, an offset from the data. */
async function readTensor(bytes: HeaderBytes, name: string): Promise<TensorInfo> {
  const { file } = bytes;
  const fail = (expected: string, found: string): GqaLensError =>
    invalidGguf('A tensor is described wrongly in the header', { file, tensor: name, expected, found });
  const count = await bytes.uint32(`the dimensions of ${name}`);
  if (count > dimensionLimit) throw fail(`at most ${dimensionLimit} dimensions`, String(count));
  const sizes: number[] = [];
  for (let axis = 0; axis < count; axis++) sizes.push(await bytes.size64(`dimension ${axis} of ${name}`));
  const id = await bytes.uint32(`the type of ${name}`);
  const dtype = typeById(id);
  if (dtype === null) {
    throw new GqaLensError('checkpoint-unsupported', 'A tensor has an unknown element type', {
      file,
      tensor: name,
      found: `ggml type ${id}`,
      next: 'Take a file of the model in another type, such as Q4_K_M or Q8_0.',
    });
  }
  const block = elementsPerBlock(dtype);
  if ((sizes[0] ?? 1) % block !== 0)
    throw fail(`rows of whole blocks of ${block} for ${dtype}`, `rows of ${sizes[0] ?? 1}`);
  const byteLength = sizes.reduce((product, size) => product * size, bytesPerElement[dtype]);
  if (!Number.isSafeInteger(byteLength))
    throw fail(`at most ${Number.MAX_SAFE_INTEGER} bytes`, `[${sizes.join(', ')}]`);
  const byteOffset = await bytes.size64(`the offset of ${name}`);
  if (byteOffset + byteLength > bytes.size) {
    throw fail(`data within the file of ${bytes.size} bytes`, `${byteLength} bytes from ${byteOffset} on`);
  }
  return { name, dtype, shape: sizes.toReversed(), file, byteOffset, byteLength };
}

function readAlignment(metadata: ReadonlyMap<string, MetadataValue>, file: string): number {
  const value = metadata.get('general.alignment') ?? usualAlignment;
  const isPower =
    typeof value === 'number' && value >= 1 && value <= alignmentLimit && Number.isInteger(Math.log2(value));
  if (isPower) return value;
  throw invalidGguf('The metadata is not usable', {
    file,
    expected: `general.alignment as a power of 2 up to ${alignmentLimit}`,
    found: String(value).slice(0, 120),
  });
}

function twice(file: string, what: string, name: string): GqaLensError {
  return invalidGguf('The header names something twice', {
    file,
    expected: `each ${what} once`,
    found: `${JSON.stringify(name).slice(0, 120)} twice`,
  });
}
