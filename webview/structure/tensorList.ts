/**
 * Which rows the table has, and in which order: filtered, sorted, grouped by layer, folded. Pure, and fast enough for
 * 100 000 tensors at every key press: numbers are compared, never names.
 */
import { unpackNames } from '../../src/protocol/packedNames';
import type { TensorColumns, TensorKind } from '../../src/protocol/structure';
import type { StructureColumn, StructureUi } from '../../src/protocol/structureView';

/** What the rows depend on. */
export type ListChoices = Pick<
  StructureUi,
  'filter' | 'dtype' | 'sortBy' | 'sortDescending' | 'grouped' | 'folded' | 'foldedOtherwise'
>;

/** Tensors of a layer that the filter lets through. */
export interface TensorGroup {
  /** "model.layers.3" */
  name: string;
  tensors: number;
  bytes: number;
  isFolded: boolean;
}

export interface TensorRows {
  /** A tensor's place, or -1 - place of a group. */
  rows: Int32Array;
  groups: ReadonlyMap<number, TensorGroup>;
  tensors: number;
  bytes: number;
}

export class TensorList {
  readonly #groupNames: string[] = [];
  /** Place in groupNames; -1: the tensor stands by itself. */
  readonly #groupOf: Int32Array;
  #searched: string[] | null = null;
  readonly names: readonly string[];
  readonly #kinds: readonly TensorKind[];
  readonly #kindOf: Uint32Array;

  constructor(columns: TensorColumns) {
    const names = unpackNames(columns.names);
    this.names = names;
    this.#kinds = columns.kinds;
    this.#kindOf = columns.kindOf;
    this.#groupOf = new Int32Array(names.length).fill(-1);
    const known = new Map<string, number>();
    const sizes: number[] = [];
    names.forEach((name, tensor) => {
      const prefix = layerPrefix(name);
      if (prefix === null) return;
      const group = known.get(prefix) ?? this.#groupNames.push(prefix) - 1;
      known.set(prefix, group);
      sizes[group] = (sizes[group] ?? 0) + 1;
      this.#groupOf[tensor] = group;
    });
    // A heading over a single tensor says its name twice.
    this.#groupOf.forEach((group, tensor) => {
      if (group >= 0 && sizes[group] === 1) this.#groupOf[tensor] = -1;
    });
  }

  /** What a tensor is. @param tensor its place */
  kind(tensor: number): TensorKind {
    return this.#kinds[this.#kindOf[tensor] ?? 0] ?? { dtype: '', shape: [], bytes: 0, role: '', file: '' };
  }

  /** The files that tensors lie in. */
  files(): string[] {
    return [...new Set(this.#kinds.map(({ file }) => file))];
  }

  /** How many tensors have each element type, the commonest first. */
  dtypes(): { dtype: string; count: number }[] {
    const counts = new Map(this.#kinds.map(({ dtype }) => [dtype, 0]));
    this.#kindOf.forEach((_, tensor) => {
      const { dtype } = this.kind(tensor);
      counts.set(dtype, (counts.get(dtype) ?? 0) + 1);
    });
    return Array.from(counts, ([dtype, count]) => ({ dtype, count })).sort((a, b) => b.count - a.count);
  }

  rows(choices: ListChoices): TensorRows {
    const found = this.#filter(choices);
    this.#sort(found, choices);
    let total = 0;
    for (const tensor of found) total += this.kind(tensor).bytes;
    const list = { tensors: found.length, bytes: total };
    return choices.grouped ? { ...list, ...this.#group(found, choices) } : { ...list, rows: found, groups: new Map() };
  }

  /** The heading that a tensor stands under; null where it has none. */
  groupOf(tensor: number): string | null {
    return this.#groupNames[this.#groupOf[tensor] ?? -1] ?? null;
  }

  #filter({ filter, dtype }: ListChoices): Int32Array {
    const { names } = this;
    const terms = filter
      .toLowerCase()
      .split(/\s+/)
      .filter((term) => term !== '');
    this.#searched ??= names.map((name, tensor) => `.${name} ${this.kind(tensor).role}`.toLowerCase());
    const searched = this.#searched;
    const matches = terms.map(matcher);
    const found = new Int32Array(names.length);
    let count = 0;
    for (let tensor = 0; tensor < found.length; tensor++) {
      if (dtype !== '' && this.kind(tensor).dtype !== dtype) continue;
      const text = searched[tensor] ?? '';
      if (matches.every((match) => match(text))) found[count++] = tensor;
    }
    return found.subarray(0, count);
  }

  /** Names come in order: their places are their keys. Equal keys stay in the order of names. */
  #sort(tensors: Int32Array, { sortBy, sortDescending }: ListChoices): void {
    if (sortBy === 'name') {
      if (sortDescending) tensors.reverse();
      return;
    }
    const keys = sortKeys(this.#kinds, sortBy);
    const kindOf = this.#kindOf;
    const key = (tensor: number): number => keys[kindOf[tensor] ?? 0] ?? 0;
    const sign = sortDescending ? -1 : 1;
    tensors.sort((a, b) => sign * (key(a) - key(b)) || a - b);
  }

  /** Groups stand where the first of their tensors does; a filter shows what it found, folded or not. */
  #group(
    tensors: Int32Array,
    { filter, sortBy, sortDescending, folded, foldedOtherwise }: ListChoices,
  ): Pick<TensorRows, 'rows' | 'groups'> {
    const groups = new Map<number, TensorGroup>();
    const members = new Map<number, number[]>();
    const otherwise = new Set(foldedOtherwise);
    const isSearching = filter.trim() !== '';
    for (const tensor of tensors) {
      const group = this.#groupOf[tensor] ?? -1;
      // A tensor by itself is a group without a heading.
      const place = group >= 0 ? group : -1 - tensor;
      const known = members.get(place);
      if (known) known.push(tensor);
      else members.set(place, [tensor]);
      if (group < 0) continue;
      const name = this.#groupNames[group] ?? '';
      const entry = groups.get(group) ?? {
        ...{ name, tensors: 0, bytes: 0 },
        isFolded: !isSearching && otherwise.has(name) !== folded,
      };
      entry.tensors++;
      entry.bytes += this.kind(tensor).bytes;
      groups.set(group, entry);
    }
    const order = [...members.keys()];
    // The sizes of layers are worth comparing; of every other column each group has many values.
    if (sortBy === 'bytes') {
      const size = (place: number): number =>
        place >= 0 ? (groups.get(place)?.bytes ?? 0) : this.kind(-1 - place).bytes;
      order.sort((a, b) => (sortDescending ? size(b) - size(a) : size(a) - size(b)));
    }
    const rows = new Int32Array(tensors.length + groups.size);
    let count = 0;
    for (const place of order) {
      if (place >= 0) {
        rows[count++] = -1 - place;
        if (groups.get(place)?.isFolded === true) continue;
      }
      for (const tensor of members.get(place) ?? []) rows[count++] = tensor;
    }
    return { rows: rows.subarray(0, count), groups };
  }
}

