/** Runs a text on the active checkpoint: one that is typed, or what is selected in the editor. */
import * as vscode from 'vscode';
import { GqaLensError } from '../../protocol/errors';
import type { HostContext } from '../context';
import { parseInput } from '../../protocol/defaults';
import { withSessionProgress } from '../progress';
import { shownError } from '../shownError';
import { activeSession } from './activeSession';

export function runOnText(context: HostContext) {
  return async (): Promise<void> => {
    const session = activeSession(context);
    const { model } = session;
    const text = await vscode.window.showInputBox({
      title: vscode.l10n.t('Run {0} on text', model.name),
      prompt: model.hasTokenizer
        ? vscode.l10n.t('The text to run')
        : vscode.l10n.t('No tokenizer: token ids from 0 to {0}, separated by commas', model.V - 1),
      value: session.text,
      validateInput: (value) => {
        if (value.trim() === '') return vscode.l10n.t('Enter something to run.');
        try {
          parseInput(value, model);
          return undefined;
        } catch (error) {
          return shownError(error).message;
        }
      },
    });
    if (text !== undefined) await run(context, text);
  };
}

export function runOnSelection(context: HostContext) {
  return async (): Promise<void> => {
    const editor = vscode.window.activeTextEditor;
    const text = editor?.document.getText(editor.selection) ?? '';
    if (text.trim() === '')
      throw new GqaLensError('input-invalid', 'Nothing is selected', {
        next: 'Select the text to run.',
      });
    await run(context, text);
  };
}

/** Runs and shows; the explorer shows the result or the problem. */
async function run(context: HostContext, text: string): Promise<void> {
  const session = activeSession(context);
  context.panels.showExplorer(session);
  const title = vscode.l10n.t('Running {0}', session.model.name);
  await withSessionProgress(title, session, () => session.run(text));
}

export function cancelRun(context: HostContext) {
  return (): void => context.sessions.active?.cancel();
}
