/** PyTorch files made by hand, for tests: a small pickle writer, and zip files as torch.save lays them out. */
import { Buffer } from 'node:buffer';
import { zip, type StoredEntry, type ZipOptions } from './zip';

/** Parts of a pickle: opcodes by number, text by what it pushes. */
export type Part = Uint8Array;

export const op = (...codes: readonly number[]): Part => Uint8Array.from(codes);
export const join = (...parts: readonly Part[]): Part => Buffer.concat(parts);
export const text = (value: string): Part => {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return join(op(0x58), length, bytes);
};
export const integer = (value: number): Part => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return join(op(0x8a, 8), bytes);
};
export const global = (module: string, name: string): Part => join(op(0x63), Buffer.from(`${module}\n${name}\n`));
export const tuple = (...items: readonly Part[]): Part => join(op(0x28), ...items, op(0x74));
export const call = (callable: Part, ...args: readonly Part[]): Part => join(callable, tuple(...args), op(0x52));
export const orderedDict = call(global('collections', 'OrderedDict'));
/** A dict of text keys. */
export const dict = (items: Readonly<Record<string, Part>>, of: Part = op(0x7d)): Part =>
  join(of, op(0x28), ...Object.entries(items).flatMap(([key, value]) => [text(key), value]), op(0x75));
/** A whole pickle. */
export const pickle = (...body: readonly Part[]): Part => join(op(0x80, 2), ...body, op(0x2e));

export interface TensorToPickle {
  /** "torch.FloatStorage", or "torch.storage.UntypedStorage" with a dtype. */
  storage: string;
  /** Key of its storage. */
  key: string;
  /** Elements of its storage (bytes of an untyped one). */
  length: number;
  shape: readonly number[];
  strides?: readonly number[];
  offset?: number;
  /** Of an untyped storage: "float8_e4m3fn". */
  dtype?: string;
  parameter?: boolean;
  /** As a tensor that has attributes of its own. */
  attributes?: boolean;
}

export const storage = (name: string, key: string, length: number): Part => {
  const dot = name.lastIndexOf('.');
  const type = global(name.slice(0, dot), name.slice(dot + 1));
  return join(tuple(text('storage'), type, text(key), text('cpu'), integer(length)), op(0x51));
};

/** What torch pickles of a tensor. */
export function tensor(info: TensorToPickle): Part {
  const { shape, strides = rowMajor(shape), offset = 0, dtype } = info;
  const sizes = (values: readonly number[]): Part => tuple(...values.map(integer));
  const parts = [storage(info.storage, info.key, info.length), integer(offset), sizes(shape), sizes(strides), op(0x89)];
  const rebuilt =
    dtype === undefined
      ? call(global('torch._utils', '_rebuild_tensor_v2'), ...parts, orderedDict)
      : call(global('torch._utils', '_rebuild_tensor_v3'), ...parts, orderedDict, global('torch', dtype));
  if (info.attributes === true) {
    const rebuild = global('torch._utils', '_rebuild_tensor_v2');
    const args = tuple(...parts, orderedDict);
    return call(global('torch._tensor', '_rebuild_from_type_v2'), rebuild, global('torch', 'Tensor'), args, dict({}));
  }
  return info.parameter === true
    ? call(global('torch._utils', '_rebuild_parameter'), rebuilt, op(0x88), orderedDict)
    : rebuilt;
}

function rowMajor(shape: readonly number[]): number[] {
  return shape.map((_, i) => shape.slice(i + 1).reduce((product, length) => product * length, 1));
}

export interface TorchFileOptions extends ZipOptions {
  folder?: string;
  byteorder?: string | null;
  more?: readonly StoredEntry[];
}

/** A file of a pickle and storages by key. */
export function torchFile(
  pickled: Part,
  storages: Readonly<Record<string, Uint8Array>> = {},
  { folder = 'archive', byteorder = 'little', more = [], ...options }: TorchFileOptions = {},
): Buffer {
  const entry = (name: string, bytes: Uint8Array): StoredEntry => ({ name: `${folder}/${name}`, bytes });
  return zip(
    [
      entry('data.pkl', pickled),
      ...(byteorder === null ? [] : [entry('byteorder', Buffer.from(byteorder))]),
      ...Object.entries(storages).map(([key, bytes]) => entry(`data/${key}`, bytes)),
      entry('version', Buffer.from('3\n')),
      ...more,
    ],
    options,
  );
}

/** A file of tensors by name, at the outermost level. */
export function stateDictFile(
  tensors: Readonly<Record<string, TensorToPickle>>,
  storages: Readonly<Record<string, Uint8Array>>,
  options?: TorchFileOptions,
): Buffer {
  const items = Object.fromEntries(Object.entries(tensors).map(([name, info]) => [name, tensor(info)]));
  return torchFile(pickle(dict(items, orderedDict)), storages, options);
}
