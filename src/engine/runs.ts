/**
 * Finished forward passes, by id, with what was measured on them.
 * Role: the engine's memory of runs. Their GPU buffers live in model/keptRun.ts.
 */
import type { KeptRun } from '../model/keptRun';
import { GqaLensError } from '../protocol/errors';
import type { RunSummary } from '../protocol/model';

export interface StoredRun {
  summary: RunSummary;
  kept: KeptRun;
}

export class RunRegistry {
  private readonly byId = new Map<string, StoredRun>();
  private nextId = 1;

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

  /** Frees a run; unknown ids are ignored. */
  release(runId: string): void {
    const run = this.byId.get(runId);
    this.byId.delete(runId);
    run?.kept.destroy();
  }

  /** Frees every run of a model. */
  releaseModel(modelId: string): void {
    for (const [runId, { summary }] of this.byId) if (summary.modelId === modelId) this.release(runId);
  }

  releaseAll(): void {
    for (const runId of this.byId.keys()) this.release(runId);
  }
}
