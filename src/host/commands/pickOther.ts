/** Asks for a checkpoint to compare with: one that is open, one that was compared with lately, or one from the disk. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { RecentCheckpoints } from '../recentCheckpoints';
import type { Session } from '../session';
import type { Sessions } from '../sessions';
import { showCheckpointDialog } from './openCheckpoint';

interface Item extends vscode.QuickPickItem {
  pick?: () => Promise<string | undefined>;
}

/** A path; undefined when the user leaves it. */
export async function pickOther(
  session: Session,
  sessions: Sessions,
  recent: RecentCheckpoints,
): Promise<string | undefined> {
  const open = sessions.all().filter((other) => other !== session && other.model.notRunnable === null);
  const known = [session, ...open].map(({ path }) => path);
  const lately = recent.paths().filter((path) => !known.includes(path));
  const fromPath = (path: string, label: string, description: string): Item => ({
    label,
    description,
    detail: path,
    pick: () => Promise.resolve(path),
  });
  const section = (label: string, items: Item[]): Item[] =>
    items.length === 0 ? [] : [{ label, kind: vscode.QuickPickItemKind.Separator }, ...items];
  const items = [
    ...section(
      vscode.l10n.t('Open'),
      open.map(({ path, model }) => fromPath(path, `$(circle-outline) ${model.name}`, model.familyTitle)),
    ),
    ...section(
      vscode.l10n.t('Compared lately'),
      lately.map((path) => fromPath(path, `$(history) ${basename(path)}`, '')),
    ),
    ...section(vscode.l10n.t('From the disk'), [
      {
        label: `$(folder) ${vscode.l10n.t('Folder…')}`,
        detail: vscode.l10n.t('A Hugging Face checkpoint: config.json and weight files'),
        pick: async () => (await showCheckpointDialog(true))?.fsPath,
      },
      {
        label: `$(file) ${vscode.l10n.t('File…')}`,
        detail: vscode.l10n.t('A weight file, with its config and tokenizer beside it or in it'),
        pick: async () => (await showCheckpointDialog(false))?.fsPath,
      },
    ]),
  ];
  const chosen = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Compare {0} with', session.model.name),
    placeHolder: vscode.l10n.t('A checkpoint with the same tokenizer, such as an uptrained child'),
    matchOnDetail: true,
    ignoreFocusOut: true,
  });
  const path = await chosen?.pick?.();
  if (path !== undefined) await recent.add(path);
  return path;
}
