/** Everything that commands, views and documents need, in one object made once by activation. */
import * as vscode from 'vscode';
import { EngineProcess } from './engineProcess';
import { HistoryView } from './history/historyView';
import { RunHistory } from './history/runHistory';
import { Panels } from './panels/panels';
import { SweepPanels } from './panels/sweepPanels';
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
}

/** Makes the parts and ties their lives to the extension's. Starts nothing. */
export function createContext(extension: vscode.ExtensionContext): HostContext {
  const log = vscode.window.createOutputChannel('GQA Lens', { log: true });
  const engine = new EngineProcess(extension, log);
  const sessions = new Sessions(engine);
  const panels = new Panels(extension, sessions, engine);
  const sweeps = new SweepPanels(extension, sessions, engine, panels);
  const history = new RunHistory(extension.workspaceState);
  const view = new HistoryView(history);
  const noting = sessions.onDidRun((session) => history.add(session));
  extension.subscriptions.push(log, engine, sessions, panels, sweeps, history, view, noting);
  return { extension, log, engine, sessions, panels, sweeps, runs: { history, view } };
}
