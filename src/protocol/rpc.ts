/**
 * birpc with errors as values: both hops (engine <-> host, host <-> webview) make their channel here.
 * Role: typed remote calls. It is not a transport: the caller gives `post` and `on`.
 */
import { createBirpc, type BirpcReturn } from 'birpc';
import { fromErrorValue, isErrorValue, toErrorValue, type ErrorValue } from './errors';

/** A message pipe: a forked process, a webview, or a pair of ports in a test. */
export interface Transport {
  post(message: unknown): void;
  on(listener: (message: unknown) => void): void;
  off?(listener: (message: unknown) => void): void;
}

/** The remote side's functions as promises, plus `$close`. */
export type Remote<Theirs extends object, Ours extends object> = BirpcReturn<Theirs, Ours>;

/**
 * Opens a typed channel. Errors thrown by either side arrive as GqaLensError with code and detail kept.
 * Calls have no time limit: long work is cancelled by task (see tasks.ts), not by a clock.
 * @param told how an error thrown on this side is told to the other
 */
export function openChannel<Theirs extends object, Ours extends object>(
  ours: Ours,
  transport: Transport,
  told: (error: unknown) => ErrorValue = toErrorValue,
): Remote<Theirs, Ours> {
  return createBirpc<Theirs, Ours>(ours, {
    post: (message: unknown) => transport.post(message),
    on: (listener: (message: unknown) => void) => transport.on(listener),
    ...(transport.off ? { off: (listener: (message: unknown) => void) => transport.off?.(listener) } : {}),
    serialize: (message: unknown) => (hasError(message) ? { ...message, e: told(message.e) } : message),
    deserialize: (message: unknown) =>
      hasError(message) && isErrorValue(message.e) ? { ...message, e: fromErrorValue(message.e) } : message,
    timeout: -1,
  });
}

function hasError(message: unknown): message is { e: unknown } {
  return typeof message === 'object' && message !== null && 'e' in message && message.e !== undefined;
}
