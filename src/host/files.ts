/** Files that the user asked for: where they go, and that they appear whole or not at all. */
import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { GqaLensError } from '../protocol/errors';

export interface WantedFile {
  /** What the dialog is called. */
  title: string;
  /** Proposed, without ending. */
  name: string;
  ending: string;
  /** Makes the content once the place is chosen. */
  content: () => string | Uint8Array | Promise<string | Uint8Array>;
}

/** Asks where a file goes, writes it, and offers to open it. Nothing happens when the user chooses no place. */
export async function saveFile({ title, name, ending, content }: WantedFile): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const chosen = await vscode.window.showSaveDialog({
    title,
    filters: { [ending.toUpperCase()]: [ending] },
    ...(folder ? { defaultUri: vscode.Uri.joinPath(folder, `${name}.${ending}`) } : {}),
  });
  if (chosen === undefined) return;
  const made = await content();
  await writeWhole(chosen, typeof made === 'string' ? new TextEncoder().encode(made) : made);
  const open = vscode.l10n.t('Open');
  void vscode.window.showInformationMessage(vscode.l10n.t('Saved {0}.', basename(chosen.path)), open).then((answer) => {
    if (answer === open) void vscode.commands.executeCommand('vscode.open', chosen);
  });
}

/** Replaces a file: written beside its place under another name, then renamed. @throws GqaLensError input-invalid */
async function writeWhole(target: vscode.Uri, bytes: Uint8Array): Promise<void> {
  const { fs } = vscode.workspace;
  const temporary = vscode.Uri.joinPath(target, '..', `.${basename(target.path)}.partial-${randomUUID()}`);
  try {
    await fs.writeFile(temporary, bytes);
    await fs.rename(temporary, target, { overwrite: true });
  } catch (error) {
    await fs.delete(temporary).then(undefined, () => undefined);
    throw new GqaLensError('input-invalid', 'The file cannot be written', {
      file: target.fsPath,
      found: error instanceof Error ? error.message : String(error),
      next: 'Choose a place that you can write to.',
    });
  }
}
