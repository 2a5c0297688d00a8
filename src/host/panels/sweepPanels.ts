/**
 * Every open sweep panel: one a sweep, revealed if it is open already, and brought back after a window reload with the
 * rows that its file holds. It makes panels; what is in them is sweepPanel.ts.
 */
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { usualSides } from '../../protocol/sides';
import type { SweepMethod, SweepResult } from '../../protocol/sweep';
import type { SweepUi } from '../../protocol/sweepView';
import type { EngineProcess } from '../engineProcess';
import { reportError } from '../reportError';
import type { Sessions } from '../sessions';
import { Sweep, sweepFileName } from '../sweep';
import type { Panels } from './panels';
import { mergeUi, readPersistedSweep } from './persisted';
import { SweepPanel, sweepViewType } from './sweepPanel';
import { webviewOptions } from './webviewHtml';

const usualUi: SweepUi = { x: 'heads', y: 'loss', sortBy: '', sortDescending: false };

export class SweepPanels implements vscode.Disposable {
  /** By file. */
  private readonly open = new Map<string, SweepPanel>();
  private readonly registrations: vscode.Disposable;

  constructor(
    private readonly extension: vscode.ExtensionContext,
    private readonly sessions: Sessions,
    private readonly engine: EngineProcess,
    private readonly panels: Panels,
  ) {
    this.registrations = vscode.Disposable.from(
      vscode.window.registerWebviewPanelSerializer(sweepViewType, {
        deserializeWebviewPanel: (panel, stored) => this.restore(panel, stored),
      }),
      sessions.onDidClose(({ path }) => {
        for (const { panel, sweep } of this.open.values()) if (sweep.modelPath === path) panel.dispose();
      }),
    );
  }

  /** Shows the sweep that a plan belongs to, with the rows that there are, and runs what is missing. */
  async show(plan: SweepResult): Promise<void> {
    const folder = this.folder();
    await mkdir(folder, { recursive: true });
    const file = join(folder, sweepFileName(plan.identity));
    const shown = this.open.get(file);
    if (shown) shown.panel.reveal();
    else {
      const { Active } = vscode.ViewColumn;
      const options = webviewOptions(this.extension);
      const panel = vscode.window.createWebviewPanel(sweepViewType, 'GQA Lens', Active, options);
      this.add(panel, new Sweep(file, plan, this.sessions), usualUi);
    }
    void this.open.get(file)?.sweep.run(plan);
  }

  /** Files of sweeps in the extension's storage, the last written first. They may be of any checkpoint. */
  async files(): Promise<string[]> {
    const folder = this.folder();
    const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json'));
    const files = await Promise.all(
      names.map(async (name) => {
        const file = join(folder, name);
        return { file, written: (await stat(file).catch(() => null))?.mtimeMs ?? 0 };
      }),
    );
    return files.sort((a, b) => b.written - a.written).map(({ file }) => file);
  }

  private folder(): string {
    return join(this.extension.globalStorageUri.fsPath, 'sweeps');
  }

  dispose(): void {
    this.registrations.dispose();
  }

  private add(panel: vscode.WebviewPanel, sweep: Sweep, ui: SweepUi): void {
    const shown = new SweepPanel(panel, sweep, ui, this.extension, {
      resume: (of) => {
        // Pressing Resume is a user's wish: it lifts the guard against crash loops, as a command does.
        this.engine.allowRestart();
        return of.run();
      },
      openRow: (of, method) => this.openRow(of, method),
      format: ({ result }, format) =>
        this.engine.call((engine) => engine.formatSweep(result, format, vscode.env.language)),
    });
    this.open.set(sweep.file, shown);
    panel.onDidDispose(() => {
      if (this.open.get(sweep.file) === shown) this.open.delete(sweep.file);
    });
  }

  /** Shows a row's conversion beside the original, on the text that the model is shown with. */
  private async openRow({ modelPath, result }: Sweep, { G, grouping, merge }: SweepMethod): Promise<void> {
    if (grouping === null || merge === null) return;
    this.engine.allowRestart();
    const session = await this.sessions.open(modelPath);
    const { calibration } = result.request;
    this.panels.showDiff(session, usualSides);
    await session.setConversion({ G, grouping, merge, ...(calibration ? { calibration } : {}) });
    await session.ensureRun();
  }

  private async restore(panel: vscode.WebviewPanel, stored: unknown): Promise<void> {
    const persisted = readPersistedSweep(stored);
    // A command may have opened the same sweep while this panel was on its way back.
    if (persisted === null || this.open.has(persisted.file)) {
      panel.dispose();
      return;
    }
    try {
      const result = await this.engine.call((engine) => engine.readSweep(persisted.file));
      panel.webview.options = webviewOptions(this.extension);
      this.add(panel, new Sweep(persisted.file, result, this.sessions), mergeUi(usualUi, persisted.ui));
    } catch (error) {
      // Nothing is left to show: an empty panel would only look broken.
      panel.dispose();
      await reportError(error);
    }
  }
}
