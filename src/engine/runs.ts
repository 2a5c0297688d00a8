/**
 * Finished forward passes, by id, with what was measured on them.
 * Role: the engine's memory of runs. Their GPU buffers live in model/keptRun.ts.
 */
import type { KeptRun } from '../model/keptRun';
import { GqaLensError } from '../protocol/errors';
import type { RunSummary } from '../protocol/runs';

export interface StoredRun {
  summary: RunSummary;
  kept: KeptRun;
}

export class RunRegistry {
  private readonly byId = new Map<string, StoredRun>();
  private nextId = 1;
  /** Work under way on each run. */
  private readonly users = new Map<StoredRun, number>();

  newId(): string {
    return `run-${this.nextId++}`;
  }

  add(run: StoredRun): void {
    this.byId.set(run.summary.runId, run);
  }

  /** @throws GqaLensError unknown-id */
  get(runId: string): StoredRun {
    const run = this.byId.get(runId);
    if (run) return run;
    throw new GqaLensError('unknown-id', 'The results of this run are gone', { found: runId, next: 'Run again.' });
  }

  /** Lets long work use a run: released meanwhile, it is freed afterwards. @throws GqaLensError unknown-id */
  async use<T>(runId: string, work: (run: StoredRun) => Promise<T>): Promise<T> {
    const run = this.get(runId);
    this.users.set(run, (this.users.get(run) ?? 0) + 1);
    try {
      return await work(run);
    } finally {
      const left = (this.users.get(run) ?? 1) - 1;
      if (left > 0) this.users.set(run, left);
      else this.users.delete(run);
      if (left === 0 && this.byId.get(runId) !== run) run.kept.destroy();
    }
  }

  /** Frees a run, or lets who uses it free it; unknown ids are ignored. */
  release(runId: string): void {
    const run = this.byId.get(runId);
    this.byId.delete(runId);
    if (run && !this.users.has(run)) run.kept.destroy();
  }

  /** Frees every run of a model. */
  releaseModel(modelId: string): void {
    for (const [runId, { summary }] of this.byId) if (summary.modelId === modelId) this.release(runId);
  }

  releaseAll(): void {
    for (const runId of this.byId.keys()) this.release(runId);
  }
}
