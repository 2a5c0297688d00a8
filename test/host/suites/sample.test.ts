/** The sample: opened, run, shown in the tree, converted, compared, closed. */
import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { Session } from '../../../src/host/session';
import { activate, closeAll, command, openSample, sessions, expectWebviewTabs } from './support';

interface Row {
  label: string;
  description: string;
}

/** Label and description of every child of the row that a path of labels leads to, from the sample's own row on. */
async function rows(...labels: string[]): Promise<Row[]> {
  const { inspector } = await activate();
  let parent = (await inspector.getChildren())?.[0];
  for (const label of labels) {
    const children = (await inspector.getChildren(parent)) ?? [];
    const items = await Promise.all(children.map(async (child) => inspector.getTreeItem(child)));
    parent = children[items.findIndex((item) => item.label === label)];
    assert.ok(parent, `no row ${label}`);
  }
  const children = (await inspector.getChildren(parent)) ?? [];
  return Promise.all(
    children.map(async (child) => {
      const { label, description } = await inspector.getTreeItem(child);
      return { label: text(label), description: text(description) };
    }),
  );
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

describe('the sample', () => {
  let session: Session;
  before(async () => (session = await openSample()));
  after(closeAll);

  it('is run as opened and with two groups, and both are compared', () => {
    const { original, converted, compare } = session;
    assert.equal(session.problem, null);
    assert.ok(original !== null && converted !== null && compare !== null);
    assert.ok(original.loss !== null && converted.loss !== null);
    assert.ok(original.loss > 1 && original.loss < converted.loss, `losses ${original.loss} and ${converted.loss}`);
    assert.equal(converted.grouping.G, 2);
    assert.ok(compare.klMean > 0);
    assert.equal(compare.klPerToken.length, original.tokens.length);
  });

  it('is opened once, in one explorer', async () => {
    await openSample();
    assert.equal((await sessions()).length, 1);
    await expectWebviewTabs('gqaLens.explorer');
  });

  it('shows its facts, layers, groups and heads in the tree', async () => {
    const top = await rows();
    const facts = new Map(top.map(({ label, description }) => [label, description]));
    assert.equal(facts.get('Heads'), 'H 8 · G 8 · K 32');
    assert.equal(facts.get('Stored as'), 'BF16');
    assert.equal(facts.get('KV cache'), '1.5 KiB a token · −75 %');
    assert.equal(top.filter(({ label }) => label.startsWith('Layer')).length, 6);
    assert.deepEqual(await rows('Layer 3'), [
      { label: 'KV 0', description: 'Q 0–3' },
      { label: 'KV 1', description: 'Q 4–7' },
    ]);
    assert.deepEqual(
      (await rows('Layer 3', 'KV 1')).map(({ label }) => label),
      ['Q4', 'Q5', 'Q6', 'Q7'],
    );
  });

  it('runs only the conversion again when the conversion changes', async () => {
    const before = { original: session.original?.runId, converted: session.converted?.runId };
    await session.setConversion({ ...session.conversion, G: 4 });
    assert.equal(session.original?.runId, before.original);
    assert.notEqual(session.converted?.runId, before.converted);
    assert.equal(session.compare?.b.runId, session.converted?.runId);
    assert.equal((await rows('Layer 0')).length, 4);
  });

  it('has no converted run when the conversion changes nothing', async () => {
    await session.setConversion({ ...session.conversion, G: 8 });
    assert.equal(session.converted, null);
    assert.equal(session.compare, null);
    assert.ok(session.original !== null);
    await session.setConversion({ ...session.conversion, G: 2 });
  });

  it('refuses a number of groups that does not divide the heads, and keeps what it has', async () => {
    const { original } = session;
    await session.setConversion({ ...session.conversion, G: 3 });
    assert.equal(session.problem?.code, 'conversion-invalid');
    assert.equal(session.conversion.G, 2);
    assert.equal(session.original, original);
  });

  it('keeps only the newest of two runs that are asked for at once', async () => {
    await Promise.all([session.run('The first text is not wanted any more.'), session.run('The second one is.')]);
    assert.equal(session.problem, null);
    assert.equal(
      session.original?.tokens
        .map(({ text }) => text)
        .join('')
        .trim()
        .endsWith('second one is.'),
      true,
    );
  });

  it('does not lose a run when the conversion changes while it runs', async () => {
    const running = session.run('Watson was not lost.');
    await session.setConversion({ ...session.conversion, G: 1 });
    await running;
    assert.match(session.original?.tokens.map(({ text }) => text).join('') ?? '', /not lost/);
    assert.equal(session.converted?.grouping.G, 1);
  });

  it('keeps the last result when a run is cancelled', async () => {
    const { original } = session;
    const running = session.run('This text is cancelled before it has run.');
    session.cancel();
    await running;
    assert.equal(session.problem, null);
    assert.equal(session.busy, null);
    assert.equal(session.original, original);
  });

  it('cuts texts to the setting and says how much was cut', async () => {
    const settings = vscode.workspace.getConfiguration('gqaLens');
    await settings.update('maxTokens', 8, vscode.ConfigurationTarget.Global);
    try {
      await session.run('One two three four five six seven eight nine ten eleven twelve.');
      assert.equal(session.original?.tokens.length, 8);
      assert.ok(session.original.droppedTokens > 0);
    } finally {
      await settings.update('maxTokens', undefined, vscode.ConfigurationTarget.Global);
    }
  });

  it('runs what is selected in an editor', async () => {
    const document = await vscode.workspace.openTextDocument({ content: 'Not this. Dear Holmes, this.' });
    const editor = await vscode.window.showTextDocument(document);
    editor.selection = new vscode.Selection(0, 10, 0, 28);
    await command('runSelection');
    assert.equal(session.text, 'Dear Holmes, this.');
    assert.match(session.original?.tokens.map(({ text }) => text).join('') ?? '', /Dear Holmes, this\./);
  });

  it('measures the layers of a comparison once, and the time of a token when asked', async () => {
    const { measuring } = session.comparison;
    const results = new Set<unknown>();
    const listener = measuring.onDidChange(() => results.add(measuring.state.result));
    measuring.want();
    measuring.want();
    const isDone = (): boolean => measuring.state.result !== null || measuring.state.problem !== null;
    while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(measuring.state.problem, null);
    assert.equal(measuring.state.result?.layers?.length, 6);
    assert.deepEqual([...results].filter((result) => result !== null).length, 1);
    await measuring.time();
    assert.ok((measuring.state.result.b.millisecondsPerToken ?? 0) > 0);
    assert.equal(measuring.state.result.layers.length, 6);
    await session.setConversion({ ...session.conversion, G: session.conversion.G === 1 ? 2 : 1 });
    measuring.want();
    assert.equal(measuring.state.result, null);
    measuring.cancel();
    listener.dispose();
  });

  it('compares in one diff', async () => {
    await command('compare');
    await command('compare');
    await expectWebviewTabs('gqaLens.diff', 'gqaLens.explorer');
  });

  it('closes with its panels', async () => {
    await closeAll();
    await expectWebviewTabs();
    assert.deepEqual(await sessions(), []);
  });
});
