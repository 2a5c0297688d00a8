/** An encoder alone: what it is asked for on a text, and what does not apply to it. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineCore } from '../../src/engine/core';
import { textWindows } from '../../src/engine/textFile';
import { logSoftmax, perplexity } from '../../src/gqa/measures';
import { quietTask } from '../../src/protocol/tasks';
import type { MaskedTokens } from '../../src/protocol/tokens';
import { fixtures } from './support/golden';

const core = new EngineCore({ adapter: 'auto', weightBudget: 1 << 30 });
const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const words = Array.from({ length: 100 }, (_, word) => `w${word}`);
const text = Array.from({ length: 60 }, (_, place) => words[(place * place + 3 * place) % 100]).join(' ');
let folder = '';
let modelId = '';

/** The fixture with a tokenizer of whole words, made as BERT's are. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gqa-lens-bert-'));
  await cp(join(fixtures, 'bert'), folder, { recursive: true });
  const added = special.map((content, id) => ({ id, content, special: true, single_word: false, lstrip: false, rstrip: false, normalized: false })); // prettier-ignore
  const token = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  const tokenizer = {
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [token('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, token('[SEP]')],
      pair: [],
      special_tokens: Object.fromEntries(
        ['[CLS]', '[SEP]'].map((id) => [id, { id, ids: [special.indexOf(id)], tokens: [id] }]),
      ),
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries([...special, ...words].map((word, id) => [word, id])),
    },
  };
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  ({ modelId } = await core.open(folder, quietTask));
});
afterAll(async () => {
  core.destroy();
  await rm(folder, { recursive: true, force: true });
});

const ids = (list: readonly number[]) => ({ kind: 'ids' as const, ids: [...list] });

describe('an encoder', () => {
  it('has no loss on a text that it sees whole', async () => {
    const run = await core.run({ modelId, input: { kind: 'text', text }, conversion: null, maxTokens: 99 }, quietTask);
    expect(run.tokens.map(({ text: own }) => own).slice(0, 2)).toEqual(['[CLS]', ' w0']);
    expect(run).toMatchObject({ loss: null, perplexity: null, kvCacheBytesPerToken: 0, encoderTokens: null });
    expect(run.lossPerToken).toHaveLength(0);
    core.release(run.runId);
  });

  it('reads each window of a file as a text of its own, with 15 % of its tokens masked', () => {
    const windows = textWindows(core.model(modelId), text, 2, 22) as MaskedTokens[];
    expect(windows).toHaveLength(2);
    for (const { masked, original } of windows) {
      expect([masked.length, masked[0], masked.at(-1)]).toEqual([22, 2, 3]);
      const places = masked.flatMap((id, place) => (id === original[place] ? [] : [place]));
      expect(places).toHaveLength(3);
      expect(places.every((place) => masked[place] === 4 && place > 0 && place < 21)).toBe(true);
    }
    const whole = core.model(modelId).tokenizer?.encode(text) ?? [];
    expect(windows.flatMap(({ original }) => original.slice(1, -1))).toEqual(whole.slice(1, 41));
  });

  it('is measured by the loss of the masked tokens, and by no time of decoding', async () => {
    const windows = textWindows(core.model(modelId), text, 2, 22) as MaskedTokens[];
    const conversion = { G: 2, grouping: 'contiguous', merge: 'mean' };
    const of = (own: typeof conversion | null) => ({ modelId, conversion: own });
    const found = await core.measure(
      { a: of(null), b: of(conversion), windows, detail: true, timedTokens: 4 },
      quietTask,
    );
    for (const [side, own] of [
      ['a', null],
      ['b', conversion],
    ] as const) {
      // prettier-ignore
      const losses: number[] = [];
      for (const { masked, original } of windows) {
        const run = await core.run({ modelId, input: ids(masked), conversion: own, maxTokens: 99 }, quietTask);
        const logits = await core.logits(run.runId, quietTask);
        original.forEach((id, s) => {
          if (id !== masked[s]) losses.push(-(logSoftmax(logits.subarray(s * 112, (s + 1) * 112))[id] ?? NaN));
        });
        core.release(run.runId);
      }
      const loss = losses.reduce((sum, value) => sum + value, 0) / losses.length;
      expect(losses).toHaveLength(6);
      expect(found[side].loss).toBeCloseTo(loss, 4);
      expect(found[side].perplexity).toBeCloseTo(perplexity(loss), 2);
      expect(found[side].millisecondsPerToken).toBeNull();
    }
    expect(found.klMean).toBeGreaterThan(1e-3);
    expect(found.klPerPosition).toHaveLength(22);
    expect(found.layers?.map(({ title }) => title)).toEqual(['layer 0', 'layer 1']);
    // What moved most may be any position; only masked ones name what was there.
    for (const { window, position, next, loss } of found.moved) {
      const { masked, original } = windows[window] ?? { masked: [], original: [] };
      const isMasked = masked[position] !== original[position];
      expect(next?.id ?? null).toBe(isMasked ? original[position] : null);
      expect(loss === null).toBe(!isMasked);
    }
  });

  it('is solved on a text the better the more a method looks at: with maps that see the whole of it', async () => {
    const calibration = join(folder, 'text.txt');
    await writeFile(calibration, `${text} ${text}`);
    // The same window is solved and measured on.
    const windows = textWindows(core.model(modelId), `${text} ${text}`, 1, 96);
    const found: number[] = [];
    for (const merge of ['mean', 'pca-text', 'pca-refit', 'pca-als', 'attention-als']) {
      const solved = { G: 4, grouping: 'contiguous', merge, calibration: { file: calibration, tokens: 96 } };
      const sides = { a: { modelId, conversion: null }, b: { modelId, conversion: solved } };
      found.push((await core.measure({ ...sides, windows, detail: false, timedTokens: 0 }, quietTask)).klMean);
    }
    found.slice(1).forEach((kl, place) => expect(kl).toBeLessThan(0.5 * (found[place] ?? NaN)));
  });
});
