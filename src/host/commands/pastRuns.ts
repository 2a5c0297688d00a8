/** What can be done with a run of the history: shown again, run again, its text copied, forgotten. */
import * as vscode from 'vscode';
import type { HostContext } from '../context';
import { isPastRun } from '../history/historyView';
import type { PastRun } from '../history/runHistory';
import { withDelayedProgress, withSessionProgress } from '../progress';
import type { Session } from '../session';

type Command = (given?: unknown) => Promise<void>;

/** The run of the row that a command was called on, else the one that is chosen in the list. */
const onRun =
  ({ runs }: HostContext, work: (run: PastRun) => Promise<void>): Command =>
  async (given) => {
    const run = isPastRun(given) ? given : runs.view.selected;
    if (run !== null) await work(run);
  };

/** Brings text and conversion back; what stands there already is not run again. */
export function restoreRun(context: HostContext): Command {
  return onRun(context, async (run) => {
    const session = await openFor(context, run);
    if (isShown(session, run)) await session.ensureRun();
    else await runAgain(session, run);
  });
}

export function rerun(context: HostContext): Command {
  return onRun(context, async (run) => runAgain(await openFor(context, run), run));
}

export function copyRunText(context: HostContext): Command {
  return onRun(context, async ({ text }) => vscode.env.clipboard.writeText(text));
}

export function removeRun(context: HostContext): Command {
  return onRun(context, ({ id }) => {
    context.runs.history.remove(id);
    return Promise.resolve();
  });
}

export function clearRuns({ runs }: HostContext): Command {
  return async () => {
    const clear = vscode.l10n.t('Clear History');
    const answer = await vscode.window.showWarningMessage(
      vscode.l10n.t('Forget all {0} runs of this workspace?', runs.history.all().length),
      { modal: true, detail: vscode.l10n.t('Checkpoints and exports stay as they are.') },
      clear,
    );
    if (answer === clear) runs.history.clear();
  };
}

/** Opens the run's checkpoint, with its text and conversion if it was closed, and shows its explorer. */
async function openFor({ sessions, panels }: HostContext, run: PastRun): Promise<Session> {
  const title = vscode.l10n.t('Opening {0}', run.modelName);
  const session = await withDelayedProgress(title, (options) => sessions.open(run.path, run, options));
  panels.showExplorer(session);
  return session;
}

function runAgain(session: Session, run: PastRun): Promise<void> {
  const title = vscode.l10n.t('Running {0}', session.model.name);
  return withSessionProgress(title, session, () => session.restore(run));
}

function isShown({ text, decoderText, conversion }: Session, run: PastRun): boolean {
  const parts = (of: Pick<PastRun, 'text' | 'decoderText' | 'conversion'>): string =>
    JSON.stringify([of.text, of.decoderText, of.conversion]);
  return parts({ text, decoderText, conversion }) === parts(run);
}
