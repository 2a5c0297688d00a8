/**
 * The engine as the rest of the host sees it: started at first need, started again after a crash, called with
 * cancellation and progress. It knows nothing of models: who holds ids of a dead engine asks for them again.
 */
import { join } from 'node:path';
import * as vscode from 'vscode';
import { GqaLensError } from '../protocol/errors';
import type { RuntimeCandidate } from '../protocol/gpu';
import { ProgressWords } from '../protocol/progressWords';
import type { SweepResult } from '../protocol/sweep';
import type { Progress, TaskId } from '../protocol/tasks';
import { forkEngine, type Engine, type EngineChild } from './engineChild';
import { chooseRuntime, type RuntimeChoice } from './runtime';
import { engineEnvironment, readSettings } from './settings';

const progressWords = new ProgressWords(vscode.l10n.bundle);

export interface CallOptions {
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
  /** For sweeps: told the result as far as it has come. */
  onSweep?: (result: SweepResult) => void;
}

/** Why an engine stopped: a crash has a reason; a wanted stop (settings changed) has none. */
export interface EngineStop {
  crash: GqaLensError | null;
}

interface RememberedRuntime extends RuntimeChoice {
  key: string;
}

const rememberedRuntimeKey = 'engineRuntime';
/** This many crashes within a minute mean that trying again does not help. */
const crashLimit = 3;
const crashWindowMilliseconds = 60_000;

export class EngineProcess implements vscode.Disposable {
  private child: EngineChild | null = null;
  private starting: Promise<EngineChild> | null = null;
  private choice: RuntimeChoice | null = null;
  private tried: RuntimeCandidate[] = [];
  private crashes: number[] = [];
  private lastTask = 0;
  /** Who hears of the tasks that are running. */
  private readonly listeners = new Map<TaskId, CallOptions>();
  private readonly stopped = new vscode.EventEmitter<EngineStop>();
  /** Everything that the engine held (models, runs) is gone when this fires. */
  readonly onDidStop = this.stopped.event;

  constructor(
    private readonly extension: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** The running engine's process id; undefined before first need and after it has ended. */
  pid(): number | undefined {
    return this.child?.pid;
  }

  /** Every runtime that was tried for the engine, with its outcome. */
  triedRuntimes(): readonly RuntimeCandidate[] {
    return this.tried;
  }

  /** Runs `work` on the engine, starting it if needed. Throws GqaLensError; `engine-gone` when it ends meanwhile. */
  async call<T>(work: (engine: Engine, task: TaskId) => Promise<T>, options: CallOptions = {}): Promise<T> {
    const child = await this.ensure();
    if (options.signal?.aborted === true) throw new GqaLensError('cancelled', 'Cancelled');
    const task = `task-${++this.lastTask}`;
    this.listeners.set(task, options);
    const cancel = (): void => void child.engine.cancel.asEvent(task).catch(() => undefined);
    options.signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await work(child.engine, task);
    } catch (error) {
      throw child.gone ?? error;
    } finally {
      options.signal?.removeEventListener('abort', cancel);
      this.listeners.delete(task);
    }
  }

  /** The user asked for something: an engine that crashed too often may be tried once more. */
  allowRestart(): void {
    this.crashes = [];
  }

  /** Stops the engine because its settings changed; the next call starts one with the new settings. */
  async restart(): Promise<void> {
    this.choice = null;
    await this.stop();
    this.stopped.fire({ crash: null });
  }

  /** Ends the process cleanly. */
  async stop(): Promise<void> {
    await this.starting?.catch(() => undefined);
    const { child } = this;
    this.child = null;
    await child?.stop();
  }

  dispose(): void {
    this.stopped.dispose();
  }

  private ensure(): Promise<EngineChild> {
    if (this.child !== null && this.child.gone === null) return Promise.resolve(this.child);
    this.starting ??= this.start().finally(() => (this.starting = null));
    return this.starting;
  }

  private async start(): Promise<EngineChild> {
    const now = Date.now();
    this.crashes = this.crashes.filter((time) => now - time < crashWindowMilliseconds);
    if (this.crashes.length >= crashLimit) {
      throw new GqaLensError('engine-gone', `The engine stopped ${crashLimit} times within a minute`, {
        next: 'Look at the log, then run a command to try again.',
      });
    }
    const settings = readSettings();
    const environment = { ...process.env, ...engineEnvironment(settings) };
    const remembered = this.choice ?? this.recall(settings.nodePath);
    if (remembered !== null) {
      const child = await this.launch(remembered, environment).catch(() => null);
      if (child !== null) return child;
      this.log.warn(`The engine no longer starts under ${remembered.runtime.path}: looking for another runtime`);
    }
    return this.launch(await this.choose(settings.nodePath, environment), environment);
  }

  private async launch(choice: RuntimeChoice, environment: NodeJS.ProcessEnv): Promise<EngineChild> {
    const events = {
      progress: ({ message, ...progress }: Progress): void =>
        this.listeners.get(progress.task)?.onProgress?.({ ...progress, message: progressWords.translate(message) }),
      swept: (task: TaskId, result: SweepResult): void => this.listeners.get(task)?.onSweep?.(result),
      log: (level: 'info' | 'warn' | 'error', message: string): void => this.log[level](message),
    };
    const child = forkEngine(choice.runtime, this.distFolder(), environment, events, this.log);
    await child.engine.hello();
    this.choice = choice;
    this.tried = choice.tried;
    this.child = child;
    void child.ended.then((reason) => this.afterEnd(child, reason));
    return child;
  }

  private afterEnd(child: EngineChild, reason: GqaLensError): void {
    // A child that was let go on purpose is no longer ours.
    if (this.child !== child) return;
    this.child = null;
    this.crashes.push(Date.now());
    this.stopped.fire({ crash: reason });
  }

  private async choose(nodePath: string, environment: NodeJS.ProcessEnv): Promise<RuntimeChoice> {
    const choice = await chooseRuntime(this.distFolder(), nodePath, environment);
    this.tried = choice.tried;
    for (const { origin, path, ok, reason } of choice.tried)
      this.log.info(`Runtime ${path} (${origin}): ${ok ? 'works' : 'refused'}, ${reason}`);
    if (choice.runtime === null) {
      throw new GqaLensError('engine-gone', 'No Node.js was found that can run the engine', {
        expected: 'Node.js 20 or newer',
        found: choice.tried.map(({ path, reason }) => `${path}: ${reason}`).join('; ') || 'none',
        next: 'Install Node.js, or set "gqaLens.nodePath" to one.',
      });
    }
    // Only a success is worth remembering: a driver may be installed before the next session.
    const remembered: RememberedRuntime = { ...choice, key: this.runtimeKey(nodePath) };
    await this.extension.globalState.update(rememberedRuntimeKey, choice.hasGpu ? remembered : undefined);
    return choice;
  }

  private recall(nodePath: string): RuntimeChoice | null {
    const remembered = this.extension.globalState.get<RememberedRuntime>(rememberedRuntimeKey);
    return remembered?.key === this.runtimeKey(nodePath) ? remembered : null;
  }

  /** What a remembered runtime depends on: this extension's version, the editor's own runtime, the setting. */
  private runtimeKey(nodePath: string): string {
    const { version } = this.extension.extension.packageJSON as { version: string };
    return [version, process.execPath, nodePath].join('\n');
  }

  private distFolder(): string {
    return join(this.extension.extensionPath, 'dist');
  }
}
