/**
 * What an opened checkpoint is, whatever its format: named tensors that are read by range, and a config.
 * Role: the seam between formats and everything that needs weights. It holds no weights itself.
 */
import type { BlockDtype } from './blockDtypes';
import type { JsonObject } from './json';
import type { Quantisation } from './quantisation/quantisation';

/** Element types of stored tensors: in safetensors' spelling, and ggml's for those in blocks. */
export type Dtype =
  | BlockDtype
  | 'F64'
  | 'F32'
  | 'F16'
  | 'BF16'
  | 'F8_E4M3'
  | 'F8_E5M2'
  | 'I64'
  | 'I32'
  | 'I16'
  | 'I8'
  | 'U64'
  | 'U32'
  | 'U16'
  | 'U8'
  | 'BOOL'
  | 'F8_E8M0'
  | 'F8_E4M3FNUZ'
  | 'F8_E5M2FNUZ'
  | 'F6_E2M3'
  | 'F6_E3M2'
  | 'F4'
  | 'C64';

/** Where a tensor lies and what it is. */
export interface TensorInfo {
  name: string;
  dtype: Dtype;
  shape: readonly number[];
  /** Absolute path of the file that holds it. */
  file: string;
  /** Absolute position of its first byte in that file. */
  byteOffset: number;
  /** Of its elements; those of a view with strides lie further apart. */
  byteLength: number;
  /** Elements from one index of an axis to the next, for a view that is not row by row. Absent: row by row. */
  strides?: readonly number[];
  /**
   * Whether the numbers are not the stored ones in their order: a container that lays weights out in its own way. Its bytes
   * cannot be copied. Absent: they are.
   */
  derived?: boolean;
}

/** What a container holds besides weights, in the form that files of a Hugging Face folder have. */
export interface Embedded {
  /** Whether it has a tokenizer, which may turn out to be unusable. */
  readonly hasTokenizer: boolean;
  /** What tokenizer.json and tokenizer_config.json would say; null when there is none. Throws GqaLensError tokenizer-invalid. */
  tokenizer(): { definition: JsonObject; config: JsonObject } | null;
}

/** Half-open range of elements of the flattened (row-major) tensor. */
export interface ElementRange {
  start: number;
  end: number;
}

/** An opened checkpoint. Reading never loads more than the range that was asked for. */
export interface Checkpoint {
  /** Absolute path of the folder or single file that was opened. */
  readonly path: string;
  /** Absolute folder that holds config and tokenizer files. */
  readonly folder: string;
  /** Parsed config.json; empty when there is none beside a single file. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly bytesOnDisk: number;
  /** What a user should know about how it was read, a few words each. */
  readonly notes?: readonly string[];
  /** Set by formats that need no other files: the config is made from the container's own data too. */
  readonly embedded?: Embedded;
  /** How its weights are quantised; absent: they are plain numbers. */
  readonly quantisation?: Quantisation;
  /** Reads a float tensor, or a range of it, converted to float32. */
  readFloat32(name: string, range?: ElementRange, signal?: AbortSignal): Promise<Float32Array>;
  /** Reads the stored bytes of a tensor, or of a range of its stored elements (whole blocks, where it has blocks). */
  readBytes(name: string, range?: ElementRange, signal?: AbortSignal): Promise<Uint8Array>;
  /** Closes file handles. Reading afterwards throws. */
  close(): Promise<void>;
}