/** The name up to its first number: "model.layers.3" of "model.layers.3.mlp.up_proj.weight"; null where it has none. */
export function layerPrefix(name: string): string | null {
  return /^(?:.*?\.)?\d+(?=\.)/.exec(name)?.[0] ?? null;
}

/** Elements of a shape; a scalar has one. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A number is the number of a layer (or of an expert): a whole part of the name. All else is found anywhere. */
function matcher(term: string): (text: string) => boolean {
  if (!/^\d+$/.test(term)) return (text) => text.includes(term);
  return (text) => text.includes(`.${term}.`) || text.includes(`.${term} `);
}

/** What each kind is sorted by, as a number. */
function sortKeys(kinds: readonly TensorKind[], column: Exclude<StructureColumn, 'name'>): number[] {
  switch (column) {
    case 'bytes':
      return kinds.map(({ bytes }) => bytes);
    case 'shape':
      return kinds.map(({ shape }) => elementCount(shape));
    case 'dtype':
      return ranks(kinds.map(({ dtype }) => dtype));
    case 'role':
      return ranks(kinds.map(({ role }) => role));
  }
}

/** Places in alphabetical order; what has no text comes last. */
function ranks(texts: readonly string[]): number[] {
  const sorted = [...new Set(texts)].filter((text) => text !== '').sort();
  const places = new Map(sorted.map((text, place) => [text, place]));
  return texts.map((text) => places.get(text) ?? sorted.length);
}
