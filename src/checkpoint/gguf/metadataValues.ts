/**
 * Values of a GGUF header's key/value pairs.
 * Role: bytes to numbers, text and lists, with bounded memory. What keys mean is told elsewhere (metadata.ts).
 */
import { invalidGguf, scalarBytes, type HeaderBytes, type ScalarKind } from './headerBytes';

export type MetadataValue = number | bigint | boolean | string | MetadataValue[];

/** By the number that stands for them in the file (gguf.md, gguf_metadata_value_type). */
const kinds: readonly (ScalarKind | 'string' | 'array')[] = [
  ...(['uint8', 'int8', 'uint16', 'int16', 'uint32', 'int32', 'float32', 'bool'] as const),
  ...(['string', 'array', 'uint64', 'int64', 'float64'] as const),
];

/** Elements of all lists of a header together. The largest vocabularies have 260 000 tokens with 600 000 merges. */
const elementLimit = 2 ** 22;
/** Lists within lists: no key of llama.cpp has any. */
const depthLimit = 3;

/** Elements of lists that were read so far. */
export interface ArrayBudget {
  used: number;
}

/** Reads the value of a key. @param type the number of its kind */
export async function readValue(
  bytes: HeaderBytes,
  key: string,
  type: number,
  budget: ArrayBudget,
  depth = 0,
): Promise<MetadataValue> {
  const kind = kinds[type];
  if (kind === undefined) throw wrong(bytes, key, `a type from 0 to ${kinds.length - 1}`, `type ${type}`);
  if (kind === 'string') return bytes.text(`the value of ${key}`, false);
  if (kind === 'array') return readList(bytes, key, budget, depth);
  await bytes.fill(scalarBytes[kind], `the value of ${key}`);
  const value = plain(bytes.take(kind));
  return kind === 'float32' && typeof value === 'number' ? asWritten(value) : value;
}

/** The shortest decimal number with this float32: 1e-5, as configs have it, and not 0.000009999999747378752. */
function asWritten(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

async function readList(bytes: HeaderBytes, key: string, budget: ArrayBudget, depth: number): Promise<MetadataValue[]> {
  if (depth >= depthLimit) throw wrong(bytes, key, `lists in at most ${depthLimit} levels`, 'more');
  const type = await bytes.uint32(`the type of the list ${key}`);
  const kind = kinds[type];
  if (kind === undefined) throw wrong(bytes, key, `elements of a type from 0 to ${kinds.length - 1}`, `type ${type}`);
  const count = await bytes.size64(`the length of the list ${key}`);
  const smallest = kind === 'string' ? 8 : kind === 'array' ? 12 : scalarBytes[kind];
  if (count * smallest > bytes.left) throw wrong(bytes, key, `a list within ${bytes.left} bytes`, `${count} elements`);
  budget.used += count;
  if (budget.used > elementLimit) throw wrong(bytes, key, `at most ${elementLimit} elements in all lists`, 'more');
  const list: MetadataValue[] = [];
  for (let index = 0; index < count; index++) {
    if (kind === 'string') list.push(await bytes.text(`element ${index} of ${key}`, false));
    else if (kind === 'array') list.push(await readList(bytes, key, budget, depth + 1));
    else {
      if (!bytes.has(smallest)) await bytes.fill(smallest, `element ${index} of ${key}`);
      list.push(plain(bytes.take(kind)));
    }
  }
  return list;
}

/** 64-bit integers as numbers where those are exact. */
function plain(value: number | bigint | boolean): MetadataValue {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function wrong({ file }: HeaderBytes, key: string, expected: string, found: string): Error {
  return invalidGguf('A value of the metadata is described wrongly', {
    file,
    expected: `${key.slice(0, 120)} with ${expected}`,
    found,
  });
}
