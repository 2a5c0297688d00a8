/**
 * The status bar's item: the checkpoint that commands act on, its conversion, the adapter, and what is being done.
 * A click shows its explorer. It starts nothing, and is hidden while no checkpoint is open.
 */
import * as vscode from 'vscode';
import { formatBytes, formatCount } from './format';
import type { Session } from './session';
import { shownError, shownText } from './shownError';
import type { Sessions } from './sessions';

export function maintainStatusBar(sessions: Sessions): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('gqaLens.status', vscode.StatusBarAlignment.Left, 0);
  item.name = 'GQA Lens';
  let followed: Session | null = null;
  let busyListener: vscode.Disposable | undefined;
  const update = (): void => {
    const session = sessions.active;
    if (session !== followed) {
      followed = session;
      busyListener?.dispose();
      busyListener = session?.onDidChangeBusy(update);
    }
    if (session === null) {
      item.hide();
      return;
    }
    const said = [headsOf(session), adapterOf(session), doingOf(session)].filter((part) => part !== '').join(' · ');
    item.text = `${iconOf(session)} ${session.model.name}: ${said}`;
    item.tooltip = tooltipOf(session);
    item.accessibilityInformation = {
      label: `GQA Lens: ${session.model.name}, ${said}`,
    };
    item.backgroundColor =
      session.gpu?.available === false ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    item.command = {
      command: 'gqaLens.openResource',
      title: vscode.l10n.t('Show in Explorer Panel'),
      arguments: [vscode.Uri.file(session.path)],
    };
    item.show();
  };
  update();
  const listener = sessions.onDidChange(update);
  return new vscode.Disposable(() => {
    listener.dispose();
    busyListener?.dispose();
    item.dispose();
  });
}

function iconOf({ busy, problem, gpu }: Session): string {
  if (busy !== null) return '$(loading~spin)';
  if (problem !== null && problem.code !== 'cancelled') return '$(error)';
  return gpu?.available === false ? '$(warning)' : '$(list-tree)';
}

/** "8 → 2 KV heads" */
function headsOf({ model, conversion, converts }: Session): string {
  return converts ? vscode.l10n.t('{0} → {1} KV heads', model.G, conversion.G) : vscode.l10n.t('{0} KV heads', model.G);
}

/** What computes, in a word; the tooltip names it. */
function adapterOf({ gpu }: Session): string {
  if (gpu === null) return '';
  if (!gpu.available) return vscode.l10n.t('no GPU');
  return gpu.isSoftware ? 'CPU' : 'GPU';
}

function doingOf({ busy }: Session): string {
  if (busy === null) return '';
  const share = busy.fraction === null ? '' : ` ${Math.round(100 * busy.fraction)} %`;
  return `${busy.message}${share}`;
}

function tooltipOf({ model, gpu, original, converted, problem }: Session): vscode.MarkdownString {
  const lines = [
    `**${model.name}** · ${model.familyTitle} · ${formatCount(model.parameters)}`,
    vscode.l10n.t('{0} query heads on {1} KV heads', model.H, model.G),
  ];
  if (model.kvCacheBytesPerToken > 0) {
    lines.push(vscode.l10n.t('KV cache {0} a token', formatBytes(model.kvCacheBytesPerToken)));
  }
  if (gpu !== null) lines.push(gpu.message);
  const losses = [original, converted].flatMap((run) => run?.loss?.toFixed(3) ?? []);
  if (losses.length > 0) lines.push(vscode.l10n.t('Loss {0}', losses.join(' → ')));
  if (model.notRunnable !== null) lines.push(shownText(model.notRunnable));
  if (problem !== null && problem.code !== 'cancelled') lines.push(shownError(problem).message);
  return new vscode.MarkdownString(lines.join('\n\n'));
}
