/** The diff of one session: answers the webview from the session and its comparison. Like explorerPanel.ts, without results of its own. */
import * as vscode from 'vscode';
import type { DiffHostApi, DiffSnapshot, DiffUi, DiffViewApi } from '../../protocol/diffView';
import { GqaLensError } from '../../protocol/errors';
import { openView } from './openView';
import { shownModel, shownProblem } from '../shownError';
import type { Remote } from '../../protocol/rpc';
import type { SideId } from '../../protocol/sides';
import type { Session } from '../session';
import { figureHost, registerFigures } from './figurePanels';
import { webviewHtml } from './webviewHtml';

/** What a diff can ask for that is not its session's. */
export interface DiffActions {
  userRun(session: Session, text: string, decoderText: string): Promise<void>;
  chooseCalibration(session: Session, side: SideId): Promise<void>;
  chooseCheckpoint(session: Session, side: SideId): Promise<void>;
  compareAssignments(session: Session): Promise<void>;
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
    const { comparison } = session;
    this.setTitle();
    panel.iconPath = vscode.Uri.joinPath(extension.extensionUri, 'media', 'gqa-lens.svg');
    this.view = openView<DiffViewApi, DiffHostApi>(this.hostApi(actions), panel.webview);
    panel.webview.html = webviewHtml(extension, panel.webview, 'diff', panel.title, registerFigures(panel, this.view));
    const listeners = vscode.Disposable.from(
      comparison.show(),
      comparison.onDidChange(() => {
        this.setTitle();
        if (this.isReady) comparison.measuring.want();
        this.send(() => this.view.update.asEvent(this.snapshot()));
      }),
      comparison.measuring.onDidChange(() => this.send(() => this.view.measures.asEvent(comparison.measuring.state))),
      comparison.onDidChangeBusy((busy) => this.send(() => this.view.busy.asEvent(busy))),
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
    const { comparison } = session;
    return {
      ...figureHost,
      ready: () => {
        this.isReady = true;
        comparison.measuring.want();
        return Promise.resolve(this.snapshot());
      },
      run: (text, decoderText) => actions.userRun(session, text, decoderText),
      cancel: () => comparison.cancel(),
      setConversion: (conversion) => session.setConversion(conversion),
      setSides: (sides) => {
        comparison.setSides(sides);
        return Promise.resolve();
      },
      chooseCheckpoint: (side) => actions.chooseCheckpoint(session, side),
      chooseCalibration: (side) => actions.chooseCalibration(session, side),
      compareAssignments: () => actions.compareAssignments(session),
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
      measure: (what) => comparison.measuring[what](),
      cancelMeasures: () => comparison.measuring.cancel(),
      continuations: async (count) => {
        const { compare } = comparison;
        if (compare === null) {
          throw new GqaLensError('input-invalid', 'There is nothing to continue yet', {
            next: 'Press Run first.',
          });
        }
        const [a, b] = await Promise.all([
          session.continuation(compare.a.runId, count),
          session.continuation(compare.b.runId, count),
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
    const { model, registries, gpu, text, decoderText, conversion, path: modelPath, comparison } = this.session;
    const { sides, views, compare, busy, problem, measuring } = comparison;
    const state = { modelPath, text, decoderText, conversion, sides, ui: this.ui };
    const measures = { ...measuring.state, problem: shownProblem(measuring.state.problem) };
    const shown = { model: shownModel(model), problem: shownProblem(problem) };
    return { state, ...shown, sides: views, registries, gpu, compare, measures, busy };
  }

  private setTitle(): void {
    const { model, comparison } = this.session;
    const { a, b } = comparison.views;
    const names = vscode.l10n.t('{0} and {1}', a.name, b.name);
    const isOneModel = a.model?.modelId === b.model?.modelId;
    this.panel.title = isOneModel ? vscode.l10n.t('{0}: {1}', model.name, names) : names;
  }

  private send(message: () => Promise<void>): void {
    if (this.isReady) void message();
  }
}
