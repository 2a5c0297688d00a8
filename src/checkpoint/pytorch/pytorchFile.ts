/**
 * One PyTorch file to a list of TensorInfo: the zip file's directory, its pickle, and both held against each other.
 * Role: puts the parts of this folder together. It reads no weights. Format: torch.save since PyTorch 1.6, a zip file with
 * NAME/data.pkl, NAME/byteorder and the storages as NAME/data/KEY.
 */
import { GqaLensError, type ErrorDetail } from '../../protocol/errors';
import type { TensorInfo } from '../checkpoint';
import { bytesPerElement } from '../dtypes';
import type { FileRanges } from '../fileRanges';
import type { WeightFile } from '../weightFiles';
import { refuseLfsPointer } from '../lfsPointer';
import { isRowMajor } from '../stridedView';
import { findStateDict } from './stateDict';
import { torchWorld, type PickledTensor } from './torchGlobals';
import { unpickle } from './unpickle';
import { readZipEntries, type ZipEntry } from './zipEntries';

/** Largest pickle read: 100 000 tensors need about 30 MB. */
const pickleLimit = 64 * 1024 * 1024;
const tensorLimit = 250_000;
/** Bytes that a view may repeat of a smaller storage, as expand() makes them. */
const repeatLimit = 64 * 1024 * 1024;
const toSafetensors =
  'Convert it in Python with transformers: AutoModel.from_pretrained(FOLDER).save_pretrained(NEW_FOLDER), if you trust its origin.';
/** How a file of torch.save before 1.6 begins: protocol 2 and PyTorch's magic number. */
const legacyStart = Uint8Array.of(0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19);

/** Reads and checks what a file holds. Throws GqaLensError. */
export async function readPytorchFile(files: FileRanges, file: string, signal?: AbortSignal): Promise<WeightFile> {
  const size = await files.size(file);
  await refuseOtherKinds(files, file, size, signal);
  const entries = await readZipEntries(files, file, signal);
  const folder = findFolder(entries, file);
  await checkByteOrder(files, entries.get(`${folder}/byteorder`), file, signal);
  const pickle = entries.get(`${folder}/data.pkl`);
  if (!pickle) throw invalid(file, { expected: `an entry ${folder}/data.pkl`, found: 'none' });
  if (pickle.byteLength > pickleLimit) {
    throw invalid(file, { found: `a pickle of ${pickle.byteLength} bytes`, limit: `${pickleLimit} bytes` });
  }
  const bytes = new Uint8Array(pickle.byteLength);
  await files.read(file, pickle.byteOffset, bytes, signal);
  const state = findStateDict(unpickle(bytes, torchWorld, file, pickle.name));
  if (!('tensors' in state)) throw invalid(file, state);
  if (state.tensors.size > tensorLimit) {
    throw invalid(file, { found: `${state.tensors.size} tensors`, limit: `${tensorLimit} tensors` });
  }
  const tensors = [...state.tensors].map(([name, tensor]) => place(name, tensor, entries, folder, file));
  const notes = state.path.length === 0 ? [] : [`tensors found under ${state.path.join('.')} of the file`];
  return { tensors, size, notes };
}

/** The name that torch.save gave to the whole: whatever stands before /data.pkl. */
function findFolder(entries: ReadonlyMap<string, ZipEntry>, file: string): string {
  const found = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  const [pickle] = found;
  if (pickle === undefined || found.length > 1) {
    throw invalid(file, {
      expected: 'one entry NAME/data.pkl',
      found: found.length === 0 ? 'none' : found.slice(0, 3).join(', '),
    });
  }
  const folder = pickle.slice(0, pickle.indexOf('/'));
  if (entries.has(`${folder}/constants.pkl`)) {
    throw new GqaLensError('checkpoint-unsupported', 'This is a TorchScript program, not a file of tensors', {
      file,
      expected: 'a state dict written by torch.save',
      found: `an entry ${folder}/constants.pkl`,
      next: 'Save the state_dict() of the model that it was made from.',
    });
  }
  return folder;
}

