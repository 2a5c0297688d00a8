/**
 * The one error class that people see, and its form on the wire.
 * Role: every failure that a user can act on is a GqaLensError; it says what was expected, what was found and what to
 * do next. It is not for programming errors: those stay plain Errors.
 */

/** What an error is about. Every field is optional; the message names those that are set. */
export interface ErrorDetail {
  file?: string;
  tensor?: string;
  expected?: string;
  found?: string;
  limit?: string;
  /** The next step, as an instruction to the user. */
  next?: string;
}

/** Stable codes: tests and views may branch on them, messages may be reworded. */
export type ErrorCode =
  | 'cancelled'
  | 'checkpoint-not-found'
  | 'checkpoint-invalid'
  | 'checkpoint-unsupported'
  | 'tokenizer-missing'
  | 'tokenizer-invalid'
  | 'input-invalid'
  | 'conversion-invalid'
  | 'output-exists'
  | 'gpu-unavailable'
  | 'gpu-failed'
  | 'engine-gone'
  | 'unknown-id'
  | 'not-recorded'
  | 'internal';

/** An error as a plain value: what crosses a process border. */
export interface ErrorValue {
  code: ErrorCode;
  message: string;
  detail: ErrorDetail;
  /** What the message says before the facts of `detail`, where it is as a reader sees it (errorWords.ts). */
  summary?: string;
}

/** A failure that the user can act on. `message` is the whole sentence; `detail` holds its parts. */
export class GqaLensError extends Error {
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;

  constructor(code: ErrorCode, summary: string, detail: ErrorDetail = {}) {
    super(describe(summary, detail));
    this.name = 'GqaLensError';
    this.code = code;
    this.detail = detail;
  }
}

/** How a message names its facts, in the order that it tells them. */
export const frames = {
  file: 'file {0}',
  tensor: 'tensor {0}',
  expected: 'expected {0}',
  found: 'found {0}',
  limit: 'limit {0}',
};

/** A fact that a message holds in brackets. */
export type Fact = keyof typeof frames;
export const facts = Object.keys(frames) as readonly Fact[];

/** The whole sentence of an error. @param names how the facts are named */
export function describe(summary: string, detail: ErrorDetail, names: Readonly<Record<Fact, string>> = frames): string {
  return `${summary.replace(/\.$/, '')}${describeDetail(detail, names)}`;
}

/** What follows the summary. */
function describeDetail(detail: ErrorDetail, names: Readonly<Record<Fact, string>>): string {
  const told = facts.flatMap((fact) => {
    const value = detail[fact];
    return value === undefined ? [] : [names[fact].replace('{0}', () => value)];
  });
  return `${told.length > 0 ? ` (${told.join('; ')})` : ''}.${detail.next === undefined ? '' : ` ${detail.next}`}`;
}

/** What the message says before the facts that `detail` holds; the whole message where it is no such sentence. */
export function summaryOf({ message, detail }: Pick<ErrorValue, 'message' | 'detail'>): string {
  const end = describeDetail(detail, frames);
  return message.endsWith(end) ? message.slice(0, -end.length) : message;
}

/** Turns anything thrown into an error value. Unknown errors become `internal` with their own message. */
export function toErrorValue(error: unknown): ErrorValue {
  if (error instanceof GqaLensError) return { code: error.code, message: error.message, detail: error.detail };
  if (isErrorValue(error)) return error;
  if (error instanceof Error) {
    const cancelled = error.name === 'AbortError';
    return { code: cancelled ? 'cancelled' : 'internal', message: error.message, detail: {} };
  }
  return { code: 'internal', message: String(error), detail: {} };
}

/** Turns an error value back into an error that can be thrown. The message is taken as it is. */
export function fromErrorValue(value: ErrorValue): GqaLensError {
  const error = new GqaLensError(value.code, '', value.detail);
  error.message = value.message;
  return error;
}

/** Whether a value has the form of an ErrorValue. */
export function isErrorValue(value: unknown): value is ErrorValue {
  return typeof value === 'object' && value !== null && 'code' in value && 'message' in value && 'detail' in value;
}
