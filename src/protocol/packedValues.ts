/**
 * Values with long arrays of numbers as bytes: a JSON text, and the arrays beside it as they are in memory.
 * Role: to bytes and back, for files that a browser reads. What the values are is told in report.ts.
 */

/** The arrays that may be in a value, by the name that stands for them. */
const kinds = { u8: Uint8Array, u32: Uint32Array, f32: Float32Array };

type Kind = keyof typeof kinds;
type Packable = InstanceType<(typeof kinds)[Kind]>;

/** What stands in the JSON for an array: where it begins behind the JSON and how many numbers it has. */
interface ArrayPlace {
  $: Kind;
  at: number;
  length: number;
}

/** What stands in the JSON for NaN and the infinities, which it has no words for. */
interface OddNumber {
  $: 'number';
  value: string;
}

/** Every array begins at a multiple of this, so that it can be read where it lies. */
const alignment = 4;

const aligned = (size: number): number => Math.ceil(size / alignment) * alignment;

/** Packs a value of plain objects, lists, strings, numbers, booleans, null, Uint8Array, Uint32Array and Float32Array. */
export function packValue(value: unknown): Uint8Array {
  const arrays: Packable[] = [];
  let size = 0;
  const text = JSON.stringify(value, (_name, item: unknown): unknown => {
    if (typeof item === 'number' && !Number.isFinite(item)) return { $: 'number', value: String(item) };
    const kind = kindOf(item);
    if (kind === null) return item;
    const array = item as Packable;
    const place: ArrayPlace = { $: kind, at: size, length: array.length };
    arrays.push(array);
    size = aligned(size + array.byteLength);
    return place;
  });
  const json = new TextEncoder().encode(text);
  const start = aligned(alignment + json.length);
  const bytes = new Uint8Array(start + size);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, alignment);
  let at = start;
  for (const array of arrays) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at = aligned(at + array.byteLength);
  }
  return bytes;
}

/** The value that was packed. Its arrays are views of `bytes`, which must begin at a multiple of 4 in its buffer. */
export function unpackValue(bytes: Uint8Array): unknown {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const start = bytes.byteOffset + aligned(alignment + length);
  const text = new TextDecoder().decode(bytes.subarray(alignment, alignment + length));
  return JSON.parse(text, (_name, item: unknown): unknown => {
    if (!isPlace(item)) return item;
    if (item.$ === 'number') return Number(item.value);
    return new kinds[item.$](bytes.buffer as ArrayBuffer, start + item.at, item.length);
  });
}

function kindOf(item: unknown): Kind | null {
  for (const kind of Object.keys(kinds) as Kind[]) if (item instanceof kinds[kind]) return kind;
  return null;
}

function isPlace(item: unknown): item is ArrayPlace | OddNumber {
  return typeof item === 'object' && item !== null && '$' in item;
}
