/**
 * Calls about one topic at a time: a call about another topic cancels those before it, whose answers nobody awaits.
 * Role: the end of long comparisons when somebody chooses another one. It knows no engine.
 */
export class Topics {
  private current: { topic: string; controller: AbortController; open: number } | null = null;

  /** Calls on their way. */
  get isBusy(): boolean {
    return this.current !== null && this.current.open > 0;
  }

  /** @param topic what calls that may run side by side have in common */
  async call<Answer>(topic: string, work: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    if (this.current?.topic !== topic) {
      this.cancel();
      this.current = { topic, controller: new AbortController(), open: 0 };
    }
    const { current } = this;
    current.open += 1;
    try {
      return await work(current.controller.signal);
    } finally {
      current.open -= 1;
    }
  }

  cancel(): void {
    this.current?.controller.abort();
    this.current = null;
  }
}
