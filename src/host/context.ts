/** Everything that commands, views and documents need, in one object made once by activation. */
import * as vscode from 'vscode';
import { EngineProcess } from './engineProcess';
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
}

/** Makes the parts and ties their lives to the extension's. Starts nothing. */
export function createContext(extension: vscode.ExtensionContext): HostContext {
  const log = vscode.window.createOutputChannel('GQA Lens', { log: true });
  const engine = new EngineProcess(extension, log);
  const sessions = new Sessions(engine);
  const panels = new Panels(extension, sessions, engine);
  const sweeps = new SweepPanels(extension, sessions, engine, panels);
  extension.subscriptions.push(log, engine, sessions, panels, sweeps);
  return { extension, log, engine, sessions, panels, sweeps };
}
