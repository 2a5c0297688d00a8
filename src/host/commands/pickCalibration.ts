/** Asks for the text that a conversion is solved on, and how much of it. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { usualCalibration, type CalibrationText } from '../../protocol/conversion';
import type { Session } from '../session';

/** Tokens that can be chosen: more take longer and help little. */
const tokenChoices = [2048, usualCalibration.tokens, 32_768];

/** Why nothing can be solved on a text; null when it can. */
export function textProblem({ model, gpu }: Session): string | null {
  if (!model.hasTokenizer)
    return vscode.l10n.t('What is solved on a text needs a tokenizer.json beside the checkpoint.');
  if (gpu?.available === false) return vscode.l10n.t('What is solved on a text needs a GPU.');
  return null;
}

/** Undefined when the user leaves it. */
export async function pickCalibration(session: Session): Promise<CalibrationText | undefined> {
  const file = await pickText(session);
  if (file === undefined) return undefined;
  const tokens = await pickTokens(session.conversion.calibration ?? usualCalibration);
  return tokens === undefined ? undefined : { file, tokens };
}

/** Asks for a text file; undefined when the user leaves it. */
export async function pickTextFile(): Promise<string | undefined> {
  const picked = await vscode.window.showOpenDialog({
    canSelectMany: false,
    openLabel: vscode.l10n.t('Solve on This Text'),
    filters: { [vscode.l10n.t('Text')]: ['txt', 'md', '*'] },
  });
  return picked?.[0]?.fsPath;
}

async function pickText({ conversion }: Session): Promise<string | null | undefined> {
  const current = conversion.calibration?.file;
  const mark = (file: string | null): string =>
    conversion.calibration !== undefined && file === current ? vscode.l10n.t('current') : '';
  const excerpt = {
    label: vscode.l10n.t('Bundled excerpt'),
    description: mark(null),
    detail: vscode.l10n.t('English novels in the public domain. A text of your own domain serves its models better.'),
    file: null,
  };
  const files = [...new Set([...(typeof current === 'string' ? [current] : []), ...openTextFiles()])].map((file) => ({
    label: basename(file),
    description: mark(file),
    detail: file,
    file,
  }));
  const other = { label: vscode.l10n.t('Choose a File…'), file: undefined };
  const chosen = await vscode.window.showQuickPick<vscode.QuickPickItem & { file: string | null | undefined }>(
    [excerpt, ...files, other],
    { title: vscode.l10n.t('Which text the conversion is solved on'), ignoreFocusOut: true },
  );
  if (chosen === undefined) return undefined;
  return chosen.file === undefined ? pickTextFile() : chosen.file;
}

/** Files that are shown in a text editor, the active one first. */
function openTextFiles(): string[] {
  const editors = [vscode.window.activeTextEditor, ...vscode.window.visibleTextEditors];
  return editors.flatMap((editor) =>
    editor?.document.uri.scheme === 'file' && !editor.document.isUntitled ? [editor.document.uri.fsPath] : [],
  );
}

async function pickTokens(current: CalibrationText): Promise<number | undefined> {
  const items = tokenChoices.map((tokens) => ({
    tokens,
    label: vscode.l10n.t('{0} tokens', tokens),
    description: [
      tokens === usualCalibration.tokens ? vscode.l10n.t('recommended') : '',
      tokens === current.tokens ? vscode.l10n.t('current') : '',
    ]
      .filter((note) => note !== '')
      .join(' · '),
  }));
  const title = vscode.l10n.t('How many tokens of it');
  return (await vscode.window.showQuickPick(items, { title, ignoreFocusOut: true }))?.tokens;
}
