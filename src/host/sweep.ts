/**
 * One sweep: its result as far as it has come, in a file of the extension's storage, and the run that completes it.
 * Role: what a sweep panel shows; it outlives reloads by its file. It draws nothing.
 */
import * as vscode from 'vscode';
import { GqaLensError, toErrorValue, type ErrorValue } from '../protocol/errors';
import type { SweepIdentity, SweepResult } from '../protocol/sweep';
import type { Busy } from '../protocol/views';
import { LatestTask } from './latestTask';
import type { Sessions } from './sessions';

/** The name of a sweep's file: sweeps on the same model and texts go on from each other. */
export function sweepFileName({ version, model, text, calibration }: SweepIdentity): string {
  return `${[version, model, text, calibration ?? 'none'].join('-').replace(/[^\w.-]/g, '_')}.json`;
}

export class Sweep implements vscode.Disposable {
  busy: Busy | null = null;
  problem: ErrorValue | null = null;
  private readonly work = new LatestTask();
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly busyChanged = new vscode.EventEmitter<Busy | null>();
  /** Anything but `busy` has changed. */
  readonly onDidChange = this.changed.event;
  readonly onDidChangeBusy = this.busyChanged.event;

  constructor(
    readonly file: string,
    public result: SweepResult,
    private readonly sessions: Sessions,
  ) {}

  get modelPath(): string {
    return this.result.model.path;
  }

  /** Runs the rows that the file does not have. Failures become `problem`. @param plan another request on the same texts */
  run(plan: SweepResult = this.result): Promise<void> {
    return this.work.start(async (signal) => {
      this.problem = null;
      this.setBusy({ message: vscode.l10n.t('Starting'), fraction: null });
      this.changed.fire();
      try {
        const session = await this.sessions.open(this.modelPath, null, { signal });
        this.take(
          await session.sweep(plan.request, this.file, {
            signal,
            onProgress: ({ message, fraction }) => this.setBusy({ message, fraction }),
            onSweep: (result) => this.take(result),
          }),
        );
      } catch (error) {
        const value = toErrorValue(error);
        if (value.code !== 'cancelled') this.problem = value.code === 'output-exists' ? outdated(this.file) : value;
      } finally {
        this.setBusy(null);
        this.changed.fire();
      }
    });
  }

  /** Stops after what is finished; those rows stay. */
  cancel(): void {
    this.work.cancel();
  }

  dispose(): void {
    this.cancel();
    this.changed.dispose();
    this.busyChanged.dispose();
  }

  private take(result: SweepResult): void {
    this.result = result;
    this.changed.fire();
  }

  private setBusy(busy: Busy | null): void {
    this.busy = busy;
    this.busyChanged.fire(busy);
  }
}

/** The stored rows are of other weights or another text than what lies on the disk now. */
function outdated(file: string): ErrorValue {
  return toErrorValue(
    new GqaLensError('output-exists', 'The model, a text or GQA Lens has changed since this sweep', {
      file,
      next: 'Run "GQA Lens: Sweep Groups and Methods…" for a new one; this one stays as it is.',
    }),
  );
}
