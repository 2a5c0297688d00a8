/**
 * Which folders of the workspace hold a config.json or a GGUF file. `when` clauses cannot look into a folder, so their paths are kept
 * in a context key that the Explorer's menu asks with `resourcePath in …`.
 */
import { dirname, posix } from 'node:path';
import * as vscode from 'vscode';

/** What a folder that can be opened has. */
const signs = '**/{config.json,*.gguf}';
/** A workspace with more than this has them in generated folders: nobody opens the rest from the menu. */
const mostFolders = 2000;
/** A checkout or an install changes thousands of files at once: they are looked at together. */
const quietMilliseconds = 1000;

export function maintainCheckpointFolders(): vscode.Disposable {
  let timer: NodeJS.Timeout | undefined;
  const refreshSoon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void refresh(), quietMilliseconds);
  };
  const watcher = vscode.workspace.createFileSystemWatcher(signs, false, true, false);
  refreshSoon();
  return vscode.Disposable.from(
    watcher,
    watcher.onDidCreate(refreshSoon),
    watcher.onDidDelete(refreshSoon),
    vscode.workspace.onDidChangeWorkspaceFolders(refreshSoon),
    { dispose: () => clearTimeout(timer) },
  );
}

async function refresh(): Promise<void> {
  const files = await vscode.workspace.findFiles(signs, '**/{node_modules,.git}/**', mostFolders);
  // The menu compares with the file system's path where files are local, and with the address's path where they are remote.
  const paths = files.flatMap((file) => [dirname(file.fsPath), posix.dirname(file.path)]);
  await vscode.commands.executeCommand('setContext', 'gqaLens.checkpointFolders', [...new Set(paths)]);
}
