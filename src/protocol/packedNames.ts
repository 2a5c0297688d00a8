/**
 * Sorted names packed for a process border: neighbours share most of their characters, and only the rest is written.
 * Role: to bytes and back. What the names are of is told in structure.ts.
 */

/**
 * Names as JSON in UTF-8 of what each has behind the characters that it shares with the one before. Bytes cross the
 * editor's borders as they are, 100 000 strings would be written and parsed at each.
 */
export interface PackedNames {
  endings: Uint8Array;
  /** [names] how many UTF-16 units each shares with the one before. */
  shared: Uint16Array;
}

const mostShared = 0xffff;

/** Packs names, best in an order in which neighbours are alike. */
export function packNames(names: readonly string[]): PackedNames {
  let before = '';
  const shared = Uint16Array.from(names, (name) => {
    const most = Math.min(name.length, before.length, mostShared);
    let length = 0;
    while (length < most && name.charCodeAt(length) === before.charCodeAt(length)) length++;
    before = name;
    return length;
  });
  const endings = names.map((name, place) => name.slice(shared[place]));
  return { endings: new TextEncoder().encode(JSON.stringify(endings)), shared };
}

/** The names that were packed, in their order. */
export function unpackNames({ endings, shared }: PackedNames): string[] {
  let before = '';
  return (JSON.parse(new TextDecoder().decode(endings)) as string[]).map((ending, place) => {
    before = before.slice(0, shared[place]) + ending;
    return before;
  });
}