/** Files that have these names and are something else are told by what they are. */
async function refuseOtherKinds(files: FileRanges, file: string, size: number, signal?: AbortSignal): Promise<void> {
  const start = new Uint8Array(Math.min(size, legacyStart.length));
  await files.read(file, 0, start, signal);
  await refuseLfsPointer(files, file, start, size, signal);
  if (start.length === legacyStart.length && start.every((byte, i) => byte === legacyStart[i])) {
    throw new GqaLensError('checkpoint-unsupported', 'The file is in the format of PyTorch before 1.6', {
      file,
      expected: 'a zip file, as torch.save writes since PyTorch 1.6',
      found: 'a bare pickle followed by storages',
      next: toSafetensors,
    });
  }
  if (new TextDecoder('latin1').decode(start.subarray(0, 2)) !== 'PK') {
    throw new GqaLensError('checkpoint-unsupported', 'The file is no PyTorch checkpoint that can be read', {
      file,
      expected: 'a zip file, as torch.save writes since PyTorch 1.6',
      found: size === 0 ? 'an empty file' : start[0] === 0x80 ? 'a bare pickle' : 'a file of another kind',
      next: toSafetensors,
    });
  }
}

async function checkByteOrder(
  files: FileRanges,
  entry: ZipEntry | undefined,
  file: string,
  signal?: AbortSignal,
): Promise<void> {
  if (!entry) return;
  const bytes = new Uint8Array(Math.min(16, entry.byteLength));
  await files.read(file, entry.byteOffset, bytes, signal);
  const order = new TextDecoder().decode(bytes).trim();
  if (order === 'little') return;
  throw new GqaLensError('checkpoint-unsupported', 'The numbers of this file are not in little-endian order', {
    file,
    expected: `"little" in ${entry.name}`,
    found: JSON.stringify(order),
    next: toSafetensors,
  });
}

/** A tensor's place in the file, its view and its storage held against the entry's size. */
function place(
  name: string,
  { storage, dtype, offset, shape, strides }: PickledTensor,
  entries: ReadonlyMap<string, ZipEntry>,
  folder: string,
  file: string,
): TensorInfo {
  const wrong = (expected: string, found: string): GqaLensError => invalid(file, { tensor: name, expected, found });
  const entry = entries.get(`${folder}/data/${storage.key}`);
  const storedBytes = storage.length * (storage.dtype === null ? 1 : bytesPerElement[storage.dtype]);
  if (entry ? entry.byteLength !== storedBytes : storedBytes > 0) {
    const found = entry ? `${entry.byteLength} bytes` : 'no such entry';
    throw wrong(`${storedBytes} bytes in ${folder}/data/${storage.key}`, found);
  }
  const elementBytes = bytesPerElement[dtype];
  const elements = shape.reduce((product, length) => product * length, 1);
  const span = elements === 0 ? 0 : shape.reduce((last, length, i) => last + (length - 1) * (strides[i] ?? 0), 1);
  if (!Number.isSafeInteger(elements * elementBytes) || (offset + span) * elementBytes > storedBytes) {
    throw wrong(`a view within ${storedBytes} bytes of its storage`, `${JSON.stringify(shape)} from element ${offset}`);
  }
  if (elements * elementBytes > Math.max(storedBytes, repeatLimit)) {
    throw wrong(
      `at most ${repeatLimit} bytes that repeat a storage`,
      `${elements * elementBytes} of ${storedBytes} bytes`,
    );
  }
  return {
    name,
    dtype,
    shape,
    file,
    byteOffset: (entry?.byteOffset ?? 0) + offset * elementBytes,
    byteLength: elements * elementBytes,
    ...(elements === 0 || isRowMajor({ shape, strides }) ? {} : { strides }),
  };
}

function invalid(file: string, detail: ErrorDetail): GqaLensError {
  return new GqaLensError('checkpoint-invalid', 'This PyTorch file is not a checkpoint that can be read', {
    file,
    ...detail,
    next: 'Download or export the file again, or convert it to safetensors in PyTorch.',
  });
}
