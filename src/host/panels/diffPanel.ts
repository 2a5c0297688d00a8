/** The diff of one session: its checkpoint as opened beside its conversion. Like explorerPanel.ts, without results of its own. */
import * as vscode from 'vscode';
import { GqaLensError } from '../../protocol/errors';
import { openChannel, type Remote } from '../../protocol/rpc';
import type { DiffHostApi, DiffSnapshot, DiffUi, DiffViewApi } from '../../protocol/views';
import type { Session } from '../session';
import { figureHost, registerFigures } from './figurePanels';
import { webviewHtml } from './webviewHtml';
import { webviewTransport } from './webviewTransport';

/** What a diff can ask for that is not its session's. */
export interface DiffActions {
  userRun(session: Session, text: string, decoderText: string): Promise<void>;
  chooseCalibration(session: Session): Promise<void>;
  exportConversion(): Promise<void>;
  saveReport(): Promise<void>;
  openExplorer(session: Session): Promise<void>;
  showDiagnostics(): Promise<void>;
}

export const diffViewType = 'gqaLens.diff';

export class DiffPanel {
  private readonly view: Remote<DiffViewApi, DiffHostApi>;
  private isReady = false;

  constructor(
    readonly panel: vscode.WebviewPanel,
    readonly session: Session,
    public ui: DiffUi,
    extension: vscode.ExtensionContext,
    actions: DiffActions,
  ) {
    panel.title = vscode.l10n.t('{0}: MHA and GQA', session.model.name);
    panel.iconPath = vscode.Uri.joinPath(extension.extensionUri, 'media', 'gqa-lens.svg');
    this.view = openChannel<DiffViewApi, DiffHostApi>(this.hostApi(actions), webviewTransport(panel.webview));
    panel.webview.html = webviewHtml(extension, panel.webview, 'diff', panel.title, registerFigures(panel, this.view));
    const listeners = vscode.Disposable.from(
      session.onDidChange(() => {
        if (this.isReady) session.measuring.want();
        this.send(() => this.view.update.asEvent(this.snapshot()));
      }),
      session.measuring.onDidChange(() => this.send(() => this.view.measures.asEvent(session.measuring.state))),
      session.onDidChangeBusy((busy) => this.send(() => this.view.busy.asEvent(busy))),
      panel.onDidChangeViewState(() => (this.isReady &&= panel.visible)),
    );
    panel.onDidDispose(() => {
      listeners.dispose();
      this.view.$close();
    });
  }

  /** Shows the layer that is `step` further, if there is one. */
  stepLayer(step: number): void {
    const layer = this.ui.layer + step;
    if (layer < 0 || layer >= this.session.model.L) return;
    // The page tells its choice a moment later: steps that come faster count from this one.
    this.ui = { ...this.ui, layer };
    this.send(() => this.view.focus.asEvent(layer, null));
  }

  private hostApi(actions: DiffActions): DiffHostApi {
    const { session } = this;
    return {
      ...figureHost,
      ready: () => {
        this.isReady = true;
        session.measuring.want();
        return Promise.resolve(this.snapshot());
      },
      run: (text, decoderText) => actions.userRun(session, text, decoderText),
      cancel: () => session.cancel(),
      setConversion: (conversion) => session.setConversion(conversion),
      chooseCalibration: () => actions.chooseCalibration(session),
      exportConversion: () => actions.exportConversion(),
      saveReport: () => actions.saveReport(),
      attention: (request) => session.attention(request),
      attentionRow: (request) => session.attentionRow(request),
      headDivergence: (runA, runB, layer) => session.headDivergence(runA, runB, layer),
      predictions: async ({ runA, runB, position, count }) => {
        const [a, b] = await Promise.all([
          session.predictions(runA, position, count),
          session.predictions(runB, position, count),
        ]);
        return { a, b };
      },
      measure: (what) => session.measuring[what](),
      cancelMeasures: () => session.measuring.cancel(),
      continuations: async (count) => {
        const { original, converted } = session;
        if (original === null || converted === null) {
          throw new GqaLensError('input-invalid', vscode.l10n.t('There is nothing to continue yet'), {
            next: vscode.l10n.t('Press Run first.'),
          });
        }
        const [a, b] = await Promise.all([
          session.continuation(original.runId, count),
          session.continuation(converted.runId, count),
        ]);
        return { a, b };
      },
      openExplorer: () => actions.openExplorer(session),
      showDiagnostics: () => actions.showDiagnostics(),
      uiChanged: (ui) => void (this.ui = ui),
      drawn: () => undefined,
    };
  }

  private snapshot(): DiffSnapshot {
    const { model, registries, gpu, compare, busy, problem, text, conversion } = this.session;
    const { path: modelPath, decoderText } = this.session;
    const state = { modelPath, text, decoderText, conversion, ui: this.ui };
    return { state, model, registries, gpu, compare, measures: this.session.measuring.state, busy, problem };
  }

  private send(message: () => Promise<void>): void {
    if (this.isReady) void message();
  }
}
