/** The keys that the extension takes: only in its own views, and none that the editor uses there. */
import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { extension } from './support';

interface Keybinding {
  command: string;
  key: string;
  mac?: string;
  when?: string;
}

/** Parts of the window that take keys of their own: where these hold, neither a webview nor our list has the focus. */
const elsewhere =
  /^(?!(list|tree|webview|sideBar))\w+(Focus(ed)?|IsShown|Visible|Exists)$|^in[A-Z]\w+$|^(scmRepository|editorPartModal|isNotebookMultiSelect)$/;

/** Whether a part of a default `when` cannot hold together with ours: it is about something else, or ours excludes it. */
function isApart(part: string, own: string): boolean {
  return part.split(' && ').some((condition) => elsewhere.test(condition) || own.includes(`!${condition} `));
}

describe('keybindings', () => {
  const own = (extension().packageJSON as { contributes: { keybindings: Keybinding[] } }).contributes.keybindings;

  it('are for commands that exist, in our own views only', async () => {
    const commands = await vscode.commands.getCommands(true);
    assert.ok(own.length > 0);
    for (const { command, when = '' } of own) {
      assert.ok(commands.includes(command), command);
      for (const part of when.split(' || ')) {
        assert.match(part, /^(activeWebviewPanelId|focusedView) == gqaLens\.\w+/, command);
        assert.match(part, /!inputFocus/, command);
      }
    }
  });

  it('fight none of the editor’s', async () => {
    const address = vscode.Uri.parse('vscode://defaultsettings/keybindings.json');
    const text = (await vscode.workspace.openTextDocument(address)).getText();
    const defaults = JSON.parse(text.replace(/^\s*\/\/.*$/gm, '')) as Keybinding[];
    assert.ok(defaults.length > 300);
    const fighting = own.flatMap(({ key, command, when: place = '' }) =>
      defaults
        .filter((other) => other.key === key && !other.command.startsWith('gqaLens.'))
        .filter(({ when = '' }) => !when.split(' || ').every((part) => isApart(part, `${place} `)))
        .map((other) => `${command} and ${other.command}: ${key} when ${other.when ?? 'ever'}`),
    );
    assert.deepEqual(fighting, []);
  });
});
