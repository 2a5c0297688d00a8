/**
 * Opens the sample at start-up when the environment asks for it, and says when its picture stands.
 * Role: what `npm start` and browser tests wait for; without GQA_LENS_START it does nothing.
 */
import { writeFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { explorerViewType } from './panels/explorerPanel';

/** Reads GQA_LENS_START and GQA_LENS_READY_FILE from `environment`. `started` is when activation began, by performance.now(). */
export function startSample(
  environment: NodeJS.ProcessEnv,
  started: number,
  onDidDraw: vscode.Event<{ panel: string; runId: string }>,
): vscode.Disposable {
  if (environment.GQA_LENS_START !== 'sample') return new vscode.Disposable(() => undefined);
  const readyFile = environment.GQA_LENS_READY_FILE;
  let isDrawn = false;
  const listener = onDidDraw(({ panel, runId }) => {
    if (isDrawn) return;
    isDrawn = true;
    const milliseconds = Math.round(performance.now() - started);
    if (readyFile !== undefined) void writeFile(readyFile, `${JSON.stringify({ panel, runId, milliseconds })}\n`);
  });
  if (!explorerComesBack()) void vscode.commands.executeCommand('gqaLens.openSample');
  return listener;
}

/** After a window reload the editor restores the explorer with what the user chose in it: that is the picture then. */
function explorerComesBack(): boolean {
  return vscode.window.tabGroups.all.some(({ activeTab }) => {
    const input: unknown = activeTab?.input;
    // The editor puts a prefix of its own before the view type.
    return input instanceof vscode.TabInputWebview && input.viewType.endsWith(explorerViewType);
  });
}
