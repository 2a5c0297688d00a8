/**
 * What the comparison page of a session shows: its two sides, their runs on the session's text, and how far they are apart.
 * Role: follows the session and the choice of sides while a page is open. It draws nothing; the runs are sideRuns.ts, what
 * is measured besides is measuring.ts.
 */
import * as vscode from 'vscode';
import { GqaLensError, toErrorValue, type ErrorValue } from '../protocol/errors';
import type { CompareSummary, MeasuredModel, MeasureRequest, TextMeasures } from '../protocol/measures';
import { sideViews, usualSides, type DiffSide, type DiffSides, type SideId, type SideView } from '../protocol/sides';
import type { Progress } from '../protocol/tasks';
import type { Busy } from '../protocol/views';
import type { CallOptions } from './engineProcess';
import { LatestTask } from './latestTask';
import { Measuring } from './measuring';
import type { Session } from './session';
import { SideRuns, type Lender } from './sideRuns';

export class Comparison implements vscode.Disposable {
  readonly measuring = new Measuring(this);
  private currentSides = usualSides;
  private own: CompareSummary | null = null;
  private ownBusy: Busy | null = null;
  private ownProblem: ErrorValue | null = null;
  /** What `own` was computed from. */
  private key = '';
  /** Open pages. */
  private pages = 0;
  private readonly runs: SideRuns;
  private readonly work = new LatestTask();
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly busyChanged = new vscode.EventEmitter<Busy | null>();
  private readonly listeners: vscode.Disposable;
  /** Anything but `busy` and the measures has changed, here or in the session. */
  readonly onDidChange = this.changed.event;
  readonly onDidChangeBusy = this.busyChanged.event;

  constructor(
    private readonly session: Session,
    lender: Lender,
  ) {
    this.runs = new SideRuns(session, lender);
    this.listeners = vscode.Disposable.from(
      session.onDidChange(() => {
        if (session.original === null) this.runs.lose();
        this.follow();
        this.changed.fire();
      }),
      session.onDidChangeBusy(() => this.busyChanged.fire(this.busy)),
    );
  }

  get sides(): DiffSides {
    return this.currentSides;
  }

  /** Whether it is the checkpoint as it is beside the conversion: the session's own runs. */
  get isUsual(): boolean {
    return this.sides.a.kind === 'opened' && this.sides.b.kind === 'converted';
  }

  /** b against a; null before both have run. The usual one is the session's own. */
  get compare(): CompareSummary | null {
    return this.isUsual ? this.session.compare : this.own;
  }

  get busy(): Busy | null {
    return this.ownBusy ?? this.session.busy;
  }

  get problem(): ErrorValue | null {
    return this.ownProblem ?? this.session.problem;
  }

  /** Whether a page shows it. */
  get isOpen(): boolean {
    return this.pages > 0;
  }

  /** Both sides as they are shown. */
  get views(): Record<SideId, SideView> {
    return sideViews(this.sides, this.session, (path) => this.runs.other(path)?.model ?? null);
  }

  setSides({ a, b }: DiffSides): void {
    const fit = (side: DiffSide): DiffSide =>
      side.kind === 'checkpoint' && side.path === this.session.path ? { kind: 'opened' } : side;
    this.currentSides = { a: fit(a), b: fit(b) };
    this.follow();
    this.changed.fire();
  }

  /** A page is open until the result is disposed of. After the last one, runs that only it showed are freed. */
  show(): vscode.Disposable {
    this.pages += 1;
    this.follow();
    return new vscode.Disposable(() => {
      this.pages -= 1;
      if (this.pages === 0) this.leave();
    });
  }

  /** Ends what is computed for the sides, and what the session computes. */
  cancel(): void {
    this.work.cancel();
    this.session.cancel();
  }

  /** Resolves when nothing is computed for the sides any more. What the session computes is not waited for. */
  settled(): Promise<void> {
    return this.work.settled();
  }

  /** Measures side b against side a. */
  async measure(request: Omit<MeasureRequest, 'a' | 'b'>, options: CallOptions): Promise<TextMeasures> {
    const measured = async (side: SideId): Promise<MeasuredModel> => {
      const { conversion } = this.views[side];
      return { modelId: await (await this.runs.modelOf(this.sides[side], options)).modelId(options), conversion };
    };
    const [a, b] = [await measured('a'), await measured('b')];
    return this.session.measure({ a, b, ...request }, options);
  }

  /** Another checkpoint was closed: its side cannot be shown until somebody runs again. */
  otherClosed(closed: Session): void {
    if (this.runs.other(closed.path) !== closed) return;
    this.work.cancel();
    this.runs.forget(closed);
    this.own = null;
    this.ownProblem = toErrorValue(
      new GqaLensError('unknown-id', `${closed.model.name} was closed`, {
        file: closed.path,
        next: 'Press Run to open it again, or choose something else to compare with.',
      }),
    );
    this.changed.fire();
  }

  dispose(): void {
    this.listeners.dispose();
    this.leave();
    this.measuring.dispose();
    this.changed.dispose();
    this.busyChanged.dispose();
  }

  /** Computes what is missing for the sides; nothing where all is there, or where nobody looks. */
  private follow(): void {
    if (this.pages === 0) return;
    const { original, converted } = this.session;
    const { a, b } = this.sides;
    const usesConverted = a.kind === 'converted' || b.kind === 'converted';
    const key = JSON.stringify([a, b, original?.runId ?? null, usesConverted ? (converted?.runId ?? null) : null]);
    if (key === this.key) return;
    this.key = key;
    this.own = null;
    this.ownProblem = null;
    void this.work.start((signal) => this.update(signal));
  }

  private async update(signal: AbortSignal): Promise<void> {
    const { a, b } = this.sides;
    this.runs.keep([a, b]);
    if (this.isUsual) return;
    const onProgress = ({ message, fraction }: Progress): void => this.setBusy({ message, fraction });
    const options = { signal, onProgress };
    try {
      // The side that may fail first: what cannot be opened is told at once.
      for (const side of [a, b]) await this.runs.modelOf(side, options);
      this.changed.fire();
      const [runA, runB] = [await this.runs.run(a, options), await this.runs.run(b, options)];
      if (runA === null || runB === null) return;
      const compare = await this.session.compareRuns(runA.runId, runB.runId, options);
      if (!signal.aborted) this.own = compare;
    } catch (error) {
      const value = toErrorValue(error);
      if (!signal.aborted) this.ownProblem = value.code === 'cancelled' ? null : value;
    } finally {
      if (this.pages === 0) this.runs.keep([]);
      this.setBusy(null);
      this.changed.fire();
    }
  }

  private leave(): void {
    this.work.cancel();
    this.key = '';
    this.own = null;
    this.runs.keep([]);
  }

  private setBusy(busy: Busy | null): void {
    this.ownBusy = busy;
    this.busyChanged.fire(this.busy);
  }
}
