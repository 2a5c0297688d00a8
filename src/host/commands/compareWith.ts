/** Shows a checkpoint beside another one with the same tokenizer: one that the user picks, or one of the Explorer's menu. */
import * as vscode from 'vscode';
import type { HostContext } from '../context';
import { activeSession, sessionOf } from './activeSession';
import { pickOther } from './pickOther';

export function compareWith(context: HostContext) {
  return async (given?: unknown): Promise<void> => {
    const session = sessionOf(context, given);
    const path = await pickOther(session, context.sessions, context.recent);
    if (path === undefined) return;
    context.panels.showDiff(session, { a: { kind: 'opened' }, b: { kind: 'checkpoint', path } });
    await session.ensureRun();
  };
}

export function compareResource(context: HostContext) {
  return async (given?: unknown): Promise<void> => {
    if (!(given instanceof vscode.Uri)) return compareWith(context)();
    const session = activeSession(context);
    await context.recent.add(given.fsPath);
    context.panels.showDiff(session, { a: { kind: 'opened' }, b: { kind: 'checkpoint', path: given.fsPath } });
    await session.ensureRun();
  };
}
