/** Everything that commands, views and documents need, in one object made once by activation. */
import * as vscode from 'vscode';
import { AssignmentDocuments } from './assignmentDocuments';
import { EngineProcess } from './engineProcess';
import { HistoryView } from './history/historyView';
import { RunHistory } from './history/runHistory';
import { Panels } from './panels/panels';
import { SweepPanels } from './panels/sweepPanels';
import { RecentCheckpoints } from './recentCheckpoints';
import { Sessions } from './sessions';

export interface HostContext {
  readonly extension: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly engine: EngineProcess;
  readonly sessions: Sessions;
  readonly panels: Panels;
  readonly sweeps: SweepPanels;
  /** What was run in this workspace, and its list in the side bar. */
  readonly runs: { readonly history: RunHistory; readonly view: HistoryView };
  readonly assignments: AssignmentDocuments;
  /** Checkpoints that were compared with. */
  readonly recent: RecentCheckpoints;
}

/** Makes the parts and ties their lives to the extension's. Starts nothing. */
export function createContext(extension: vscode.ExtensionContext): HostContext {
  const log = vscode.window.createOutputChannel('GQA Lens', { log: true });
  const engine = new EngineProcess(extension, log);
  const sessions = new Sessions(engine);
  const recent = new RecentCheckpoints(extension.globalState);
  const assignments = new AssignmentDocuments(sessions);
  const panels = new Panels(extension, sessions, engine, recent);
  const sweeps = new SweepPanels(extension, sessions, engine, panels);
  const history = new RunHistory(extension.workspaceState);
  const view = new HistoryView(history);
  const noting = sessions.onDidRun((session) => history.add(session));
  extension.subscriptions.push(log, engine, sessions, panels, sweeps, history, view, noting, assignments);
  return { extension, log, engine, sessions, panels, sweeps, runs: { history, view }, assignments, recent };
}
