// The extension in a real host: it activates, and what package.json promises is there.
import * as assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import * as vscode from 'vscode';

interface Manifest {
  contributes: {
    commands: { command: string; title: string; category: string }[];
    views: Record<string, { id: string; name: string }[]>;
  };
}

describe('activation', () => {
  let extension: vscode.Extension<unknown>;
  let manifest: Manifest;

  before(async () => {
    const found = vscode.extensions.getExtension('gqa-lens.gqa-lens');
    assert.ok(found, 'VS Code does not know the extension');
    extension = found;
    manifest = JSON.parse(readFileSync(join(extension.extensionPath, 'package.json'), 'utf8')) as Manifest;
    await extension.activate();
  });

  it('activates', () => {
    assert.equal(extension.isActive, true);
  });

  it('registers every command that it contributes', async () => {
    const registered = new Set(await vscode.commands.getCommands(true));
    const missing = manifest.contributes.commands.map(({ command }) => command).filter((name) => !registered.has(name));
    assert.deepEqual(missing, []);
  });

  it('contributes its sidebar view, which can be focused', async () => {
    const views = Object.values(manifest.contributes.views).flat();
    assert.ok(views.length > 0, 'no view is contributed');
    for (const { id } of views) await vscode.commands.executeCommand(`${id}.focus`);
  });
});
