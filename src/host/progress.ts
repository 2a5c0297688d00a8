/** Shows progress with a cancel button for work that takes long enough to notice, and nothing for work that does not. */
import * as vscode from 'vscode';
import type { CallOptions } from './engineProcess';
import type { Session } from './session';

/** Below this a notification would only flash. */
const noticeableMilliseconds = 500;

/** Runs `work`, which gets a signal that the user's cancel button aborts. */
export async function withDelayedProgress<T>(
  title: string,
  work: (options: Required<Pick<CallOptions, 'signal' | 'onProgress'>>) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let report: (message: string, fraction: number | null) => void = () => undefined;
  const result = work({ signal: controller.signal, onProgress: ({ message, fraction }) => report(message, fraction) });
  const ended = result.then(
    () => true,
    () => true,
  );
  const pause = new Promise<false>((resolve) => setTimeout(() => resolve(false), noticeableMilliseconds));
  if (!(await Promise.race([ended, pause]))) {
    await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title, cancellable: true },
      async (progress, token) => {
        let shown = 0;
        report = (message, fraction) => {
          const percent = (fraction ?? 0) * 100;
          progress.report({ message, increment: Math.max(0, percent - shown) });
          shown = Math.max(shown, percent);
        };
        token.onCancellationRequested(() => controller.abort());
        await ended;
      },
    );
  }
  return result;
}

/** As above for work of a session or of its comparison, which tell by their own `busy` how far they are. */
export function withSessionProgress(
  title: string,
  session: Pick<Session, 'onDidChangeBusy' | 'cancel'>,
  work: () => Promise<void>,
): Promise<void> {
  return withDelayedProgress(title, async ({ signal, onProgress }) => {
    const listener = session.onDidChangeBusy((busy) => busy && onProgress({ task: '', ...busy }));
    signal.addEventListener('abort', () => session.cancel(), { once: true });
    try {
      await work();
    } finally {
      listener.dispose();
    }
  });
}
