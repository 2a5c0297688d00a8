/**
 * Errors in the reader's language. They are raised, logged and reported in English; here what they say is recognised, part by part,
 * and said anew, for whoever reads it in a window.
 * Role: arithmetic of texts. scripts/lib/errorSentences.mjs gathers the sentences from where errors are made. Paths, names and what is not known
 * stay as they are.
 */
import { describe, facts, frames, summaryOf, type ErrorDetail, type ErrorValue, type Fact } from './errors';
import { Sentences } from './sentences';

/** No summary that we write has more. */
const mostClauses = 20;

export class ErrorWords {
  readonly #sentences: Sentences;
  readonly #names: Readonly<Record<Fact, string>>;

  /** @param bundle messages and their translations; undefined where everything is said in English */
  constructor(bundle: Readonly<Record<string, string>> | undefined) {
    this.#sentences = new Sentences(bundle, '/error');
    this.#names = Object.fromEntries(
      facts.map((fact) => [fact, bundle?.[`${frames[fact]}/error`] ?? frames[fact]]),
    ) as Record<Fact, string>;
  }

  /** The same error as it is shown. */
  translate(error: ErrorValue): ErrorValue {
    const english = summaryOf(error);
    const summary = this.#clauses(english);
    const detail = this.#detail(error.detail);
    // A message without such parts is somebody else's sentence, and keeps its end.
    const message = english === error.message ? summary : describe(summary, detail, this.#names);
    return { ...error, message, detail, summary };
  }

  /** The same message, where only that is left of an error: its facts are found by the names that they have in it. */
  translateMessage(message: string): string {
    return this.translate({ code: 'internal', message, detail: detailIn(message) }).message;
  }

  /** Files and tensors are names. */
  #detail({ expected, found, limit, next, ...names }: ErrorDetail): ErrorDetail {
    return {
      ...names,
      ...(expected === undefined ? {} : { expected: this.#say(expected) }),
      ...(found === undefined ? {} : { found: this.#say(found) }),
      ...(limit === undefined ? {} : { limit: this.#say(limit) }),
      ...(next === undefined ? {} : { next: this.#say(next) }),
    };
  }

  #say(text: string): string {
    return this.#sentences.translate(text) ?? text;
  }

  /** A summary may be of several clauses. */
  #clauses(summary: string): string {
    const whole = this.#sentences.translate(summary);
    if (whole !== null) return whole;
    const clauses = summary.split('; ');
    if (clauses.length > mostClauses) return summary;
    return clauses.map((clause) => this.#say(clause)).join('; ');
  }
}

/** The facts that a message tells in brackets, and what follows them. */
function detailIn(message: string): ErrorDetail {
  const starts = facts.map((fact) => message.indexOf(` (${frames[fact].replace('{0}', '')}`)).filter((at) => at >= 0);
  const start = Math.min(...starts);
  const end = message.lastIndexOf(').');
  if (starts.length === 0 || end < start) return {};
  const next = message.slice(end + ').'.length).trimStart();
  const detail: ErrorDetail = next === '' ? {} : { next };
  let last: Fact | null = null;
  for (const part of message.slice(start + ' ('.length, end).split('; ')) {
    const fact = facts.find((one) => part.startsWith(frames[one].replace('{0}', '')));
    const isNext: boolean = fact !== undefined && (last === null || facts.indexOf(fact) > facts.indexOf(last));
    if (fact !== undefined && isNext) detail[fact] = part.slice(frames[fact].length - '{0}'.length);
    else if (last !== null) detail[last] = `${detail[last] ?? ''}; ${part}`;
    if (fact !== undefined && isNext) last = fact;
  }
  return detail;
}
