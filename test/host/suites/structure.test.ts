/** The structure editor: what opens in it by itself, what only on request, and that broken files break nothing. */
import * as assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { activate, closeAll, expectWebviewTabs, fixturePath, sessions, until } from './support';

/** View types of the tabs that are custom editors. */
function customTabs(): string[] {
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .flatMap(({ input }) => (input instanceof vscode.TabInputCustom ? [input.viewType] : []));
}

async function expectCustomTabs(...expected: string[]): Promise<void> {
  await until(() => customTabs().length === expected.length, `${expected.length} structure editors are open`);
  assert.deepEqual(customTabs().sort(), expected.sort());
}

describe('the structure editor', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gqa-lens-structure-'));
    await activate();
  });
  after(async () => rm(folder, { recursive: true, force: true }));
  afterEach(async () => {
    await closeAll();
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('opens .safetensors files by itself, and opens no checkpoint', async () => {
    await vscode.commands.executeCommand(
      'vscode.open',
      vscode.Uri.file(join(fixturePath('llama-gqa'), 'model.safetensors')),
    );
    await expectCustomTabs('gqaLens.structure');
    assert.deepEqual(await sessions(), []);
  });

  it('opens index files and GGUF on request only', async () => {
    const file = join(folder, 'model.safetensors.index.json');
    await writeFile(file, '{"weight_map": {}}');
    await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(file));
    await expectCustomTabs();
    for (const name of [file, join(folder, 'model.gguf')]) {
      await writeFile(name, '{"weight_map": {}}');
      await vscode.commands.executeCommand('vscode.openWith', vscode.Uri.file(name), 'gqaLens.structureOption');
    }
    await expectCustomTabs('gqaLens.structureOption', 'gqaLens.structureOption');
  });

  it('opens broken files, whose failure is told in the page and not in a notification', async () => {
    const { onDidReportError } = await activate();
    let reported = 0;
    const listener = onDidReportError(() => (reported += 1));
    const file = join(folder, 'broken.safetensors');
    await writeFile(file, Buffer.alloc(64, 0xff));
    await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(file));
    await expectCustomTabs('gqaLens.structure');
    listener.dispose();
    assert.equal(reported, 0);
  });

  it('stays beside the explorer of the same checkpoint', async () => {
    const uri = vscode.Uri.file(join(fixturePath('llama-gqa'), 'model.safetensors'));
    await vscode.commands.executeCommand('vscode.open', uri);
    await vscode.commands.executeCommand('gqaLens.openResource', uri);
    await expectWebviewTabs('gqaLens.explorer');
    await expectCustomTabs('gqaLens.structure');
    assert.equal((await sessions())[0]?.path, uri.fsPath);
  });
});
