/** The list of commands, and what is done around each of them. What a command does is in its own file. */
import * as vscode from 'vscode';
import type { HostContext } from '../context';
import type { DiagnosticsDocument } from '../diagnosticsDocument';
import { reportError } from '../reportError';
import { cancelRun, runOnSelection, runOnText } from './runText';
import { closeCheckpoint } from './closeCheckpoint';
import { compare } from './compare';
import { compareAssignments } from './compareAssignments';
import { compareResource, compareWith } from './compareWith';
import { convert } from './convert';
import { exportConversion } from './exportConversion';
import { figureActions, saveFigure } from './figures';
import { focusNode } from './focusNode';
import { loadGrouping, saveGrouping } from './groupingFiles';
import { openCheckpoint } from './openCheckpoint';
import { openSample } from './openSample';
import { clearRuns, copyRunText, removeRun, rerun, restoreRun } from './pastRuns';
import { saveReport } from './saveReport';
import { setGroups } from './setGroups';
import { showDiagnostics } from './showDiagnostics';
import { stepLayer } from './stepLayer';
import { sweep } from './sweep';

type Command = (given?: unknown) => void | Promise<void>;

/** Registers every command of package.json. A command's failure is shown, never thrown into the editor. */
export function registerCommands(context: HostContext, diagnostics: DiagnosticsDocument): vscode.Disposable {
  const commands: Record<string, Command> = {
    openCheckpoint: openCheckpoint(context),
    openResource: openCheckpoint(context),
    openSample: openSample(context),
    closeCheckpoint: closeCheckpoint(context),
    runText: runOnText(context),
    runSelection: runOnSelection(context),
    cancelRun: cancelRun(context),
    setGroups: setGroups(context),
    loadGrouping: loadGrouping(context),
    saveGrouping: saveGrouping(context),
    convert: convert(context),
    exportConversion: exportConversion(context),
    saveReport: saveReport(context),
    compare: compare(context),
    compareWith: compareWith(context),
    compareResource: compareResource(context),
    compareAssignments: compareAssignments(context),
    sweep: sweep(context),
    saveFigure,
    ...Object.fromEntries(Object.entries(figureActions).map(([name, run]) => [`figure.${name}`, run])),
    focusNode: focusNode(context),
    previousLayer: stepLayer(context, -1),
    nextLayer: stepLayer(context, 1),
    restoreRun: restoreRun(context),
    rerun: rerun(context),
    copyRunText: copyRunText(context),
    removeRun: removeRun(context),
    clearRuns: clearRuns(context),
    showDiagnostics: showDiagnostics(diagnostics),
    showLog: () => context.log.show(),
  };
  const run =
    (command: Command) =>
    async (given?: unknown): Promise<void> => {
      context.engine.allowRestart();
      try {
        await command(given);
      } catch (error) {
        context.log.error(error instanceof Error ? error : String(error));
        void reportError(error);
      }
    };
  return vscode.Disposable.from(
    ...Object.entries(commands).map(([name, command]) =>
      vscode.commands.registerCommand(`gqaLens.${name}`, run(command)),
    ),
  );
}
