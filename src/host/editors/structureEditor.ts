/**
 * The read-only editor of weight files: a page that shows what a file holds without reading its weights.
 * Role: documents and their pages. What a document is, and when it changes, is structureDocument.ts.
 */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { openView } from '../panels/openView';
import type { StructureHostApi, StructureViewApi } from '../../protocol/structureView';
import type { HostContext } from '../context';
import { figureHost, registerFigures } from '../panels/figurePanels';
import { webviewHtml, webviewOptions } from '../panels/webviewHtml';
import { StructureDocument } from './structureDocument';

/** Opened by a double click, and offered by "Reopen Editor With…": a view type has one priority for all its files. */
const viewTypes = ['gqaLens.structure', 'gqaLens.structureOption'];

export function registerStructureEditor(context: HostContext): vscode.Disposable {
  const provider: vscode.CustomReadonlyEditorProvider<StructureDocument> = {
    openCustomDocument: (uri) => new StructureDocument(uri, context.engine),
    resolveCustomEditor: (document, panel) => show(context, document, panel),
  };
  const registrations = viewTypes.map((viewType) => vscode.window.registerCustomEditorProvider(viewType, provider));
  return vscode.Disposable.from(...registrations);
}

function show(context: HostContext, document: StructureDocument, panel: vscode.WebviewPanel): void {
  const { extension, engine } = context;
  const { webview } = panel;
  let isReady = false;
  const api: StructureHostApi = {
    ...figureHost,
    ready: () => {
      isReady = true;
      return Promise.resolve(document.snapshot);
    },
    reload: () => {
      // A user's wish lifts the guard against crash loops, as a command does.
      engine.allowRestart();
      return document.read();
    },
    analyse: async () => {
      await vscode.commands.executeCommand('gqaLens.openResource', document.uri);
    },
    statistics: (tensor) =>
      document.statisticsOf(tensor, ({ message, fraction }) => {
        if (isReady) void view.progress.asEvent({ message, fraction });
      }),
    cancelStatistics: () => document.cancelStatistics(),
  };
  const view = openView<StructureViewApi, StructureHostApi>(api, webview);
  webview.options = webviewOptions(extension);
  webview.html = webviewHtml(
    extension,
    webview,
    'structure',
    basename(document.uri.path),
    registerFigures(panel, view),
  );
  const listeners = vscode.Disposable.from(
    document.onDidChange(() => {
      if (isReady) void view.update.asEvent(document.snapshot);
    }),
    panel.onDidChangeViewState(() => (isReady &&= panel.visible)),
  );
  panel.onDidDispose(() => {
    listeners.dispose();
    view.$close();
  });
}
