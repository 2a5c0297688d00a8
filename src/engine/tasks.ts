/** Tasks that callers in another process may cancel: ids to abort controllers, and progress sent back by id. */
import { toErrorValue } from '../protocol/errors';
import type { Progress, TaskContext, TaskId } from '../protocol/tasks';
import { GqaLensError } from '../protocol/errors';

/** Progress closer together than this is dropped: a view cannot show more. */
const reportIntervalMilliseconds = 50;

export class TaskRegistry {
  private readonly controllers = new Map<TaskId, AbortController>();

  constructor(private readonly send: (progress: Progress) => void) {}

  /** Runs work under an id. Cancelling rejects with code "cancelled". */
  async run<T>(task: TaskId, work: (context: TaskContext) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    this.controllers.set(task, controller);
    let last = 0;
    const report = (message: string, fraction: number | null): void => {
      const now = performance.now();
      if (now - last < reportIntervalMilliseconds) return;
      last = now;
      this.send({ task, message, fraction });
    };
    try {
      return await work({ signal: controller.signal, report });
    } catch (error) {
      if (controller.signal.aborted) throw new GqaLensError('cancelled', 'Cancelled');
      throw toErrorValue(error).code === 'cancelled' ? new GqaLensError('cancelled', 'Cancelled') : error;
    } finally {
      this.controllers.delete(task);
    }
  }

  /** Unknown ids are ignored: the task may have just ended. */
  cancel(task: TaskId): void {
    this.controllers.get(task)?.abort();
  }
}
