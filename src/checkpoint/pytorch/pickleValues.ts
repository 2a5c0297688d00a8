/**
 * What a pickle may hold here: plain values, containers, and objects of the few classes that are known.
 * Role: the values alone. None has behaviour that a file could choose.
 */

/** Base of values that are no plain data: functions of the allow-list, storages, tensors. */
export abstract class PickleObject {
  /** How a message names it. */
  abstract readonly title: string;
}

export class PickleTuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

export class PickleList {
  constructor(readonly items: PickleValue[] = []) {}
}

export class PickleDict {
  readonly entries = new Map<PickleValue, PickleValue>();
  /** @param isOrdered whether it is a collections.OrderedDict, which may carry attributes that are dropped here */
  constructor(readonly isOrdered = false) {}
}

export type PickleValue =
  null | boolean | number | bigint | string | Uint8Array | PickleTuple | PickleList | PickleDict | PickleObject;

/** Makes the error of a place in a pickle. */
export type Fail = (summary: string, expected: string, found: string) => Error;

/** A class or function that a pickle may name. Without `call` it is data only, such as a dtype. */
export class PickleGlobal extends PickleObject {
  constructor(
    readonly title: string,
    readonly call: ((args: readonly PickleValue[], fail: Fail) => PickleValue) | null = null,
  ) {
    super();
  }
}

/** A short form of a value for messages. Looks at the outermost level only: values may contain themselves. */
export function showValue(value: PickleValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value instanceof PickleObject) return value.title;
  if (value instanceof PickleTuple) return `a tuple of ${value.items.length}`;
  if (value instanceof PickleList) return `a list of ${value.items.length}`;
  if (value instanceof PickleDict) return `a dict of ${value.entries.size}`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : String(value);
  return typeof value === 'string' && value.length > 80 ? `${text}…` : text;
}
