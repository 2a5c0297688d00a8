/**
 * The checkpoints that are open, in the order they were opened, and the one that commands act on.
 * It opens a path once, however often it is asked for.
 */
import * as vscode from 'vscode';
import type { CallOptions, EngineProcess } from './engineProcess';
import type { SessionStart } from './openInEngine';
import { Session } from './session';
import type { Lender } from './sideRuns';

export class Sessions implements vscode.Disposable, Lender {
  private readonly byPath = new Map<string, Session>();
  private readonly opening = new Map<string, Promise<Session>>();
  /** How many comparisons show a checkpoint beside theirs. */
  private readonly loans = new Map<Session, number>();
  /** Checkpoints that somebody opened for themselves: they stay when no comparison shows them any more. */
  private readonly kept = new Set<Session>();
  private current: Session | null = null;
  private readonly listeners = new Map<Session, vscode.Disposable>();
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly closed = new vscode.EventEmitter<Session>();
  private readonly ran = new vscode.EventEmitter<Session>();
  /** A checkpoint was opened, closed, became active, or has changed (see Session.onDidChange). */
  readonly onDidChange = this.changed.event;
  readonly onDidClose = this.closed.event;
  /** A session has run a text to its end (see Session.onDidRun). */
  readonly onDidRun = this.ran.event;

  constructor(private readonly process: EngineProcess) {}

  /** The checkpoint whose panel was looked at last; null when none is open. */
  get active(): Session | null {
    return this.current;
  }

  all(): Session[] {
    return [...this.byPath.values()];
  }

  /** Opens a checkpoint and makes it active. `start` is used only if it is not open yet. Throws GqaLensError. */
  async open(path: string, start: SessionStart | null = null, options: CallOptions = {}): Promise<Session> {
    const existing = this.byPath.get(path);
    const session = existing ?? (await this.openOnce(path, start, options));
    this.activate(session);
    return session;
  }

  /** Opens a checkpoint for a comparison: unless somebody opens it meanwhile, it is closed with the last of them. */
  async borrow(path: string, options: CallOptions = {}): Promise<Session> {
    const session = this.byPath.get(path) ?? (await this.openOnce(path, null, options));
    this.loans.set(session, (this.loans.get(session) ?? 0) + 1);
    this.current ??= session;
    this.changed.fire();
    return session;
  }

  giveBack(session: Session): void {
    const left = (this.loans.get(session) ?? 1) - 1;
    this.loans.set(session, left);
    if (left === 0 && !this.kept.has(session)) this.close(session);
  }

  activate(session: Session): void {
    this.kept.add(session);
    if (this.current === session || !this.byPath.has(session.path)) return;
    this.current = session;
    this.changed.fire();
  }

  close(session: Session): void {
    if (!this.byPath.delete(session.path)) return;
    this.listeners.get(session)?.dispose();
    this.listeners.delete(session);
    this.loans.delete(session);
    this.kept.delete(session);
    if (this.current === session) this.current = this.all().at(-1) ?? null;
    this.closed.fire(session);
    for (const other of this.all()) other.comparison.otherClosed(session);
    session.dispose();
    this.changed.fire();
  }

  dispose(): void {
    for (const session of this.all()) session.dispose();
    for (const listener of this.listeners.values()) listener.dispose();
    this.changed.dispose();
    this.closed.dispose();
    this.ran.dispose();
  }

  private openOnce(path: string, start: SessionStart | null, options: CallOptions): Promise<Session> {
    const pending = this.opening.get(path);
    if (pending) return pending;
    const opening = Session.open(path, this.process, start, options, this)
      .then((session) => {
        this.byPath.set(path, session);
        this.listeners.set(
          session,
          vscode.Disposable.from(
            session.onDidChange(() => this.changed.fire()),
            session.onDidRun(() => this.ran.fire(session)),
          ),
        );
        return session;
      })
      .finally(() => this.opening.delete(path));
    this.opening.set(path, opening);
    return opening;
  }
}
