/** Opens a checkpoint: one that is given (Explorer's menu), or one that the user picks. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { HostContext } from '../context';
import { withDelayedProgress } from '../progress';
import type { Session } from '../session';

/** Opens the path and shows its explorer. Throws GqaLensError naming the file. */
export async function openPath({ sessions, panels }: HostContext, path: string): Promise<Session> {
  const title = vscode.l10n.t('Opening {0}', basename(path));
  const session = await withDelayedProgress(title, (options) => sessions.open(path, null, options));
  panels.showExplorer(session);
  return session;
}

export function openCheckpoint(context: HostContext) {
  return async (given?: unknown): Promise<void> => {
    const uri = given instanceof vscode.Uri ? given : await pickCheckpoint();
    if (uri !== undefined) await openPath(context, uri.fsPath);
  };
}

async function pickCheckpoint(): Promise<vscode.Uri | undefined> {
  const folder = {
    label: `$(folder) ${vscode.l10n.t('Folder…')}`,
    detail: vscode.l10n.t('A Hugging Face checkpoint: config.json and weight files'),
    isFolder: true,
  };
  const file = {
    label: `$(file) ${vscode.l10n.t('File…')}`,
    detail: vscode.l10n.t(
      'A .safetensors or .gguf file, a PyTorch file (.bin, .pt, .pth) or the index of a sharded checkpoint',
    ),
    isFolder: false,
  };
  const kind = await vscode.window.showQuickPick([folder, file], { title: vscode.l10n.t('Open Checkpoint') });
  if (kind === undefined) return undefined;
  return showCheckpointDialog(kind.isFolder);
}

/** The editor's own dialog for a folder or a file of weights; undefined when the user leaves it. */
export async function showCheckpointDialog(isFolder: boolean): Promise<vscode.Uri | undefined> {
  const picked = await vscode.window.showOpenDialog({
    canSelectFolders: isFolder,
    canSelectFiles: !isFolder,
    openLabel: vscode.l10n.t('Open Checkpoint'),
    ...(isFolder
      ? {}
      : { filters: { [vscode.l10n.t('Checkpoints')]: ['safetensors', 'gguf', 'bin', 'pt', 'pth', 'json'] } }),
  });
  return picked?.[0];
}
