/**
 * The webview's end of the channel to the extension host, and the state that survives a window reload.
 */
import { openChannel, type Remote } from '../../src/protocol/rpc';

interface VsCodeApi {
  postMessage(message: unknown): void;
  setState(state: unknown): void;
  getState(): unknown;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** Who answers a page: the editor, or the records of a report. */
export interface Host<Calls> {
  remote: Calls;
  /** Nothing can be changed: what is shown was recorded. */
  readOnly: boolean;
  /** Keeps a value for the editor to restore the panel from. */
  save(state: unknown): void;
  /** What this panel kept before it was hidden or the window was reloaded. */
  saved(): unknown;
}

/** Connects to the host. May be called once a page: the editor hands out its API once. */
export function connect<HostApi extends object, ViewApi extends object>(ours: ViewApi): Host<Remote<HostApi, ViewApi>> {
  const vscode = acquireVsCodeApi();
  const remote = openChannel<HostApi, ViewApi>(ours, {
    post: (message) => vscode.postMessage(message),
    on: (listener) => window.addEventListener('message', (event: MessageEvent<unknown>) => listener(event.data)),
  });
  return { remote, readOnly: false, save: (state) => vscode.setState(state), saved: () => vscode.getState() };
}

/** A part of a value that `save` kept, which may be of any shape by now. */
export function kept(saved: unknown, name: string): unknown {
  return typeof saved === 'object' && saved !== null ? Object.entries(saved).find(([key]) => key === name)?.[1] : null;
}
