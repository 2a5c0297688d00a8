/** What the host suites share: the activated extension, its sessions, and waiting. */
import * as assert from 'node:assert/strict';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { GqaLensApi } from '../../../src/extension';
import type { Session } from '../../../src/host/session';
import type { ErrorValue } from '../../../src/protocol/errors';

export const samplePath = (): string => join(extension().extensionPath, 'media', 'sample');
export const fixturePath = (name: string): string => join(extension().extensionPath, 'test', 'fixtures', name);

export function extension(): vscode.Extension<GqaLensApi> {
  const found = vscode.extensions.getExtension<GqaLensApi>('gqa-lens.gqa-lens');
  assert.ok(found, 'the extension is not installed');
  return found;
}

export async function activate(): Promise<GqaLensApi> {
  return extension().activate();
}

/** The open checkpoints, as the inspector's top rows show them. */
export async function sessions(): Promise<Session[]> {
  const { inspector } = await activate();
  const rows = (await inspector.getChildren()) ?? [];
  return rows.map(({ session }) => session);
}

/** Runs a command of the extension as the palette does. */
export async function command(name: string, ...given: unknown[]): Promise<void> {
  await vscode.commands.executeCommand(`gqaLens.${name}`, ...given);
}

/** Opens a checkpoint and gives its session. */
export async function open(path: string): Promise<Session> {
  await command('openResource', vscode.Uri.file(path));
  const session = (await sessions()).find((one) => one.path === path);
  assert.ok(session, `${path} is not open`);
  return session;
}

/** Opens the sample; its first run is done when this returns. */
export async function openSample(): Promise<Session> {
  await command('openSample');
  const session = (await sessions()).find(({ path }) => path === samplePath());
  assert.ok(session, 'the sample is not open');
  return session;
}

export async function closeAll(): Promise<void> {
  while ((await sessions()).length > 0) await command('closeCheckpoint');
}

/** Failures that were shown to the user while `work` ran. */
export async function reportedDuring(work: () => Promise<void>): Promise<ErrorValue[]> {
  const { onDidReportError } = await activate();
  const errors: ErrorValue[] = [];
  const listener = onDidReportError((error) => errors.push(error));
  try {
    await work();
  } finally {
    listener.dispose();
  }
  return errors;
}

/** View types of the open webview tabs, without the editor's prefix. */
function webviewTabs(): string[] {
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .flatMap(({ input }) => (input instanceof vscode.TabInputWebview ? [input.viewType.replace(/^.*-/, '')] : []));
}

/** Checks which webviews are open. The editor lists new tabs a moment after it has made them, so this waits for it. */
export async function expectWebviewTabs(...expected: string[]): Promise<void> {
  const end = Date.now() + 10_000;
  while (webviewTabs().length !== expected.length && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.deepEqual(webviewTabs().sort(), expected.sort());
}

/** Waits until `condition` holds; fails with `what` after ten seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = Date.now() + 10_000;
  while (!condition()) {
    assert.ok(Date.now() < end, `waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
