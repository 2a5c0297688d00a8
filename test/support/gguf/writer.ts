/** GGUF files made by hand, for tests: right ones and wrong ones. Format: ggml, docs/gguf.md. */

/** Kinds of values by their number in the file. */
export const kinds = {
  ...{ uint8: 0, int8: 1, uint16: 2, int16: 3, uint32: 4, int32: 5, float32: 6, bool: 7 },
  ...{ string: 8, array: 9, uint64: 10, int64: 11, float64: 12 },
} as const;
export type Kind = keyof typeof kinds;

export interface Pair {
  key: string;
  kind: Kind;
  /** Of the elements, for arrays. */
  of?: Kind;
  value: unknown;
}

export interface TensorOfFile {
  name: string;
  /** The fastest first. */
  dimensions: readonly number[];
  /** Number of the ggml type: 0 is F32. */
  type: number;
  data: Uint8Array;
  /** Instead of the place where the data lies. */
  offset?: number;
}

export interface FileOfTensors {
  version?: number;
  pairs?: readonly Pair[];
  tensors?: readonly TensorOfFile[];
  alignment?: number;
  /** Instead of the true counts. */
  counts?: { tensors?: bigint; pairs?: bigint };
}

export class Bytes {
  private readonly parts: Uint8Array[] = [];
  length = 0;

  bytes(part: Uint8Array): this {
    this.parts.push(part);
    this.length += part.length;
    return this;
  }

  scalar(kind: Exclude<Kind, 'string' | 'array'>, value: number | bigint | boolean): this {
    const view = new DataView(new ArrayBuffer(8));
    const number = Number(value);
    const write: Record<typeof kind, () => number> = {
      uint8: () => (view.setUint8(0, number), 1),
      int8: () => (view.setInt8(0, number), 1),
      uint16: () => (view.setUint16(0, number, true), 2),
      int16: () => (view.setInt16(0, number, true), 2),
      uint32: () => (view.setUint32(0, number, true), 4),
      int32: () => (view.setInt32(0, number, true), 4),
      float32: () => (view.setFloat32(0, number, true), 4),
      bool: () => (view.setUint8(0, number), 1),
      uint64: () => (view.setBigUint64(0, BigInt(value), true), 8),
      int64: () => (view.setBigInt64(0, BigInt(value), true), 8),
      float64: () => (view.setFloat64(0, number, true), 8),
    };
    return this.bytes(new Uint8Array(view.buffer.slice(0, write[kind]())));
  }

  text(text: string | Uint8Array): this {
    const encoded = typeof text === 'string' ? new TextEncoder().encode(text) : text;
    return this.scalar('uint64', encoded.length).bytes(encoded);
  }

  joined(): Uint8Array {
    const all = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

/** A whole file. */
export function ggufBytes({
  version = 3,
  pairs = [],
  tensors = [],
  alignment = 32,
  counts = {},
}: FileOfTensors): Uint8Array {
  const out = new Bytes().bytes(new TextEncoder().encode('GGUF')).scalar('uint32', version);
  out.scalar('uint64', counts.tensors ?? tensors.length).scalar('uint64', counts.pairs ?? pairs.length);
  for (const { key, kind, of, value } of pairs) {
    out.text(key).scalar('uint32', kinds[kind]);
    writeValue(out, kind, of, value);
  }
  let end = 0;
  const places = tensors.map(({ data }) => {
    const place = Math.ceil(end / alignment) * alignment;
    end = place + data.length;
    return place;
  });
  for (const [index, { name, dimensions, type, offset }] of tensors.entries()) {
    out.text(name).scalar('uint32', dimensions.length);
    for (const size of dimensions) out.scalar('uint64', size);
    out.scalar('uint32', type).scalar('uint64', offset ?? places[index] ?? 0);
  }
  for (const { data } of tensors) {
    out.bytes(new Uint8Array((alignment - (out.length % alignment)) % alignment)).bytes(data);
  }
  return out.joined();
}

function writeValue(out: Bytes, kind: Kind, of: Kind | undefined, value: unknown): void {
  if (kind === 'string') out.text(value as string);
  else if (kind !== 'array') out.scalar(kind, value as number);
  else {
    const list = value as readonly unknown[];
    const element = of ?? 'uint32';
    out.scalar('uint32', kinds[element]).scalar('uint64', list.length);
    for (const one of list) writeValue(out, element, 'uint32', one);
  }
}

/** Pairs from plain values: text, flags, whole numbers as uint32, others as float32, lists of texts, of int32, of float32. */
export function pairsOf(values: Readonly<Record<string, unknown>>): Pair[] {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([key, value]): Pair => {
      if (Array.isArray(value)) return { key, kind: 'array', of: kindOf(value), value };
      return { key, kind: kindOf([value]), value };
    });
}

function kindOf(values: readonly unknown[]): Kind {
  if (values.every((value) => typeof value === 'string')) return 'string';
  if (values.every((value) => typeof value === 'boolean')) return 'bool';
  return values.every((value) => Number.isInteger(value)) ? 'int32' : 'float32';
}

/** A tensor of float32 numbers. @param shape the slowest first, as safetensors have it */
export function float32Tensor(name: string, shape: readonly number[], values: Float32Array): TensorOfFile {
  return { name, dimensions: shape.toReversed(), type: 0, data: new Uint8Array(values.slice().buffer) };
}
