/** Activation: cheap, complete, and in step with package.json. Named so that it runs first. */
import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { activate, extension, sessions } from './support';

interface Contributed {
  command: string;
  title: string;
  category: string;
  enablement?: string;
}

function contributed(): Contributed[] {
  const { contributes } = extension().packageJSON as { contributes: { commands: Contributed[] } };
  return contributes.commands;
}

describe('activation', () => {
  it('starts no engine and opens nothing', async () => {
    const api = await activate();
    assert.equal(api.engine.pid(), undefined);
    assert.deepEqual(await sessions(), []);
  });

  it('registers exactly the commands that package.json lists', async () => {
    const registered = (await vscode.commands.getCommands(true)).filter((name) =>
      /^gqaLens\.(figure\.)?[a-zA-Z]+$/.test(name),
    );
    assert.deepEqual(
      registered.sort(),
      contributed()
        .map(({ command }) => command)
        .sort(),
    );
  });

  it('gives every command a title and the category', () => {
    for (const { command, title, category } of contributed()) {
      assert.equal(category, 'GQA Lens', command);
      assert.ok(title.length > 0 && !title.startsWith('%'), `${command} has the title ${title}`);
    }
  });

  it('enables commands that need a checkpoint only with one', () => {
    const enablement = new Map(contributed().map((one) => [one.command.replace('gqaLens.', ''), one.enablement]));
    for (const name of ['openCheckpoint', 'openSample', 'showDiagnostics', 'showLog'])
      assert.equal(enablement.get(name), undefined, name);
    assert.equal(enablement.get('runText'), 'gqaLens.canRun');
    assert.equal(enablement.get('runSelection'), 'gqaLens.canRun && editorHasSelection');
    assert.equal(enablement.get('setGroups'), 'gqaLens.canGroup');
    assert.equal(enablement.get('compare'), 'gqaLens.canCompare');
  });

  it('has a walkthrough whose links and pictures exist', async () => {
    interface Step {
      id: string;
      title: string;
      description: string;
      media: { image: Record<string, string>; altText: string };
    }
    const { contributes } = extension().packageJSON as { contributes: { walkthroughs: { steps: Step[] }[] } };
    const steps = contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps);
    assert.ok(steps.length >= 4);
    const known = new Set(contributed().map(({ command }) => command));
    for (const { id, title, description, media } of steps) {
      for (const text of [title, description, media.altText]) assert.ok(!text.startsWith('%'), `${id}: ${text}`);
      const links = [...description.matchAll(/\(command:([\w.]+)\)/g)].map(([, command = '']) => command);
      assert.ok(links.length > 0 && links.every((command) => known.has(command)), `${id} links to ${links.join()}`);
      for (const path of Object.values(media.image))
        await vscode.workspace.fs.stat(vscode.Uri.joinPath(extension().extensionUri, path));
    }
  });

  it('tells what to do when a command that needs a checkpoint is called without one', async () => {
    const { onDidReportError } = await activate();
    const message = new Promise<string>((resolve) => {
      const listener = onDidReportError((error) => {
        listener.dispose();
        resolve(error.message);
      });
    });
    await vscode.commands.executeCommand('gqaLens.compare');
    assert.match(await message, /No checkpoint is open.*Open Checkpoint/);
  });
});
