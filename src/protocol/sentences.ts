/**
 * English sentences recognised and said in another language: those that a bundle has under keys with an ending of their own, with {n}
 * where something is put in. What is put in comes back as it was.
 * Role: arithmetic of texts, in a time that grows with their length alone, since files that nobody trusts put words into them. What sentences
 * are made of is progressWords.ts and errorWords.ts.
 */

/** A text that is longer is no sentence. Files may put much into one. */
const longest = 10_000;
const place = /\{(\d+)\}/g;

interface Sentence {
  /** What stands around the places, in order: one part more than places. */
  parts: readonly string[];
  translation: string;
}

export class Sentences {
  readonly #whole = new Map<string, string>();
  /** Those with places; the first that fits is meant: the one with most letters of its own. */
  readonly #open: readonly Sentence[];

  /**
   * @param bundle messages and their translations; undefined where everything is said in English
   * @param ending what keys of such sentences end in
   */
  constructor(bundle: Readonly<Record<string, string>> | undefined, ending: string) {
    const open: Sentence[] = [];
    for (const [key, translation] of Object.entries(bundle ?? {})) {
      if (!key.endsWith(ending)) continue;
      const parts = key.slice(0, -ending.length).split(/\{\d+\}/);
      if (parts.length === 1) this.#whole.set(parts[0] ?? '', translation);
      else open.push({ parts, translation });
    }
    const own = ({ parts }: Sentence): number => parts.join('').length;
    this.#open = open.sort((a, b) => own(b) - own(a));
  }

  /** The sentence in the other language; null where it is not known. @param put what is done to what is put in */
  translate(text: string, put = (value: string): string => value): string | null {
    const whole = this.#whole.get(text);
    if (whole !== undefined || text.length > longest) return whole ?? null;
    for (const { parts, translation } of this.#open) {
      const values = valuesIn(text, parts);
      if (values !== null) return translation.replace(place, (_, index) => put(values[Number(index)] ?? ''));
    }
    return null;
  }
}

/** What stands between the parts, each value as short as may be and never empty; null where the text is not made of them. */
function valuesIn(text: string, parts: readonly string[]): string[] | null {
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  if (!text.startsWith(first) || !text.endsWith(last)) return null;
  const end = text.length - last.length;
  const values: string[] = [];
  let from = first.length;
  for (const part of parts.slice(1, -1)) {
    const at = text.indexOf(part, from + 1);
    if (at < 0) return null;
    values.push(text.slice(from, at));
    from = at + part.length;
  }
  if (from >= end) return null;
  values.push(text.slice(from, end));
  // A text that begins with a path is that path: what looks like words at its end belongs to a name.
  return first === '' && /[\\/]/.test(values[0] ?? '') ? null : values;
}
