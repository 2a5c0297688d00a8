/**
 * What the engine says while it works, in the reader's language. It says it in English, as its command line does: sentences with
 * numbers and names put in, and one after another (`Row 2 of 3, Mean: Layer 4 of 6`). Here they are recognised and said anew.
 * Role: arithmetic of texts. scripts/lib/messages.mjs gathers the sentences from where the engine reports.
 */
import { Sentences } from './sentences';

export class ProgressWords {
  readonly #sentences: Sentences;

  /** @param bundle messages and their translations; undefined where everything is said in English */
  constructor(bundle: Readonly<Record<string, string>> | undefined) {
    this.#sentences = new Sentences(bundle, '/progress');
  }

  /** A message in the reader's language; in English where it is not known. */
  translate(message: string): string {
    const whole = this.#sentences.translate(message, (value) => this.translate(value));
    if (whole !== null) return whole;
    const end = message.indexOf(': ');
    if (end < 0) return message;
    return `${this.translate(message.slice(0, end))}: ${this.translate(message.slice(end + 2))}`;
  }
}
