/** Shows a failure to the user, once, with what can be done about it. A cancelled task is no failure. */
import * as vscode from 'vscode';
import { toErrorValue, type ErrorValue } from '../protocol/errors';
import { shownError } from './shownError';

const reported = new vscode.EventEmitter<ErrorValue>();
/** Fires for each failure that is shown, with its English words. */
export const onDidReportError = reported.event;

export async function reportError(error: unknown): Promise<void> {
  const value = toErrorValue(error);
  const { code } = value;
  if (code === 'cancelled') return;
  reported.fire(value);
  const actions = new Map([[vscode.l10n.t('Show Log'), 'gqaLens.showLog']]);
  if (code === 'engine-gone' || code.startsWith('gpu-'))
    actions.set(vscode.l10n.t('Diagnostics'), 'gqaLens.showDiagnostics');
  const chosen = actions.get(
    (await vscode.window.showErrorMessage(shownError(value).message, ...actions.keys())) ?? '',
  );
  if (chosen !== undefined) await vscode.commands.executeCommand(chosen);
}
