/** Opens the diagnostics as a read-only document, written anew. */
import * as vscode from 'vscode';
import { diagnosticsUri, type DiagnosticsDocument } from '../diagnosticsDocument';

export function showDiagnostics(diagnostics: DiagnosticsDocument) {
  return async (): Promise<void> => {
    diagnostics.refresh();
    await vscode.window.showTextDocument(diagnosticsUri, { preview: true });
  };
}
