/**
 * The HTML of every webview: an empty root, one style sheet, one script, the messages of the user's language, and nothing else
 * allowed to run or load.
 */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

export type ViewKind = 'explorer' | 'diff' | 'sweep' | 'structure';

/** Options of every webview: scripts from dist/ only. */
export function webviewOptions(extension: vscode.ExtensionContext): vscode.WebviewOptions {
  return { enableScripts: true, localResourceRoots: [distFolder(extension)] };
}

/** @param page the id that context menus name the page by (figurePanels.ts) */
export function webviewHtml(
  extension: vscode.ExtensionContext,
  webview: vscode.Webview,
  kind: ViewKind,
  title: string,
  page: string,
): string {
  const nonce = randomBytes(16).toString('base64');
  const address = (name: string): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(distFolder(extension), 'webview', name)).toString();
  const policy = [
    "default-src 'none'",
    `style-src ${webview.cspSource}`,
    `script-src 'nonce-${nonce}'`,
    `img-src ${webview.cspSource} data: blob:`,
    `font-src ${webview.cspSource}`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${vscode.env.language}">
<head>
  <meta charset="UTF-8">
  <meta http-equiv="Content-Security-Policy" content="${policy}">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${escapeHtml(title)}</title>
  <link rel="stylesheet" href="${address(`${kind}.css`)}">
</head>
<body data-vscode-context="${escapeHtml(JSON.stringify({ gqaLensPage: page, gqaLensView: kind }))}">
  <div id="root"></div>
  ${messages(vscode.l10n.bundle)}
  <script nonce="${nonce}" src="${address(`${kind}.js`)}"></script>
</body>
</html>`;
}

/** Data, which the policy does not keep from a page: nothing in it runs. English needs none, and sentences that the host says anew stay there. */
function messages(bundle: Record<string, unknown> | undefined): string {
  if (bundle === undefined) return '';
  const own = Object.fromEntries(Object.entries(bundle).filter(([key]) => !/\/(error|progress)$/.test(key)));
  return `<script type="application/json" id="messages">${JSON.stringify(own).replace(/</g, '\\u003c')}</script>`;
}

function distFolder(extension: vscode.ExtensionContext): vscode.Uri {
  return vscode.Uri.joinPath(extension.extensionUri, 'dist');
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
