/** Reads the grouping of the active checkpoint from a JSON file, and writes it to one. */
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import type { HostContext } from '../context';
import type { Session } from '../session';
import { activeSession } from './activeSession';

const filters = (): Record<string, string[]> => ({ [vscode.l10n.t('Groupings')]: ['json'] });

/** Asks for a file, unless one is given, and converts by the groups in it. */
export function loadGrouping(context: HostContext) {
  return async (given?: unknown): Promise<void> => {
    const session = activeSession(context);
    const uri = given instanceof vscode.Uri ? given : await pickFile(session);
    if (uri === undefined) return;
    const { G, assignment } = await session.readGrouping(uri.fsPath);
    context.panels.showExplorer(session);
    await session.setConversion({ ...session.conversion, G, grouping: 'manual', assignment });
  };
}

/** Asks for a file, unless one is given, and writes the groups of every layer to it. */
export function saveGrouping(context: HostContext) {
  return async (given?: unknown): Promise<void> => {
    const session = activeSession(context);
    const uri =
      given instanceof vscode.Uri
        ? given
        : await vscode.window.showSaveDialog({
            title: vscode.l10n.t('Save Grouping'),
            saveLabel: vscode.l10n.t('Save Grouping'),
            filters: filters(),
            defaultUri: vscode.Uri.file(
              join(startFolder(session), `${session.model.name}-gqa${session.grouping.G}.json`),
            ),
          });
    if (uri === undefined) return;
    await session.writeGrouping(uri.fsPath);
    const open = vscode.l10n.t('Open');
    const told = vscode.l10n.t('The groups of every layer are in {0}.', basename(uri.fsPath));
    void vscode.window.showInformationMessage(told, open).then((answer) => {
      if (answer === open) void vscode.window.showTextDocument(uri);
    });
  };
}

async function pickFile(session: Session): Promise<vscode.Uri | undefined> {
  const picked = await vscode.window.showOpenDialog({
    title: vscode.l10n.t('Load Grouping'),
    openLabel: vscode.l10n.t('Load Grouping'),
    filters: filters(),
    defaultUri: vscode.Uri.file(startFolder(session)),
  });
  return picked?.[0];
}

/** Where the user works; without a folder, beside the checkpoint. */
function startFolder(session: Session): string {
  return vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? join(session.path, '..');
}
