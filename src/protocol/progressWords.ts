/**
 * What the engine says while it works, in the reader's language. It says it in English, as its command line does: sentences with
 * numbers and names put in, and one after another (`Row 2 of 3, Mean: Layer 4 of 6`). Here they are recognised and said anew.
 * Role: arithmetic of texts. scripts/lib/messages.mjs gathers the sentences from where the engine reports.
 */

/** Keys of bundles that are such sentences end so, as keys with a comment do in VS Code's bundles. */
const PROGRESS = '/progress';

interface Sentence {
  pattern: RegExp;
  translation: string;
  /** Letters that it has of its own: of several that fit, the one with most is meant. */
  weight: number;
}

export class ProgressWords {
  readonly #sentences: readonly Sentence[];

  /** @param bundle messages and their translations; undefined where everything is said in English */
  constructor(bundle: Readonly<Record<string, string>> | undefined) {
    this.#sentences = Object.entries(bundle ?? {})
      .filter(([key]) => key.endsWith(PROGRESS))
      .map(([key, translation]) => {
        const parts = key.slice(0, -PROGRESS.length).split(/\{\d+\}/);
        const source = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('(.+?)');
        return { pattern: new RegExp(`^${source}$`, 's'), translation, weight: parts.join('').length };
      })
      .sort((a, b) => b.weight - a.weight);
  }

  /** A message in the reader's language; in English where it is not known. */
  translate(message: string): string {
    for (const { pattern, translation } of this.#sentences) {
      const values = pattern.exec(message)?.slice(1);
      if (values === undefined) continue;
      return translation.replace(/\{(\d+)\}/g, (_, place) => this.translate(values[Number(place)] ?? ''));
    }
    const end = message.indexOf(': ');
    if (end < 0) return message;
    return `${this.translate(message.slice(0, end))}: ${this.translate(message.slice(end + 2))}`;
  }
}
