/** A webview as a message pipe for openChannel. Messages to a hidden webview are lost: callers ask `visible` first. */
import type * as vscode from 'vscode';
import type { Transport } from '../../protocol/rpc';

export function webviewTransport(webview: vscode.Webview): Transport {
  return {
    // False or a rejection means that the webview is gone; whoever waits for an answer is gone with it.
    post: (message) => void webview.postMessage(message).then(undefined, () => undefined),
    on: (listener) => void webview.onDidReceiveMessage(listener),
  };
}
