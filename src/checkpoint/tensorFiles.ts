/**
 * A checkpoint whose tensors lie uncompressed in files: reading by range and converting to float32.
 * Role: the Checkpoint of every format whose header can be turned into TensorInfo. It parses no format itself.
 */
import { GqaLensError } from '../protocol/errors';
import { elementsPerBlock, isBlockDtype, type BlockDtype } from './blockDtypes';
import type { Checkpoint, ElementRange, TensorInfo } from './checkpoint';
import { bytesPerElement, decodeFloat32, requireWeightDtype } from './dtypes';
import type { FileRanges } from './fileRanges';
import { blockDecoder, decodeBlocks, decodedBlockDtypes } from './gguf/dequantise';
import type { JsonObject } from './json';
import { readView } from './stridedView';

/** Elements converted at once: 16 Mi, so that a read and its stored bytes stay under 128 MB beside the result. */
const chunkElements = 16 * 1024 * 1024;
/** Elements of one float32 array: 4 GiB, which every supported Node can allocate. */
const elementLimit = 2 ** 30;

export interface TensorFilesParts {
  path: string;
  folder: string;
  config: JsonObject;
  tensors: ReadonlyMap<string, TensorInfo>;
  bytesOnDisk: number;
  notes?: readonly string[];
  files: FileRanges;
}

export class TensorFiles implements Checkpoint {
  readonly path: string;
  readonly folder: string;
  readonly config: JsonObject;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly bytesOnDisk: number;
  readonly notes: readonly string[];
  private readonly files: FileRanges;

  constructor(parts: TensorFilesParts) {
    this.path = parts.path;
    this.folder = parts.folder;
    this.config = parts.config;
    this.tensors = parts.tensors;
    this.bytesOnDisk = parts.bytesOnDisk;
    this.notes = parts.notes ?? [];
    this.files = parts.files;
  }

  async readFloat32(name: string, range?: ElementRange, signal?: AbortSignal): Promise<Float32Array> {
    const { info, start, end } = this.locate(name, range);
    if (isBlockDtype(info.dtype)) return this.readBlocks(info, info.dtype, start, end, signal);
    const dtype = requireWeightDtype(info.dtype, info.file, name);
    const out = new Float32Array(end - start);
    const elementBytes = bytesPerElement[dtype];
    if (dtype === 'F32') {
      await this.readStored(info, start, new Uint8Array(out.buffer), signal);
      return out;
    }
    const stored = new Uint8Array(Math.min(chunkElements, out.length) * elementBytes);
    for (let done = 0; done < out.length; done += chunkElements) {
      const part = out.subarray(done, done + chunkElements);
      const bytes = stored.subarray(0, part.length * elementBytes);
      await this.readStored(info, start + done, bytes, signal);
      decodeFloat32(dtype, bytes, part);
    }
    return out;
  }

  async readBytes(name: string, range?: ElementRange, signal?: AbortSignal): Promise<Uint8Array> {
    const { info, start, end } = this.locate(name, range);
    const elementBytes = bytesPerElement[info.dtype];
    const block = elementsPerBlock(info.dtype);
    if (start % block !== 0 || end % block !== 0) {
      throw new RangeError(`Elements ${start} to ${end} asked of ${name}, which has blocks of ${block}.`);
    }
    const out = new Uint8Array((end - start) * elementBytes);
    await this.readStored(info, start, out, signal);
    return out;
  }

  /** Fills `into` with stored elements, in row-major order, from element `start`. */
  private async readStored(info: TensorInfo, start: number, into: Uint8Array, signal?: AbortSignal): Promise<void> {
    const elementBytes = bytesPerElement[info.dtype];
    if (info.strides) return readView(this.files, info, info.strides, elementBytes, start, into, signal);
    return this.files.read(info.file, info.byteOffset + start * elementBytes, into, signal);
  }

  async close(): Promise<void> {
    await this.files.close();
  }

  /** The blocks that hold a range are decoded, and what lies outside of the range is cut off. */
  private async readBlocks(
    info: TensorInfo,
    dtype: BlockDtype,
    start: number,
    end: number,
    signal?: AbortSignal,
  ): Promise<Float32Array> {
    const decode = blockDecoder(dtype);
    if (!decode) {
      throw new GqaLensError('checkpoint-unsupported', 'This tensor is quantised in a way that cannot be decoded', {
        file: info.file,
        tensor: info.name,
        expected: `one of F32, F16, BF16, ${decodedBlockDtypes.join(', ')}`,
        found: dtype,
        next: 'Take a file of the model in one of these types, such as Q4_K_M or Q8_0, or make one with llama-quantize.',
      });
    }
    const block = elementsPerBlock(dtype);
    const elementBytes = bytesPerElement[dtype];
    const first = start - (start % block);
    const last = Math.ceil(end / block) * block;
    const out = new Float32Array(last - first);
    const stored = new Uint8Array(Math.min(chunkElements, out.length) * elementBytes);
    for (let done = 0; done < out.length; done += chunkElements) {
      const part = out.subarray(done, done + chunkElements);
      const bytes = stored.subarray(0, part.length * elementBytes);
      await this.files.read(info.file, info.byteOffset + (first + done) * elementBytes, bytes, signal);
      decodeBlocks(dtype, decode, bytes, part);
    }
    return first === start && last === end ? out : out.slice(start - first, end - first);
  }

  private locate(name: string, range?: ElementRange): { info: TensorInfo; start: number; end: number } {
    const info = this.tensors.get(name);
    if (!info) {
      throw new GqaLensError('checkpoint-invalid', 'The checkpoint has no such tensor', {
        file: this.path,
        tensor: name,
        next: 'Check that config.json and the weights belong together.',
      });
    }
    const elements = info.byteLength / bytesPerElement[info.dtype];
    const { start, end } = range ?? { start: 0, end: elements };
    if (!(Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start <= end && end <= elements)) {
      throw new RangeError(`Elements ${start} to ${end} asked of ${name}, which has ${elements}.`);
    }
    if (end - start > elementLimit) {
      throw new GqaLensError('checkpoint-unsupported', 'A tensor is too large to be read in one piece', {
        file: info.file,
        tensor: name,
        found: `${end - start} elements`,
        limit: `${elementLimit} elements`,
        next: 'Use a checkpoint whose tensors are smaller, or report this model.',
      });
    }
    return { info, start, end };
  }
}
