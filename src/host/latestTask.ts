/** Runs one task at a time; a newer one cancels the older and waits until it has ended. */
export class LatestTask {
  private current: { controller: AbortController; done: Promise<void> } | null = null;

  /** Whether a task is running or waiting. */
  get isBusy(): boolean {
    return this.current !== null;
  }

  /** Starts `work` after the older task has ended. `work` does not throw; it is skipped if a newer one came first. */
  start(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const older = this.current;
    older?.controller.abort();
    const controller = new AbortController();
    const done = (async () => {
      await older?.done;
      if (!controller.signal.aborted) await work(controller.signal);
    })();
    const task = { controller, done };
    this.current = task;
    return done.finally(() => {
      if (this.current === task) this.current = null;
    });
  }

  /** Resolves when nothing is running or waiting any more. */
  async settled(): Promise<void> {
    while (this.current !== null) await this.current.done;
  }

  cancel(): void {
    this.current?.controller.abort();
  }
}
