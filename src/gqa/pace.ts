/**
 * Long CPU work that leaves the process responsive.
 * Role: gives way to other work every few milliseconds and stops when the task is cancelled. It makes no threads.
 */
import type { TaskContext } from '../protocol/tasks';

/** How long work may hold the event loop: a call that waits this long still feels instant. */
const sliceMilliseconds = 20;

/** Call in every round of a long loop: cheap, and now and then it lets other work run. */
export type Breathe = () => Promise<void>;

/**
 * Makes a `breathe` for one piece of work.
 * @returns A function that rejects with the signal's reason once the task is cancelled.
 */
export function pace(task: TaskContext): Breathe {
  let sliceStart = performance.now();
  return async () => {
    if (performance.now() - sliceStart >= sliceMilliseconds) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      sliceStart = performance.now();
    }
    task.signal.throwIfAborted();
  };
}
