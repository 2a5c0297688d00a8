/**
 * Every open panel: one explorer and one diff a session at most, revealed if they are open already, and brought back
 * after a window reload. It makes panels; what is in them is explorerPanel.ts and diffPanel.ts.
 */
import * as vscode from 'vscode';
import { usualCalibration } from '../../protocol/conversion';
import type { DiffUi } from '../../protocol/diffView';
import type { ExplorerUi } from '../../protocol/explorerView';
import type { DiffSides, SideId } from '../../protocol/sides';
import { pickTextFile } from '../commands/pickCalibration';
import { defaultDiffUi, defaultExplorerUi } from '../../protocol/defaults';
import { pickOther } from '../commands/pickOther';
import type { EngineProcess } from '../engineProcess';
import type { RecentCheckpoints } from '../recentCheckpoints';
import { reportError } from '../reportError';
import type { Session } from '../session';
import type { Sessions } from '../sessions';
import { readSettings } from '../settings';
import { DiffPanel, diffViewType } from './diffPanel';
import { ExplorerPanel, explorerViewType, type Focus } from './explorerPanel';
import { mergeUi, readPersisted } from './persisted';
import { readPersistedSides } from './persistedSides';
import { webviewOptions } from './webviewHtml';

/** Views of a session; sweeps are sweepPanels.ts. */
type SessionView = 'explorer' | 'diff';

export class Panels implements vscode.Disposable {
  private readonly explorers = new Map<Session, ExplorerPanel>();
  private readonly diffs = new Map<Session, DiffPanel>();
  private readonly drawn = new vscode.EventEmitter<{ panel: SessionView; runId: string }>();
  private readonly uiChanged = new vscode.EventEmitter<{ session: Session; ui: ExplorerUi }>();
  private readonly registrations: vscode.Disposable;
  /** An explorer has drawn a run's maps. */
  readonly onDidDraw = this.drawn.event;
  /** The user chose something in an explorer. */
  readonly onDidChangeUi = this.uiChanged.event;

  constructor(
    private readonly extension: vscode.ExtensionContext,
    private readonly sessions: Sessions,
    private readonly engine: EngineProcess,
    private readonly recent: RecentCheckpoints,
  ) {
    this.registrations = vscode.Disposable.from(
      vscode.window.registerWebviewPanelSerializer(explorerViewType, this.serializer('explorer')),
      vscode.window.registerWebviewPanelSerializer(diffViewType, this.serializer('diff')),
      sessions.onDidClose((session) => {
        this.explorers.get(session)?.panel.dispose();
        this.diffs.get(session)?.panel.dispose();
      }),
    );
  }

  /** Shows a session's explorer, and makes a choice in it if `focus` is given. */
  showExplorer(session: Session, focus: Focus | null = null): void {
    const open = this.explorers.get(session);
    if (open === undefined) {
      const panel = this.createPanel(explorerViewType, vscode.ViewColumn.Active);
      const ui = firstExplorerUi(session);
      this.addExplorer(panel, session, focus === null ? ui : { ...ui, ...focus, layer: focus.layer ?? ui.layer });
    } else if (focus === null) open.panel.reveal();
    else open.focus(focus);
  }

  /** Shows a session's comparison of these sides. */
  showDiff(session: Session, sides: DiffSides): void {
    session.comparison.setSides(sides);
    const open = this.diffs.get(session);
    if (open) open.panel.reveal();
    else this.addDiff(this.createPanel(diffViewType, vscode.ViewColumn.Active), session, {});
  }

  /** Shows the next or the previous layer in the panel in front. */
  stepLayer(step: 1 | -1): void {
    for (const shown of [...this.explorers.values(), ...this.diffs.values()])
      if (shown.panel.active) shown.stepLayer(step);
  }

  /** What is chosen in a session's panels; the usual where one is not open. */
  choices(session: Session): { explorer: ExplorerUi; diff: DiffUi } {
    return {
      explorer: this.explorers.get(session)?.ui ?? defaultExplorerUi(session.model, session.registries),
      diff: this.diffs.get(session)?.ui ?? defaultDiffUi(session.model),
    };
  }

  dispose(): void {
    this.registrations.dispose();
    this.drawn.dispose();
    this.uiChanged.dispose();
  }

  private createPanel(viewType: string, column: vscode.ViewColumn): vscode.WebviewPanel {
    return vscode.window.createWebviewPanel(viewType, 'GQA Lens', column, webviewOptions(this.extension));
  }

