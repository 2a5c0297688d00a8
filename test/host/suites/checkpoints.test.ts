/** Other checkpoints than the sample: broken ones, ones without a tokenizer, grouped ones. */
import * as assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import {
  closeAll,
  command,
  fixturePath,
  open,
  openSample,
  reportedDuring,
  sessions,
  expectWebviewTabs,
} from './support';

describe('checkpoints', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'gqa-lens-broken-'))));
  after(async () => rm(folder, { recursive: true, force: true }));
  afterEach(closeAll);

  it('that are broken are refused with the name of the file, and others still open', async () => {
    await writeFile(join(folder, 'config.json'), '{"model_type": "llama"');
    await writeFile(join(folder, 'model.safetensors'), Buffer.alloc(64, 0xff));
    const errors = await reportedDuring(() => command('openResource', vscode.Uri.file(folder)));
    assert.equal(errors.length, 1);
    assert.match(errors[0]?.message ?? '', /config\.json|model\.safetensors/);
    assert.ok(errors[0]?.message.includes(folder), errors[0]?.message);
    assert.deepEqual(await sessions(), []);
    await expectWebviewTabs();
    assert.ok((await openSample()).compare !== null);
  });

  it('that do not exist are refused with the path', async () => {
    const missing = join(folder, 'nowhere');
    const errors = await reportedDuring(() => command('openResource', vscode.Uri.file(missing)));
    assert.equal(errors[0]?.code, 'checkpoint-not-found');
    assert.ok(errors[0].message.includes(missing));
  });

  it('without a tokenizer run token ids, and say so when the input is something else', async () => {
    const session = await open(fixturePath('llama-mha'));
    await session.run('1, 2, 3');
    assert.deepEqual(
      session.original?.tokens.map(({ id }) => id),
      [1, 2, 3],
    );
    await session.run('Holmes');
    assert.equal(session.problem?.code, 'input-invalid');
    assert.match(session.problem.message, /token ids.*found Holmes/);
  });

  it('in GGUF files run text with the tokenizer in the file', async () => {
    const session = await open(fixturePath('gguf/llama-sample-q4_0.gguf'));
    assert.equal(session.model.dtype, 'Q4_0');
    await session.run('Holmes looked');
    assert.equal(session.problem, null);
    assert.equal(session.original?.tokens.map(({ text }) => text).join(''), 'Holmes looked');
  });

  it('that are grouped already are shown as they are', async () => {
    const session = await open(fixturePath('llama-gqa'));
    assert.ok(session.model.G < session.model.H);
    assert.equal(session.conversion.G, session.model.G);
    await session.run(session.text);
    assert.equal(session.problem, null);
    assert.equal(session.converted, null);
  });

  it('can be opened side by side', async () => {
    await open(fixturePath('llama-mha'));
    await open(fixturePath('gpt2'));
    assert.equal((await sessions()).length, 2);
    await expectWebviewTabs('gqaLens.explorer', 'gqaLens.explorer');
  });
});
