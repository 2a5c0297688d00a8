/**
 * Cancellation and progress across a process border. A caller picks a task id, passes it with the call, and may cancel
 * it; the callee reports progress under it. AbortSignals and callbacks cannot cross a border, ids can.
 */

/** Chosen by the caller, unique within its channel. */
export type TaskId = string;

/** How far a task is. `fraction` is 0 to 1, or null where the length is not known. */
export interface Progress {
  task: TaskId;
  message: string;
  fraction: number | null;
}

/** Inside a process: how work reports and how it is stopped. */
export interface TaskContext {
  signal: AbortSignal;
  report(message: string, fraction: number | null): void;
}

/** For callers that neither report nor cancel. */
export const quietTask: TaskContext = { signal: new AbortController().signal, report: () => undefined };

/** A part of a task, from one fraction of it to another; what it reports starts with `prefix`. */
export function partOf(task: TaskContext, [from, to]: readonly [number, number], prefix = ''): TaskContext {
  const report = (message: string, fraction: number | null): void =>
    task.report(prefix + message, from + (to - from) * (fraction ?? 0));
  return { signal: task.signal, report };
}
