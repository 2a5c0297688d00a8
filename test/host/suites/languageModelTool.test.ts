/** The tool for language models: what it answers about the opened checkpoint, as an agent calls it. */
import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { activate, closeAll, fixturePath, open, openSample } from './support';

async function ask(input: object): Promise<string> {
  const options = { input, toolInvocationToken: undefined };
  const { content } = await vscode.lm.invokeTool('inspect_attention_groups', options);
  return content.map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : '')).join('');
}

describe('the tool for language models', () => {
  after(closeAll);

  it('is announced, and says so when nothing is open', async () => {
    await activate();
    const tool = vscode.lm.tools.find(({ name }) => name === 'inspect_attention_groups');
    assert.match(tool?.description ?? '', /KV head/);
    assert.match(await ask({}), /No checkpoint is open.*Open Checkpoint/);
  });

  it('says so when nothing has been run', async () => {
    await open(fixturePath('llama-mha'));
    assert.match(await ask({}), /No text has been run yet/);
    await closeAll();
  });

  it('tells the groups of every layer and what the conversion costs', async () => {
    const { original, converted } = await openSample();
    const text = await ask({});
    assert.match(text, /sample \(Llama/);
    assert.match(text, /8 query heads on 8 KV heads/);
    assert.match(text, /layer 0: KV 0: Q 0–3; KV 1: Q 4–7/);
    const losses = [original, converted].map((run) => run?.loss?.toFixed(4)).join(' → ');
    assert.match(losses, /^\d\.\d{4} → \d\.\d{4}$/);
    assert.ok(text.includes(`loss ${losses}`), text);
  });

  it('tells of one layer how alike its heads are and what they attend to', async () => {
    const text = await ask({ layer: 3 });
    const row = /\| 1 \| 4–7 \| (.*) \|/.exec(text)?.[1]?.split(' | ').map(Number) ?? [];
    assert.equal(row.length, 5, text);
    const [k = NaN, v = NaN, entropy = NaN, firstToken = NaN, distance = NaN] = row;
    assert.ok(k > 0.1 && k < 1 && v > 0.1 && v < 1, text);
    assert.ok(entropy > 0 && firstToken > 0 && firstToken < 1 && distance > 0, text);
    assert.match(await ask({ layer: 6 }), /no layer 6: layers are 0 to 5/);
  });
});
