/**
 * One weight file that is looked at: what the engine read of it, read again when it changes on disk.
 * Role: state and its changes. It draws nothing; the page is structureEditor.ts.
 */
import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import { shownModel, shownProblem } from '../shownError';
import { GqaLensError, toErrorValue, type ErrorValue } from '../../protocol/errors';
import type { CheckpointStructure, TensorStatistics } from '../../protocol/structure';
import type { StructureSnapshot } from '../../protocol/structureView';
import type { CallOptions, EngineProcess } from '../engineProcess';
import { LatestTask } from '../latestTask';

/** A file is read again once nothing has been written to it for this long: a download writes for minutes. */
const quietMilliseconds = 500;

export class StructureDocument implements vscode.CustomDocument {
  private structure: CheckpointStructure | null = null;
  private problem: ErrorValue | null = null;
  private isReading = true;
  private version = 0;
  /** By tensor, of the file as it was read last. */
  private statistics = new Map<string, TensorStatistics>();
  private statisticsWanted: AbortController | null = null;
  private readonly reading = new LatestTask();
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  private readonly watcher: vscode.Disposable;

  constructor(
    readonly uri: vscode.Uri,
    private readonly engine: EngineProcess,
  ) {
    this.watcher = this.watch();
    void this.read();
  }

  get snapshot(): StructureSnapshot {
    const { structure, problem, isReading, version } = this;
    const shown = structure && { ...structure, summary: shownModel(structure.summary) };
    return { path: this.uri.fsPath, structure: shown, problem: shownProblem(problem), isReading, version };
  }

  /** Reads the file, again if it was read before. Failures become `problem`. */
  read(): Promise<void> {
    return this.reading.start(async (signal) => {
      this.statisticsWanted?.abort();
      this.isReading = true;
      this.changed.fire();
      try {
        this.structure = await this.engine.call((engine, task) => engine.structure(this.localPath(), task), { signal });
        this.problem = null;
      } catch (error) {
        const value = toErrorValue(error);
        if (value.code === 'cancelled') return;
        this.problem = value;
        this.structure = null;
      } finally {
        this.version++;
        this.statistics = new Map();
        this.isReading = false;
        this.changed.fire();
      }
    });
  }

  /** Statistics of a tensor. A newer question cancels an older one. Throws GqaLensError. */
  async statisticsOf(tensor: string, onProgress: CallOptions['onProgress']): Promise<TensorStatistics> {
    const { statistics } = this;
    const known = statistics.get(tensor);
    if (known) return known;
    this.cancelStatistics();
    const controller = new AbortController();
    this.statisticsWanted = controller;
    const found = await this.engine.call((engine, task) => engine.tensorStatistics(this.localPath(), tensor, task), {
      signal: controller.signal,
      ...(onProgress ? { onProgress } : {}),
    });
    statistics.set(tensor, found);
    return found;
  }

  cancelStatistics(): void {
    this.statisticsWanted?.abort();
  }

  dispose(): void {
    this.cancelStatistics();
    this.reading.cancel();
    this.watcher.dispose();
    this.changed.dispose();
    // An engine that does not run holds no file, and must not be started to be told so.
    if (this.engine.pid() === undefined) return;
    this.engine.call((engine) => engine.closeStructure(this.uri.fsPath)).catch(() => undefined);
  }

  /** The engine reads files itself: what a source-control or virtual file system provides is none. */
  private localPath(): string {
    if (this.uri.scheme === 'file') return this.uri.fsPath;
    throw new GqaLensError('checkpoint-unsupported', 'Only files on disk can be looked at', {
      file: this.uri.toString(),
      expected: 'a file: address',
      found: `${this.uri.scheme}:`,
      next: 'Save the file to disk and open it there.',
    });
  }

  /** Follows the file, its config, and the shards that belong to it. */
  private watch(): vscode.Disposable {
    if (this.uri.scheme !== 'file') return new vscode.Disposable(() => undefined);
    const { fsPath } = this.uri;
    let timer: NodeJS.Timeout | undefined;
    const touched = ({ fsPath: path }: vscode.Uri): void => {
      if (!this.isPart(basename(path))) return;
      clearTimeout(timer);
      timer = setTimeout(() => void this.read(), quietMilliseconds);
    };
    const folder = new vscode.RelativePattern(vscode.Uri.file(dirname(fsPath)), '*');
    const watcher = vscode.workspace.createFileSystemWatcher(folder);
    return vscode.Disposable.from(
      watcher,
      watcher.onDidChange(touched),
      watcher.onDidCreate(touched),
      watcher.onDidDelete(touched),
      { dispose: () => clearTimeout(timer) },
    );
  }

  private isPart(name: string): boolean {
    if (name === basename(this.uri.fsPath) || name === 'config.json') return true;
    // What a broken checkpoint lacks is not known by name: anything that comes may be it.
    return this.structure?.tensors.kinds.some(({ file }) => file === name) ?? this.problem !== null;
  }
}
