/**
 * The channel to a webview. Messages to a hidden webview are lost: callers ask `visible` first. What fails here is told to the page in the
 * editor's language.
 */
import type * as vscode from 'vscode';
import { openChannel, type Remote } from '../../protocol/rpc';
import { shownError } from '../shownError';

/** Offers the host's functions to a page, and calls the page's. */
export function openView<View extends object, Host extends object>(
  host: Host,
  webview: vscode.Webview,
): Remote<View, Host> {
  const transport = {
    // False or a rejection means that the webview is gone; whoever waits for an answer is gone with it.
    post: (message: unknown) => void webview.postMessage(message).then(undefined, () => undefined),
    on: (listener: (message: unknown) => void) => void webview.onDidReceiveMessage(listener),
  };
  return openChannel<View, Host>(host, transport, shownError);
}
