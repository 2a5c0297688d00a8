/** The report of an opened checkpoint: the command runs what is missing and writes a file; cancelled, it leaves none. */
import * as assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultExplorerUi } from '../../../src/protocol/defaults';
import { usualSides } from '../../../src/protocol/sides';
import { closeAll, command, fixturePath, open, reportedDuring } from './support';

describe('the report of a checkpoint', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gqa-lens-report-'));
  });
  after(async () => {
    await closeAll();
    await rm(folder, { recursive: true, force: true });
  });

  it('is one file, also where nothing has run yet, and replaces an older report', async () => {
    const session = await open(fixturePath('llama-mha'));
    session.cancel();
    const file = join(folder, 'report.html');
    for (const G of [2, 4]) {
      await session.setConversion({ G, grouping: 'contiguous', merge: 'mean' });
      assert.deepEqual(await reportedDuring(() => command('saveReport', { file })), []);
      assert.equal(session.converted?.conversion?.G, G);
      const html = await readFile(file, 'utf8');
      assert.match(html.slice(0, 400), /GQA Lens report/);
      assert.match(html, /data-part="maps converted 1"/);
    }
    assert.deepEqual(await readdir(folder), ['report.html']);
  });

  it('compares the sides that the comparison page shows, also while they are computed', async () => {
    const session = await open(fixturePath('llama-mha'));
    const page = session.comparison.show();
    try {
      const conversion = { G: 1, grouping: 'contiguous', merge: 'mean' };
      session.comparison.setSides({ a: { kind: 'opened' }, b: { kind: 'conversion', conversion } });
      const file = join(folder, 'sides.html');
      assert.deepEqual(await reportedDuring(() => command('saveReport', { file })), []);
      assert.equal(session.comparison.compare?.b.conversion?.G, 1);
      const html = await readFile(file, 'utf8');
      // The explorer's conversion is there as well.
      for (const side of ['original', 'converted', 'b']) assert.match(html, new RegExp(`data-part="maps ${side} 1"`));
      assert.doesNotMatch(html, /data-part="maps a 1"/);
      session.comparison.setSides({ a: { kind: 'opened' }, b: { kind: 'checkpoint', path: join(folder, 'nothing') } });
      const [error] = await reportedDuring(() => command('saveReport', { file }));
      assert.equal(error?.detail.file, join(folder, 'nothing'));
    } finally {
      session.comparison.setSides(usualSides);
      page.dispose();
    }
    await rm(join(folder, 'sides.html'));
  });

  it('replaces no other file, and says so', async () => {
    const file = join(folder, 'mine.html');
    await writeFile(file, 'mine');
    const errors = await reportedDuring(() => command('saveReport', { file }));
    assert.deepEqual(
      errors.map(({ code }) => code),
      ['output-exists'],
    );
    assert.equal(await readFile(file, 'utf8'), 'mine');
  });

  it('leaves nothing behind when it is cancelled', async () => {
    const session = await open(fixturePath('llama-mha'));
    const { text, decoderText, conversion, model, registries, grouping, original, converted, compare } = session;
    const controller = new AbortController();
    const file = join(folder, 'cancelled.html');
    const state = { modelPath: session.path, text, decoderText, conversion, ui: defaultExplorerUi(model, registries) };
    const writing = session.report(
      {
        explorer: {
          ...{ state, model, registries, grouping, original, converted, compare },
          ...{ gpu: null, busy: null, problem: null },
        },
        ...{ comparison: null, sweeps: [], language: 'en', file, overwrite: false },
      },
      { signal: controller.signal, onProgress: () => controller.abort() },
    );
    await assert.rejects(writing, { code: 'cancelled' });
    assert.deepEqual((await readdir(folder)).includes('cancelled.html'), false);
  });
});
