/** The context keys of package.json's `when` and `enablement` clauses, kept true. Nothing else sets them. */
import * as vscode from 'vscode';
import type { RunHistory } from './history/runHistory';
import type { Sessions } from './sessions';

export function maintainContextKeys(sessions: Sessions, history: RunHistory): vscode.Disposable {
  const known = new Map<string, boolean>();
  const set = (name: string, value: boolean): void => {
    if (known.get(name) === value) return;
    known.set(name, value);
    void vscode.commands.executeCommand('setContext', `gqaLens.${name}`, value);
  };
  const update = (): void => {
    const session = sessions.active;
    const isRunnable = session !== null && session.model.notRunnable === null && session.gpu?.available !== false;
    const hasChoice = session !== null && session.model.groupChoices.length > 1;
    set('hasModel', session !== null);
    set('canRun', isRunnable);
    set('canGroup', hasChoice);
    set('canCompare', isRunnable && hasChoice);
    set('busy', session !== null && session.busy !== null);
    set('hasRuns', history.all().length > 0);
  };
  update();
  return vscode.Disposable.from(sessions.onDidChange(update), history.onDidChange(update));
}