  private addExplorer(panel: vscode.WebviewPanel, session: Session, ui: ExplorerUi): void {
    const explorer = new ExplorerPanel(panel, session, ui, this.extension, {
      userRun: (...input) => this.userRun(...input),
      loadGrouping: () => runCommand('gqaLens.loadGrouping'),
      saveGrouping: () => runCommand('gqaLens.saveGrouping'),
      chooseCalibration,
      exportConversion: () => runCommand('gqaLens.exportConversion'),
      saveReport: () => runCommand('gqaLens.saveReport'),
      openDiff: () => runCommand('gqaLens.compare'),
      showDiagnostics: () => runCommand('gqaLens.showDiagnostics'),
      uiChanged: (target, chosen) => this.uiChanged.fire({ session: target, ui: chosen }),
      drawn: (runId) => this.drawn.fire({ panel: 'explorer', runId }),
    });
    this.follow(panel, session, this.explorers, explorer);
  }

  private addDiff(panel: vscode.WebviewPanel, session: Session, stored: Record<string, unknown>): void {
    const diff = new DiffPanel(panel, session, mergeUi(firstDiffUi(session), stored), this.extension, {
      userRun: (...input) => this.userRun(...input),
      chooseCalibration: chooseSideCalibration,
      chooseCheckpoint: async ({ comparison }, side) => {
        const path = await pickOther(session, this.sessions, this.recent);
        if (path !== undefined) comparison.setSides({ ...comparison.sides, [side]: { kind: 'checkpoint', path } });
      },
      compareAssignments: () => runCommand('gqaLens.compareAssignments'),
      exportConversion: () => runCommand('gqaLens.exportConversion'),
      saveReport: () => runCommand('gqaLens.saveReport'),
      openExplorer: (target) => {
        this.showExplorer(target);
        return Promise.resolve();
      },
      showDiagnostics: () => runCommand('gqaLens.showDiagnostics'),
    });
    this.follow(panel, session, this.diffs, diff);
  }

  /** Pressing Run is a user's wish: it lifts the guard against crash loops, as a command does. */
  private userRun(session: Session, text: string, decoderText: string): Promise<void> {
    this.engine.allowRestart();
    return session.run(text, decoderText);
  }

  private follow<Shown>(panel: vscode.WebviewPanel, session: Session, list: Map<Session, Shown>, shown: Shown): void {
    list.set(session, shown);
    const activity = panel.onDidChangeViewState(() => {
      if (panel.active) this.sessions.activate(session);
    });
    panel.onDidDispose(() => {
      activity.dispose();
      if (list.get(session) === shown) list.delete(session);
    });
  }

  private serializer(kind: SessionView): vscode.WebviewPanelSerializer {
    return {
      deserializeWebviewPanel: async (panel, stored) => {
        const persisted = readPersisted(stored, kind);
        if (persisted === null) {
          panel.dispose();
          return;
        }
        try {
          const session = await this.sessions.open(persisted.modelPath, persisted);
          // A command may have opened the same view while this one was on its way back.
          if ((kind === 'diff' ? this.diffs : this.explorers).has(session)) {
            panel.dispose();
            return;
          }
          panel.webview.options = webviewOptions(this.extension);
          if (kind === 'diff') {
            session.comparison.setSides(readPersistedSides(stored));
            this.addDiff(panel, session, persisted.ui);
          } else this.addExplorer(panel, session, mergeUi(firstExplorerUi(session), persisted.ui));
          void session.ensureRun();
        } catch (error) {
          // Nothing is left to show: an empty panel would only look broken.
          panel.dispose();
          await reportError(error);
        }
      },
    };
  }
}

/** What an explorer begins with: the usual, in the colours of the settings. */
function firstExplorerUi({ model, registries }: Session): ExplorerUi {
  return { ...defaultExplorerUi(model, registries), scale: readSettings().colorScale };
}

function firstDiffUi({ model }: Session): DiffUi {
  return { ...defaultDiffUi(model), scale: readSettings().colorScale };
}

/** Solves a session's conversion on a text file that the user picks. */
async function chooseCalibration(session: Session): Promise<void> {
  const file = await pickTextFile();
  if (file === undefined) return;
  const { tokens } = session.conversion.calibration ?? usualCalibration;
  await session.setConversion({ ...session.conversion, calibration: { file, tokens } });
}

/** The same for a side of its comparison, which may be under a conversion of its own. */
async function chooseSideCalibration(session: Session, id: SideId): Promise<void> {
  const { comparison } = session;
  const side = comparison.sides[id];
  if (side.kind !== 'conversion') return chooseCalibration(session);
  const file = await pickTextFile();
  if (file === undefined) return;
  const { tokens } = side.conversion.calibration ?? usualCalibration;
  const conversion = { ...side.conversion, calibration: { file, tokens } };
  comparison.setSides({ ...comparison.sides, [id]: { kind: 'conversion', conversion } });
}

async function runCommand(name: string): Promise<void> {
  await vscode.commands.executeCommand(name);
}
