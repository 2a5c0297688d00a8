/**
 * The explorer of one session: answers the webview, and tells it when the session changes. It holds the UI state that
 * the inspector follows, and no results.
 */
import * as vscode from 'vscode';
import type { HeadDamageRequest } from '../../protocol/damage';
import type { ExplorerHostApi, ExplorerSnapshot, ExplorerUi, ExplorerViewApi } from '../../protocol/explorerView';
import { openView } from './openView';
import { shownModel, shownProblem } from '../shownError';
import type { Remote } from '../../protocol/rpc';
import type { SimilarityRequest } from '../../protocol/similarity';
import type { Busy } from '../../protocol/views';
import type { CallOptions } from '../engineProcess';
import type { Session } from '../session';
import { Topics } from './topics';
import { figureHost, registerFigures } from './figurePanels';
import { webviewHtml } from './webviewHtml';

/** What an explorer can ask for that is not its session's. */
export interface ExplorerActions {
  userRun(session: Session, text: string, decoderText: string): Promise<void>;
  loadGrouping(): Promise<void>;
  saveGrouping(): Promise<void>;
  chooseCalibration(session: Session): Promise<void>;
  exportConversion(): Promise<void>;
  saveReport(): Promise<void>;
  openDiff(session: Session): Promise<void>;
  showDiagnostics(): Promise<void>;
  uiChanged(session: Session, ui: ExplorerUi): void;
  drawn(runId: string): void;
}

export const explorerViewType = 'gqaLens.explorer';

/** A choice of the inspector; null leaves the choice as it is. */
export interface Focus {
  layer: number | null;
  group: number | null;
  head: number | null;
}

/** What an explorer of a session shows. */
export function explorerSnapshot(session: Session, ui: ExplorerUi): ExplorerSnapshot {
  const { model, registries, gpu, grouping, original, converted, compare, busy, problem } = session;
  const { path: modelPath, text, decoderText, conversion } = session;
  const state = { modelPath, text, decoderText, conversion, ui };
  const runs = { original, converted, compare };
  return { state, model: shownModel(model), registries, gpu, grouping, ...runs, busy, problem: shownProblem(problem) };
}

export class ExplorerPanel {
  private readonly view: Remote<ExplorerViewApi, ExplorerHostApi>;
  /** Asked for while the webview could not hear it; given with its next `ready`. */
  private awaited: Focus | null = null;
  private isReady = false;
  /** What somebody else was chosen for is not computed to the end. */
  private readonly comparisons = new Topics();
  private readonly damages = new Topics();

  constructor(
    readonly panel: vscode.WebviewPanel,
    readonly session: Session,
    public ui: ExplorerUi,
    extension: vscode.ExtensionContext,
    actions: ExplorerActions,
  ) {
    panel.title = vscode.l10n.t('{0} — GQA Lens', session.model.name);
    panel.iconPath = vscode.Uri.joinPath(extension.extensionUri, 'media', 'gqa-lens.svg');
    this.view = openView<ExplorerViewApi, ExplorerHostApi>(this.hostApi(actions), panel.webview);
    panel.webview.html = webviewHtml(
      extension,
      panel.webview,
      'explorer',
      panel.title,
      registerFigures(panel, this.view),
    );
    const listeners = vscode.Disposable.from(
      session.onDidChange(() => this.send(() => this.view.update.asEvent(this.snapshot()))),
      session.onDidChangeBusy((busy) => this.send(() => this.view.busy.asEvent(busy))),
      // A hidden webview is torn down: what comes back is a new one, which says `ready` again.
      panel.onDidChangeViewState(() => (this.isReady &&= panel.visible)),
    );
    panel.onDidDispose(() => {
      listeners.dispose();
      for (const topics of [this.comparisons, this.damages]) topics.cancel();
      this.view.$close();
    });
  }

  /** Brings the panel to the front and makes a choice in it. */
  focus(focus: Focus): void {
    this.panel.reveal(undefined, false);
    this.choose(focus);
  }

  /** Shows the layer that is `step` further, if there is one. Leaves the keyboard where it is, in the command palette say. */
  stepLayer(step: number): void {
    const layer = this.ui.layer + step;
    if (layer < 0 || layer >= this.session.model.L) return;
    // The page tells its choice a moment later: steps that come faster count from this one.
    this.ui = { ...this.ui, layer };
    this.choose({ layer, group: null, head: null });
  }

  private choose(focus: Focus): void {
    if (this.isReady) this.send(() => this.view.focus.asEvent(focus.layer, focus.group, focus.head));
    else this.awaited = focus;
  }

  private hostApi(actions: ExplorerActions): ExplorerHostApi {
    const { session } = this;
    return {
      ...figureHost,
      ready: () => {
        this.isReady = true;
        this.giveAwaitedFocus();
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
      attentionColumn: (request) => session.attentionColumn(request),
      headStatistics: (request) => session.headStatistics(request),
      similarity: (request) =>
        this.compare(this.comparisons, request, (options) => session.similarity(request, options)),
      headDamage: (request) => this.compare(this.damages, request, (options) => session.headDamage(request, options)),
      loadGrouping: () => actions.loadGrouping(),
      saveGrouping: () => actions.saveGrouping(),
      openDiff: () => actions.openDiff(session),
      showDiagnostics: () => actions.showDiagnostics(),
      uiChanged: (ui) => {
        this.ui = ui;
        actions.uiChanged(session, ui);
      },
      drawn: (runId) => actions.drawn(runId),
    };
  }

  /** Answers a comparison of a layer, and tells how far it is. Other layers of the same comparison may be on their way. */
  private async compare<Answer>(
    topics: Topics,
    request: SimilarityRequest | HeadDamageRequest,
    work: (options: CallOptions) => Promise<Answer>,
  ): Promise<Answer> {
    const tell = (busy: Busy | null): void => this.send(() => this.view.comparing.asEvent(busy));
    try {
      return await topics.call(JSON.stringify({ ...request, layer: null }), (signal) =>
        work({ signal, onProgress: ({ message, fraction }) => tell({ message, fraction }) }),
      );
    } finally {
      if (!this.comparisons.isBusy && !this.damages.isBusy) tell(null);
    }
  }

  private snapshot(): ExplorerSnapshot {
    return explorerSnapshot(this.session, this.ui);
  }

  /** The snapshot that answers `ready` carries the choice, so that it needs no second message. */
  private giveAwaitedFocus(): void {
    const focus = this.awaited;
    this.awaited = null;
    if (focus === null) return;
    this.ui = { ...this.ui, layer: focus.layer ?? this.ui.layer, group: focus.group, head: focus.head };
  }

  private send(message: () => Promise<void>): void {
    if (this.isReady) void message();
  }
}
