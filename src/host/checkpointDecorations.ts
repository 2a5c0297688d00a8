/** Marks files and folders of the Explorer that are open in GQA Lens, and tells their KV heads. */
import * as vscode from 'vscode';
import type { Session } from './session';
import type { Sessions } from './sessions';

export class CheckpointDecorations implements vscode.FileDecorationProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri[]>();
  readonly onDidChangeFileDecorations = this.changed.event;
  private readonly disposables: vscode.Disposable;
  /** Tooltips by path, as they were told last. */
  private known = new Map<string, string>();

  constructor(private readonly sessions: Sessions) {
    this.disposables = vscode.Disposable.from(
      sessions.onDidChange(() => this.update()),
      vscode.window.registerFileDecorationProvider(this),
    );
  }

  provideFileDecoration({ scheme, fsPath }: vscode.Uri): vscode.FileDecoration | undefined {
    const session = scheme === 'file' ? this.sessions.all().find(({ path }) => path === fsPath) : undefined;
    if (session === undefined) return undefined;
    return new vscode.FileDecoration('KV', tooltipOf(session), new vscode.ThemeColor('gqaLens.group0'));
  }

  dispose(): void {
    this.disposables.dispose();
    this.changed.dispose();
  }

  /** Sessions change often and what is shown of them seldom. */
  private update(): void {
    const now = new Map(this.sessions.all().map((session) => [session.path, tooltipOf(session)]));
    const paths = [...new Set([...this.known.keys(), ...now.keys()])];
    const stale = paths.filter((path) => this.known.get(path) !== now.get(path));
    this.known = now;
    if (stale.length > 0) this.changed.fire(stale.map((path) => vscode.Uri.file(path)));
  }
}

function tooltipOf({ model, conversion, converts }: Session): string {
  return converts
    ? vscode.l10n.t('Open in GQA Lens: {0} → {1} KV heads', model.G, conversion.G)
    : vscode.l10n.t('Open in GQA Lens: {0} KV heads', model.G);
}
