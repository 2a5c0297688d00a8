/** The panel of one sweep: shows its result, completes it, opens its rows in the comparison, writes its files. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { openView } from './openView';
import { shownProblem, shownText } from '../shownError';
import type { Remote } from '../../protocol/rpc';
import type { SweepFormat, SweepMethod } from '../../protocol/sweep';
import type { SweepHostApi, SweepSnapshot, SweepUi, SweepViewApi } from '../../protocol/sweepView';
import { saveFile } from '../files';
import { translateMethods } from '../../protocol/methodWords';
import type { Sweep } from '../sweep';
import { figureHost, registerFigures } from './figurePanels';
import { webviewHtml } from './webviewHtml';

/** What a sweep panel can ask for that is not its sweep's. */
export interface SweepActions {
  resume(sweep: Sweep): Promise<void>;
  openRow(sweep: Sweep, method: SweepMethod): Promise<void>;
  format(sweep: Sweep, format: SweepFormat): Promise<string>;
}

export const sweepViewType = 'gqaLens.sweep';

export class SweepPanel {
  private readonly view: Remote<SweepViewApi, SweepHostApi>;
  private isReady = false;

  constructor(
    readonly panel: vscode.WebviewPanel,
    readonly sweep: Sweep,
    private ui: SweepUi,
    extension: vscode.ExtensionContext,
    actions: SweepActions,
  ) {
    panel.title = vscode.l10n.t('{0}: groups and methods', sweep.result.model.name);
    panel.iconPath = vscode.Uri.joinPath(extension.extensionUri, 'media', 'gqa-lens.svg');
    this.view = openView<SweepViewApi, SweepHostApi>(this.hostApi(actions), panel.webview);
    panel.webview.html = webviewHtml(extension, panel.webview, 'sweep', panel.title, registerFigures(panel, this.view));
    const listeners = vscode.Disposable.from(
      sweep.onDidChange(() => this.send(() => this.view.update.asEvent(this.snapshot()))),
      sweep.onDidChangeBusy((busy) => this.send(() => this.view.busy.asEvent(busy))),
      panel.onDidChangeViewState(() => (this.isReady &&= panel.visible)),
    );
    panel.onDidDispose(() => {
      listeners.dispose();
      this.view.$close();
      sweep.dispose();
    });
  }

  private hostApi(actions: SweepActions): SweepHostApi {
    const { sweep } = this;
    return {
      ...figureHost,
      ready: () => {
        this.isReady = true;
        return Promise.resolve(this.snapshot());
      },
      resume: () => actions.resume(sweep),
      cancel: () => sweep.cancel(),
      openRow: (method) => actions.openRow(sweep, method),
      saveResult: (format) =>
        saveFile({
          title: vscode.l10n.t('Save the sweep'),
          name: `${basename(sweep.modelPath)}-sweep`,
          ending: format,
          content: () => actions.format(sweep, format),
        }),
      uiChanged: (ui) => void (this.ui = ui),
    };
  }

  private snapshot(): SweepSnapshot {
    const { file, result, busy, problem, modelPath } = this.sweep;
    const { groupings, merges } = result.methods;
    const methods = {
      groupings: translateMethods(groupings, vscode.l10n.t),
      merges: translateMethods(merges, vscode.l10n.t),
    };
    const rows = result.rows.map((row) => ({ ...row, error: row.error === null ? null : shownText(row.error) }));
    return {
      state: { modelPath, file, ui: this.ui },
      result: { ...result, methods, rows },
      busy,
      problem: shownProblem(problem),
    };
  }

  private send(message: () => Promise<void>): void {
    if (this.isReady) void message();
  }
}
