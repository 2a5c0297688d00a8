/** Conversions on a text and their export: real files, written by the command and opened again. */
import * as assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Session } from '../../../src/host/session';
import { closeAll, command, fixturePath, open, openSample, reportedDuring } from './support';

describe('the export of a conversion', () => {
  let parent: string;
  let session: Session;
  before(async () => {
    parent = await mkdtemp(join(tmpdir(), 'gqa-lens-export-'));
    session = await open(fixturePath('llama-mha'));
    await session.setConversion({ G: 2, grouping: 'strided', merge: 'mean' });
    await session.run(session.text);
  });
  after(async () => {
    await closeAll();
    await rm(parent, { recursive: true, force: true });
  });

  const text = (...path: string[]): Promise<string> => readFile(join(parent, ...path), 'utf8');
  const exportTo = async (folder: string, more: object = {}): Promise<string[]> => {
    const answers = { folder: join(parent, folder), dtype: 'bf16', format: 'same', overwrite: false, ...more };
    const errors = await reportedDuring(() => command('exportConversion', answers));
    return errors.map(({ code }) => code);
  };

  it('is a folder with the new number of KV heads, in the chosen type, with its story and measures', async () => {
    assert.deepEqual(await exportTo('out'), []);
    const config = JSON.parse(await text('out', 'config.json')) as Record<string, unknown>;
    assert.deepEqual([config.num_key_value_heads, config.dtype], [2, 'bfloat16']);
    const record = JSON.parse(await text('out', 'gqa-lens.json')) as Record<string, unknown>;
    assert.deepEqual([record.grouping, record.merge, record.kvHeads], ['strided', 'mean', 2]);
    const { converted } = record.measures as { converted: { loss: number } };
    assert.ok(Math.abs(converted.loss - (session.converted?.loss ?? NaN)) < 1e-4, `loss ${converted.loss}`);
    assert.match(await text('out', 'README.md'), /KV heads \| 8 → 2/);
  });

  it('opens again and computes what the conversion computes, but for the rounding of its weights', async () => {
    const exported = await open(join(parent, 'out'));
    assert.deepEqual([exported.model.G, exported.model.dtype], [2, 'BF16']);
    await exported.run(session.text);
    assert.equal(exported.problem, null);
    const difference = Math.abs((exported.original?.loss ?? NaN) - (session.converted?.loss ?? NaN));
    assert.ok(difference < 0.02, `losses ${difference} apart`);
  });

  it('replaces nothing unless it is told to, and no checkpoint that is open', async () => {
    await open(session.path);
    const before = await text('out', 'gqa-lens.json');
    assert.deepEqual(await exportTo('out'), ['output-exists']);
    assert.deepEqual(await exportTo('out', { overwrite: true }), ['output-exists']);
    assert.equal(await text('out', 'gqa-lens.json'), before);
  });

  it('leaves nothing behind when it is cancelled', async () => {
    const controller = new AbortController();
    const request = { folder: join(parent, 'cancelled'), overwrite: false, dtype: null, format: 'same' } as const;
    const writing = session.exportConversion(request, {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await assert.rejects(writing, { code: 'cancelled' });
    assert.deepEqual(await readdir(parent), ['out']);
  });
});

describe('a conversion on a text', () => {
  after(closeAll);

  it('tells layer by layer how far it is, and what it was solved on', async () => {
    const session = await openSample();
    const messages: string[] = [];
    const listener = session.onDidChangeBusy((busy) => busy && messages.push(busy.message));
    await session.setConversion({
      G: 2,
      grouping: 'contiguous',
      merge: 'pca-text',
      calibration: { file: null, tokens: 128 },
    });
    listener.dispose();
    assert.equal(session.problem, null);
    assert.match(session.converted?.calibration ?? '', /^128 tokens of the bundled excerpt$/);
    assert.ok(
      messages.some((message) => /Layer \d of 6/.test(message)),
      messages.join('; '),
    );
  }).timeout(180_000);

  it('can be cancelled while it is solved', async () => {
    const session = await openSample();
    const listener = session.onDidChangeBusy((busy) => {
      if (busy?.message.includes('Layer') === true) session.cancel();
    });
    await session.setConversion({
      G: 1,
      grouping: 'contiguous',
      merge: 'score-als',
      calibration: { file: null, tokens: 128 },
    });
    listener.dispose();
    assert.deepEqual([session.problem, session.busy, session.converted], [null, null, null]);
  });
});
