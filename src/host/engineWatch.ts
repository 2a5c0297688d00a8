/** What the user is told about the engine's life, and which settings end it. */
import * as vscode from 'vscode';
import type { HostContext } from './context';
import { reportError } from './reportError';
import { changesEngine } from './settings';

/** A crash is told once, with its reason. The next thing that the user asks for starts a new engine. */
export function tellCrashes({ engine, log }: HostContext): vscode.Disposable {
  return engine.onDidStop(({ crash }) => {
    if (crash === null) return;
    log.error(crash.message);
    void reportError(crash);
  });
}

/** An engine reads its settings when it starts. One that is not running needs no restart. */
export function restartOnSettings({ engine }: HostContext): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((change) => {
    if (changesEngine(change) && engine.pid() !== undefined) void engine.restart();
  });
}
