/**
 * Saves what the panels of a checkpoint show as a report: runs what is missing, asks where, offers to open it. The comparison is of
 * the sides that its page shows.
 */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { fromErrorValue, GqaLensError } from '../../protocol/errors';
import type { DiffUi } from '../../protocol/diffView';
import type { ReportComparison, ReportSummary } from '../../protocol/report';
import { sideViews, usualSides } from '../../protocol/sides';
import type { HostContext } from '../context';
import { formatBytes } from '../format';
import { explorerSnapshot } from '../panels/explorerPanel';
import { withDelayedProgress, withSessionProgress } from '../progress';
import { reportError } from '../reportError';
import type { Session } from '../session';
import { sessionOf } from './activeSession';

export function saveReport(context: HostContext) {
  return async (given?: unknown): Promise<void> => {
    const session = sessionOf(context, given);
    const file = fileOf(given) ?? (await pickFile(session));
    if (file === undefined) return;
    await completeRun(session);
    const ui = context.panels.choices(session);
    const sweeps = await context.sweeps.files();
    const written = await withDelayedProgress(vscode.l10n.t('Saving {0}', basename(file)), (options) =>
      session.report(
        {
          explorer: explorerSnapshot(session, ui.explorer),
          comparison: comparisonOf(session, ui.diff),
          sweeps,
          language: vscode.env.language,
          file,
          // The dialog has asked.
          overwrite: true,
        },
        options,
      ),
    );
    // The command is done; the message may stand for as long as it likes.
    tell(written).catch((error: unknown) => reportError(error));
  };
}

/** What a keybinding, a task or a test may give beforehand. */
function fileOf(given: unknown): string | undefined {
  const file = typeof given === 'object' && given !== null && 'file' in given ? given.file : undefined;
  return typeof file === 'string' ? file : undefined;
}

async function pickFile({ model }: Session): Promise<string | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const name = `${model.name.replace(/\.(?:safetensors|gguf)$/i, '')}-report.html`;
  const chosen = await vscode.window.showSaveDialog({
    title: vscode.l10n.t('Save Report'),
    saveLabel: vscode.l10n.t('Save Report'),
    filters: { HTML: ['html'] },
    ...(folder ? { defaultUri: vscode.Uri.joinPath(folder, name) } : {}),
  });
  return chosen?.fsPath;
}

/** Waits for the runs that the report is of; starts them where nothing has run. */
async function completeRun(session: Session): Promise<void> {
  const title = vscode.l10n.t('Running {0}', session.model.name);
  const { comparison } = session;
  await withSessionProgress(title, comparison, async () => {
    await session.ensureRun();
    await idle(session);
    await comparison.settled();
  });
  const problem = comparison.isOpen ? comparison.problem : session.problem;
  if (problem !== null) throw fromErrorValue(problem);
  if (comparison.isOpen && !comparison.isUsual && comparison.compare === null) {
    throw new GqaLensError('cancelled', 'Cancelled');
  }
  if (session.original !== null) return;
  throw new GqaLensError('input-invalid', 'A report is of a run, and nothing has run', {
    next: 'Run a text first.',
  });
}

/** What the comparison page shows; the usual sides where none is open. null: nothing is compared. */
function comparisonOf(session: Session, ui: DiffUi): ReportComparison | null {
  const { comparison } = session;
  const compare = comparison.isOpen ? comparison.compare : session.compare;
  if (compare === null) return null;
  const sides = comparison.isOpen ? comparison.views : sideViews(usualSides, session);
  return { sides, ui, compare, measures: comparison.measuring.resultOf(compare) };
}

/** Resolves when nothing is done for the session's runs. */
function idle(session: Session): Promise<void> {
  if (session.busy === null) return Promise.resolve();
  return new Promise((resolve) => {
    const listener = session.onDidChangeBusy((busy) => {
      if (busy !== null) return;
      listener.dispose();
      resolve();
    });
  });
}

async function tell({ file, bytes, leftOut }: ReportSummary): Promise<void> {
  const uri = vscode.Uri.file(file);
  const isDesktop = vscode.env.uiKind === vscode.UIKind.Desktop && vscode.env.remoteName === undefined;
  const browse = vscode.l10n.t('Open in Browser');
  const show = vscode.l10n.t('Show File');
  const message = vscode.l10n.t('The report is in {0} ({1}).', basename(file), formatBytes(bytes));
  const rest = leftOut.length === 0 ? '' : ` ${vscode.l10n.t('It says what had no room in it.')}`;
  // Elsewhere the file is not where the browser is.
  const answers = isDesktop ? [browse, show] : [show];
  const chosen = await vscode.window.showInformationMessage(message + rest, ...answers);
  if (chosen === browse) await vscode.env.openExternal(uri);
  if (chosen === show) await vscode.commands.executeCommand(isDesktop ? 'revealFileInOS' : 'revealInExplorer', uri);
}
