/** Show GPU Diagnostics: a document that says what runs and what was tried. */
import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { activate, command } from './support';

describe('GPU diagnostics', () => {
  it('tell runtime, process, adapter, features, limits, probe and what was tried', async () => {
    await command('showDiagnostics');
    const document = vscode.window.activeTextEditor?.document;
    assert.equal(document?.languageId, 'markdown');
    const text = document.getText();
    const { engine } = await activate();
    assert.match(text, /Runtime: node v\d+\.\d+\.\d+/);
    assert.match(text, new RegExp(`Process: ${engine.pid() ?? 'none'}\\b`));
    assert.match(text, /webgpu \(dawn\): \d+\.\d+\.\d+/);
    assert.match(text, /Probe .*: \d+\.\d ms/);
    assert.match(text, /\| this process \| .*node \| v\d+\.\d+\.\d+ \| works \|/);
    assert.match(text, /\| maxStorageBufferBindingSize \| \d+ \|/);
    assert.match(text, /## Features\n\n\w/);
    assert.match(text, /\*\*A GPU adapter works\*\*/);
  });

  it('cannot be edited', async () => {
    await command('showDiagnostics');
    const editor = vscode.window.activeTextEditor;
    assert.ok(editor);
    const before = editor.document.getText();
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'x')).then(undefined, () => false);
    assert.equal(editor.document.getText(), before);
    assert.equal(editor.document.isDirty, false);
  });
});
