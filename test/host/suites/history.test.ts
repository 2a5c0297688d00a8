/** The history of runs: what is noted, brought back and forgotten; and the marks of files that are open. */
import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { PastRun } from '../../../src/host/history/runHistory';
import { activate, closeAll, command, openSample, samplePath, sessions } from './support';

async function runs(): Promise<PastRun[]> {
  const { history } = await activate();
  const days = (await history.getChildren()) ?? [];
  const rows = await Promise.all(days.map(async (day) => (await history.getChildren(day)) ?? []));
  return rows.flat().filter((row): row is PastRun => 'text' in row);
}

async function labelOf(run: PastRun): Promise<string> {
  const { history } = await activate();
  const { label, description } = await history.getTreeItem(run);
  assert.ok(typeof label === 'string' && typeof description === 'string');
  return `${label} | ${description}`;
}

describe('the history of runs', () => {
  before(async () => {
    await activate();
    for (const run of await runs()) await command('removeRun', run);
  });
  after(closeAll);

  it('notes text, conversion and losses of each run, newest first', async () => {
    const session = await openSample();
    await session.run('Holmes looked at Watson.');
    const [newest, older] = await runs();
    assert.ok(newest && older);
    assert.equal(newest.text, 'Holmes looked at Watson.');
    assert.deepEqual(newest.conversion, session.conversion);
    assert.equal(newest.loss, session.original?.loss);
    assert.equal(newest.convertedLoss, session.converted?.loss);
    assert.ok(newest.milliseconds > 0 && newest.adapter !== '');
    assert.ok(newest.time >= older.time);
    const losses = [newest.loss, newest.convertedLoss].map((loss) => loss?.toFixed(2)).join('→');
    assert.equal(await labelOf(newest), `8→2 | ${losses} · Holmes looked at Watson.`);
  });

  it('notes the same run once, and a change of conversion as another', async () => {
    const [session] = await sessions();
    assert.ok(session);
    const before = (await runs()).length;
    await session.run('Holmes looked at Watson.');
    assert.equal((await runs()).length, before);
    await session.setConversion({ ...session.conversion, G: 4 });
    assert.equal((await runs()).length, before + 1);
    assert.equal((await runs())[0]?.conversion.G, 4);
  });

  it('brings a run back, also after its checkpoint was closed', async () => {
    const wanted = (await runs()).find(({ conversion }) => conversion.G === 2);
    assert.ok(wanted);
    await command('restoreRun', wanted);
    const [session] = await sessions();
    assert.deepEqual([session?.text, session?.conversion], [wanted.text, wanted.conversion]);
    assert.ok(Math.abs((session?.original?.loss ?? NaN) - (wanted.loss ?? NaN)) < 1e-4);
    await closeAll();
    await command('restoreRun', wanted);
    const [again] = await sessions();
    assert.deepEqual([again?.text, again?.conversion], [wanted.text, wanted.conversion]);
    assert.ok(again?.compare);
  });

  it('copies the text of a run, and forgets it', async () => {
    const [first, ...others] = await runs();
    assert.ok(first);
    await command('copyRunText', first);
    assert.equal(await vscode.env.clipboard.readText(), first.text);
    await command('removeRun', first);
    assert.deepEqual(
      (await runs()).map(({ id }) => id),
      others.map(({ id }) => id),
    );
  });
});

describe('files that are open', () => {
  after(closeAll);

  it('are marked with their KV heads, and no longer when they are closed', async () => {
    const { decorations } = await activate();
    const token = new vscode.CancellationTokenSource().token;
    const mark = async (): Promise<vscode.FileDecoration | null | undefined> =>
      decorations.provideFileDecoration(vscode.Uri.file(samplePath()), token);
    await closeAll();
    assert.equal(await mark(), undefined);
    const session = await openSample();
    assert.equal((await mark())?.tooltip, 'Open in GQA Lens: 8 → 2 KV heads');
    await session.setConversion({ ...session.conversion, G: 8 });
    assert.equal((await mark())?.tooltip, 'Open in GQA Lens: 8 KV heads');
    await closeAll();
    assert.equal(await mark(), undefined);
  });
});
