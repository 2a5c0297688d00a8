/** The comparison of a checkpoint with any other: what runs, what is refused, what is let go, and the assignments as text. */
import * as assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Session } from '../../../src/host/session';
import { usualSides, type DiffSide } from '../../../src/protocol/sides';
import { closeAll, command, expectWebviewTabs, fixturePath, openSample, sessions, until } from './support';

const conversion = { G: 2, grouping: 'contiguous', merge: 'mean' };

describe('a comparison', () => {
  let session: Session;
  let folder: string;
  let child: string;
  let page: vscode.Disposable;
  const original: DiffSide = { kind: 'opened' };
  const other = (path: string): DiffSide => ({ kind: 'checkpoint', path });

  /** Shows these sides, and waits for what comes of it. */
  async function show(a: DiffSide, b: DiffSide): Promise<Session['comparison']> {
    const { comparison } = session;
    comparison.setSides({ a, b });
    await until(
      () => comparison.busy === null && (comparison.compare ?? comparison.problem) !== null,
      'it is compared',
    );
    return comparison;
  }

  before(async () => {
    session = await openSample();
    await session.setConversion(conversion);
    folder = await mkdtemp(join(tmpdir(), 'gqa-lens-comparison-'));
    child = join(folder, 'child');
    await session.exportConversion({ folder: child, format: 'same', overwrite: false, dtype: null });
    page = session.comparison.show();
  });
  after(async () => {
    page.dispose();
    await closeAll();
    await rm(folder, { recursive: true });
  });

  it('with an exported conversion equals that with the conversion in memory', async () => {
    const { compare: expected } = session;
    const { compare, views } = await show(original, other(child));
    assert.ok(expected !== null && compare !== null);
    assert.equal(compare.b.modelName, 'child');
    assert.deepEqual(
      compare.b.tokens.map(({ id }) => id),
      expected.b.tokens.map(({ id }) => id),
    );
    assert.ok(
      Math.abs(compare.klMean - expected.klMean) < 0.01 * expected.klMean,
      `${compare.klMean}, ${expected.klMean}`,
    );
    assert.ok(Math.abs((compare.b.loss ?? 0) - (expected.b.loss ?? 0)) < 0.01);
    assert.deepEqual([views.a.name, views.b.name], ['sample (MHA)', 'child (GQA-2)']);
  });

  it('shows two conversions, and exchanges sides without running them again', async () => {
    const first: DiffSide = { kind: 'conversion', conversion: { ...conversion, merge: 'first' } };
    const { compare, views } = await show(first, { kind: 'converted' });
    assert.equal(compare?.b.runId, session.converted?.runId);
    assert.deepEqual([views.a.name, views.b.name], ['GQA-2 · First head', 'GQA-2 · Mean']);
    const swapped = await show({ kind: 'converted' }, first);
    assert.equal(swapped.compare?.b.runId, compare?.a.runId);
    assert.notEqual(swapped.compare?.klMean, compare?.klMean);
  });

  it('refuses a checkpoint with another vocabulary, and says what to do', async () => {
    const { compare, problem } = await show(original, other(fixturePath('llama-mha')));
    assert.equal(compare, null);
    assert.equal(problem?.code, 'input-invalid');
    assert.match(problem.message, /different vocabularies .*expected 4096 tokens, as sample; .* same tokenizer/);
  });

  it('says that a checkpoint is missing, and goes on', async () => {
    const gone = await show(original, other(join(folder, 'gone')));
    assert.equal(gone.problem?.code, 'checkpoint-not-found');
    assert.equal(gone.views.b.model, null);
    assert.equal(gone.views.b.name, 'gone');
    const back = await show(usualSides.a, usualSides.b);
    assert.equal(back.problem, null);
    assert.equal(back.compare, session.compare);
  });

  it('lets go of a checkpoint that it alone has opened', async () => {
    await show(original, other(child));
    assert.equal((await sessions()).length, 2);
    session.comparison.setSides(usualSides);
    await until(() => session.comparison.busy === null && session.comparison.compare === session.compare, 'it is back');
    assert.deepEqual(await sessions(), [session]);
  });

  it('opens one diff by command, on a folder of the file explorer', async () => {
    await command('compareResource', vscode.Uri.file(child));
    await until(() => session.comparison.compare?.b.modelName === 'child', 'the child is compared');
    await command('compare');
    assert.deepEqual(session.comparison.sides, usualSides);
    await expectWebviewTabs('gqaLens.diff', 'gqaLens.explorer');
  });

  it('shows the assignments of both sides as the text diff of the editor', async () => {
    await command('compareAssignments');
    const isOpen = (): vscode.TabInputTextDiff | undefined =>
      vscode.window.tabGroups.all
        .flatMap(({ tabs }) => tabs)
        .flatMap(({ input }) => (input instanceof vscode.TabInputTextDiff ? [input] : []))[0];
    await until(() => isOpen() !== undefined, 'the text diff is open');
    const diff = isOpen();
    assert.ok(diff);
    const [a, b] = await Promise.all(
      [diff.original, diff.modified].map(async (uri) => vscode.workspace.openTextDocument(uri)),
    );
    const lines = (document: vscode.TextDocument | undefined): string[] => document?.getText().split('\n') ?? [];
    assert.equal(lines(a).length, lines(b).length);
    assert.ok(lines(a).includes('layer 3 · Q5 → KV 5'));
    assert.ok(lines(b).includes('layer 3 · Q5 → KV 1'));
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
  });
});
