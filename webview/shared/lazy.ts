/**
 * Results that are asked for when they are looked at, and kept while there is room.
 * Role: one request a key, an answer for the drawing code at once ("loading"), a call back when it changes.
 */
import { toErrorValue, type ErrorValue } from '../../src/protocol/errors';

export type Lazy<Result> =
  { state: 'loading' } | { state: 'ready'; value: Result } | { state: 'failed'; error: ErrorValue };

/** A cache of asynchronous answers, least recently used first to go. */
export class LazyCache<Request, Result> {
  readonly #entries = new Map<string, Lazy<Result>>();
  readonly #fetch: (request: Request) => Promise<Result>;
  readonly #changed: () => void;
  readonly #capacity: number;

  /**
   * @param fetch asks for one result
   * @param changed called after a result or a failure has arrived
   * @param capacity how many results are kept
   */
  constructor(fetch: (request: Request) => Promise<Result>, changed: () => void, capacity: number) {
    this.#fetch = fetch;
    this.#changed = changed;
    this.#capacity = capacity;
  }

  /** The state of a request; asks for it when it is new. */
  get(request: Request): Lazy<Result> {
    const key = JSON.stringify(request);
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known;
    }
    const loading: Lazy<Result> = { state: 'loading' };
    this.#entries.set(key, loading);
    this.#evict();
    this.#fetch(request).then(
      (value) => this.#settle(key, { state: 'ready', value }),
      (error: unknown) => this.#fail(key, toErrorValue(error)),
    );
    return loading;
  }

  /** The value of a request that has already arrived, without asking for it. */
  peek(request: Request): Result | null {
    const known = this.#entries.get(JSON.stringify(request));
    return known?.state === 'ready' ? known.value : null;
  }

  /** Forgets everything; answers still on their way are dropped. */
  clear(): void {
    this.#entries.clear();
  }

  /** What was cancelled is asked for again when it is looked at again. */
  #fail(key: string, error: ErrorValue): void {
    if (error.code !== 'cancelled') this.#settle(key, { state: 'failed', error });
    else if (this.#entries.delete(key)) this.#changed();
  }

  #settle(key: string, entry: Lazy<Result>): void {
    if (!this.#entries.has(key)) return;
    this.#entries.set(key, entry);
    this.#changed();
  }

  #evict(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size <= this.#capacity) return;
      if (entry.state !== 'loading') this.#entries.delete(key);
    }
  }
}
