/** The side bar's list of past runs, under the day that they were run on. A chosen row runs `gqaLens.restoreRun`. */
import * as vscode from 'vscode';
import type { PastRun, RunHistory } from './runHistory';

/** The runs of one day. */
export interface Day {
  /** Midnight that it begins with. */
  start: number;
  runs: readonly PastRun[];
}

export type HistoryNode = Day | PastRun;

export class HistoryView implements vscode.TreeDataProvider<HistoryNode>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly view: vscode.TreeView<HistoryNode>;
  private readonly listener: vscode.Disposable;

  constructor(private readonly history: RunHistory) {
    this.view = vscode.window.createTreeView<HistoryNode>('gqaLens.runs', { treeDataProvider: this });
    // Names the numbers that every row begins with.
    this.view.description = vscode.l10n.t('KV heads · loss');
    this.listener = history.onDidChange(() => this.changed.fire(undefined));
  }

  /** The run that is chosen in the list; null when none is. */
  get selected(): PastRun | null {
    return this.view.selection.find(isPastRun) ?? null;
  }

  getChildren(node?: HistoryNode): HistoryNode[] {
    if (node === undefined) return daysOf(this.history.all());
    return isPastRun(node) ? [] : [...node.runs];
  }

  getTreeItem(node: HistoryNode): vscode.TreeItem {
    return isPastRun(node) ? runRow(node) : dayRow(node);
  }

  dispose(): void {
    this.listener.dispose();
    this.view.dispose();
    this.changed.dispose();
  }
}

/** Whether a command's argument is a run of the list. */
export function isPastRun(value: unknown): value is PastRun {
  return typeof value === 'object' && value !== null && 'modelName' in value && 'conversion' in value;
}

function daysOf(runs: readonly PastRun[]): Day[] {
  const days = new Map<number, PastRun[]>();
  for (const run of runs) {
    const start = new Date(run.time).setHours(0, 0, 0, 0);
    days.set(start, [...(days.get(start) ?? []), run]);
  }
  return [...days].map(([start, own]) => ({ start, runs: own }));
}

function dayRow({ start }: Day): vscode.TreeItem {
  const row = new vscode.TreeItem(dayTitle(start), vscode.TreeItemCollapsibleState.Expanded);
  row.id = `day ${start}`;
  row.contextValue = 'day';
  return row;
}

function dayTitle(start: number): string {
  const today = new Date().setHours(0, 0, 0, 0);
  if (start === today) return vscode.l10n.t('Today');
  // A day is not always 24 hours long.
  if (start === new Date(today - 1).setHours(0, 0, 0, 0)) return vscode.l10n.t('Yesterday');
  return new Date(start).toLocaleDateString(vscode.env.language, { dateStyle: 'long' });
}

function runRow(run: PastRun): vscode.TreeItem {
  // A side bar is narrow, and cuts off the end: first what a run was converted to and came to, then its text; all other things
  // are in the tooltip. No icon: it would be the same for all, and take the room of three letters.
  const row = new vscode.TreeItem(headsOfRow(run));
  row.id = run.id;
  row.description = [lossesOf(run, 2), beginning(run.text, 60)].filter((part) => part !== '').join(' · ');
  row.tooltip = tooltipOf(run);
  row.contextValue = 'run';
  row.command = { command: 'gqaLens.restoreRun', title: vscode.l10n.t('Show This Run Again'), arguments: [run] };
  row.accessibilityInformation = {
    label: [headsOf(run), lossOf(run), beginning(run.text, 60), run.modelName, timeOf(run, 'short')]
      .filter((part) => part !== '')
      .join(', '),
  };
  return row;
}

function tooltipOf(run: PastRun): vscode.MarkdownString {
  const { conversion, sourceG, tokens, adapter, milliseconds } = run;
  const tooltip = new vscode.MarkdownString();
  tooltip.appendText(beginning(run.text, 400));
  const lines = [
    `${run.modelName} · ${run.path}`,
    conversion.G === sourceG ? headsOf(run) : `${headsOf(run)} · ${conversion.grouping} · ${conversion.merge}`,
    [vscode.l10n.t('{0} tokens', tokens), lossOf(run)].filter((part) => part !== '').join(' · '),
    `${adapter} · ${(milliseconds / 1000).toFixed(1)} s · ${timeOf(run, 'medium')}`,
  ];
  for (const line of lines) tooltip.appendMarkdown('\n\n').appendText(line);
  return tooltip;
}

/** "8→2", or "8" where nothing is converted. */
function headsOfRow({ conversion, sourceG }: PastRun): string {
  return conversion.G === sourceG ? String(sourceG) : `${sourceG}→${conversion.G}`;
}

/** "8 → 2 KV heads" */
function headsOf({ conversion, sourceG }: PastRun): string {
  return conversion.G === sourceG
    ? vscode.l10n.t('{0} KV heads', sourceG)
    : vscode.l10n.t('{0} → {1} KV heads', sourceG, conversion.G);
}

/** "Loss 3.514 → 4.684"; "" of an encoder. */
function lossOf(run: PastRun): string {
  const losses = lossesOf(run, 3).replace('→', ' → ');
  return losses === '' ? '' : vscode.l10n.t('Loss {0}', losses);
}

/** "3.51→4.68"; "" of an encoder. */
function lossesOf({ loss, convertedLoss }: PastRun, digits: number): string {
  return [loss, convertedLoss].flatMap((value) => value?.toFixed(digits) ?? []).join('→');
}

function timeOf({ time }: PastRun, timeStyle: 'short' | 'medium'): string {
  return new Date(time).toLocaleTimeString(vscode.env.language, { timeStyle });
}

function beginning(text: string, length: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
}
