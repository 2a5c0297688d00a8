/**
 * Activation: makes the parts and wires them together, nothing else. Nothing heavy starts here: the engine process
 * comes up when something is first asked of it.
 */
import type * as vscode from 'vscode';
import { CheckpointDecorations } from './host/checkpointDecorations';
import { maintainCheckpointFolders } from './host/checkpointFolders';
import { registerCommands } from './host/commands/register';
import { createContext, type HostContext } from './host/context';
import { maintainContextKeys } from './host/contextKeys';
import { DiagnosticsDocument } from './host/diagnosticsDocument';
import { registerStructureEditor } from './host/editors/structureEditor';
import { restartOnSettings, tellCrashes } from './host/engineWatch';
import type { HistoryNode } from './host/history/historyView';
import { Inspector } from './host/inspector/inspector';
import type { Node } from './host/inspector/nodes';
import { onDidReportError } from './host/reportError';
import { registerLanguageModelTool } from './host/languageModelTool';
import { startSample } from './host/startSample';
import { maintainStatusBar } from './host/statusBar';
import type { ErrorValue } from './protocol/errors';

/** What other extensions and tests get from `activate`. */
export interface GqaLensApi {
  readonly engine: {
    /** Process id of the engine; undefined while none runs. */
    pid(): number | undefined;
  };
  /** What the side bar shows. */
  readonly inspector: vscode.TreeDataProvider<Node>;
  /** The runs of the side bar, under their days. */
  readonly history: vscode.TreeDataProvider<HistoryNode>;
  readonly decorations: vscode.FileDecorationProvider;
  /** Fires for each failure that is shown to the user. */
  readonly onDidReportError: vscode.Event<ErrorValue>;
}

let active: HostContext | undefined;

export function activate(extension: vscode.ExtensionContext): GqaLensApi {
  const started = performance.now();
  const context = createContext(extension);
  active = context;
  const inspector = new Inspector(context.sessions, context.panels);
  const decorations = new CheckpointDecorations(context.sessions);
  const diagnostics = new DiagnosticsDocument(context.engine);
  extension.subscriptions.push(
    diagnostics,
    registerCommands(context, diagnostics),
    registerStructureEditor(context),
    maintainContextKeys(context.sessions, context.runs.history),
    maintainStatusBar(context.sessions),
    registerLanguageModelTool(context.sessions),
    maintainCheckpointFolders(),
    decorations,
    tellCrashes(context),
    restartOnSettings(context),
    inspector,
    startSample(process.env, started, context.panels.onDidDraw),
  );
  return {
    engine: { pid: () => context.engine.pid() },
    inspector,
    history: context.runs.view,
    decorations,
    onDidReportError,
  };
}

/** The editor waits for this: the engine ends cleanly. */
export async function deactivate(): Promise<void> {
  await active?.engine.stop();
}
