/** Tokenizers in GGUF files: byte-level by every way of cutting, SentencePiece against a plain version of its algorithm. */
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openCheckpoint } from '../../../../src/checkpoint/openCheckpoint';
import { checkpointTokenizer, type Tokenizer } from '../../../../src/checkpoint/tokenizer';
import { ggufBytes, pairsOf } from '../../../support/gguf/writer';
import { temporaryFolder } from '../temporaryFolder';

async function fileOf(values: Readonly<Record<string, unknown>>): Promise<string> {
  const own = Object.entries(values).map(([key, value]) => [`tokenizer.ggml.${key}`, value] as const);
  const file = join(await temporaryFolder(), 'x.gguf');
  const pairs = pairsOf({ 'general.architecture': 'mystery', ...Object.fromEntries(own) });
  await writeFile(file, ggufBytes({ pairs }));
  return file;
}

async function load(file: string): Promise<Tokenizer | null> {
  const checkpoint = await openCheckpoint(file);
  try {
    return await checkpointTokenizer(checkpoint);
  } finally {
    await checkpoint.close();
  }
}

async function tokenizerOf(values: Readonly<Record<string, unknown>>): Promise<Tokenizer> {
  const tokenizer = await load(await fileOf(values));
  if (!tokenizer) throw new Error('there is no tokenizer');
  return tokenizer;
}

/** GPT-2's characters for bytes: printable ones are themselves. */
const characters = Array.from({ length: 256 }, (_, byte) => byte);
const isPrintable = (byte: number): boolean => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
const shifted = characters.filter((byte) => !isPrintable(byte));
const byteCharacters = characters.map((byte) => {
  return String.fromCodePoint(isPrintable(byte) ? byte : 256 + shifted.indexOf(byte));
});

describe('byte-level BPE', () => {
  const tokens = [...byteCharacters, '12', '123', '1234', 'ab', '<s>', '</s>'];
  const byteLevel = (pre: string | null, more: object = {}): Promise<Tokenizer> =>
    tokenizerOf({
      ...{ model: 'gpt2', pre, tokens, merges: ['1 2', '12 3', '123 4', 'a b'] },
      token_type: tokens.map((_, id) => (id >= 260 ? 3 : 1)),
      ...{ bos_token_id: 260, eos_token_id: 261, ...more },
    });
  const digits = (tokenizer: Tokenizer): string[] => {
    return tokenizer.encode('1234').flatMap((id) => (id < 260 ? [tokens[id] ?? ''] : []));
  };

  it.each([
    ['gpt-2', ['1234']],
    ['llama-bpe', ['123', '4']],
    ['qwen2', ['1', '2', '3', '4']],
    ['starcoder', ['1', '2', '3', '4']],
    ['falcon', ['123', '4']],
    ['tekken', ['1', '2', '3', '4']],
    ['gpt-4o', ['123', '4']],
    ['bloom', ['1234']],
    ['default', ['123', '4']],
    [null, ['123', '4']],
  ])('cut as %s', async (pre, expected) => {
    const tokenizer = await byteLevel(pre);
    expect(digits(tokenizer)).toEqual(expected);
    const text = "  She'll say:\n\n\t“no”  — 漢字, Ångström (12.5%)!🙂\r\n x";
    expect(tokenizer.decode(tokenizer.encode(text)).replace('<s>', '')).toBe(text);
  });

  it('begins with BOS as the kind does, or as the file tells', async () => {
    expect((await byteLevel('llama-bpe')).encode('ab')).toEqual([260, 259]);
    expect((await byteLevel('gpt-2')).encode('ab')).toEqual([259]);
    expect((await byteLevel('gpt-2', { add_bos_token: true, add_eos_token: true })).encode('ab')).toEqual([
      260, 259, 261,
    ]);
    expect((await byteLevel('llama-bpe', { add_bos_token: false })).encode('ab')).toEqual([259]);
  });

  it('knows special tokens in a text', async () => {
    expect((await byteLevel('gpt-2')).encode('ab</s>ab')).toEqual([259, 261, 259]);
  });
});

describe('SentencePiece', () => {
  const bytes = characters.map((byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  const pieces = [
    '▁the',
    '▁t',
    'he',
    '▁a',
    'in',
    'ing',
    '▁',
    'nt',
    'ti',
    'tin',
    'hea',
    'a',
    'e',
    'g',
    'h',
    'i',
    'n',
    't',
  ];
  const tokens = ['<unk>', '<s>', '</s>', ...bytes, ...pieces];
  const scores = tokens.map((_, id) => (id < 259 ? 0 : 259 - id));
  const types = tokens.map((_, id) => (id === 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1));
  const values = { model: 'llama', tokens, scores, token_type: types, bos_token_id: 1, eos_token_id: 2 };

  /** Merges the neighbours whose piece has the highest score, the first of equals, until none is left (llm_tokenizer_spm). */
  function reference(text: string): number[] {
    const symbols = Array.from(`▁${text}`.replaceAll(' ', '▁'));
    for (;;) {
      const candidates = symbols.slice(1).map((right, at) => ({ at, id: tokens.indexOf((symbols[at] ?? '') + right) }));
      const best = candidates.filter(({ id }) => id >= 259).sort((a, b) => a.id - b.id || a.at - b.at)[0];
      if (!best) break;
      symbols.splice(best.at, 2, tokens[best.id] ?? '');
    }
    return symbols.flatMap((symbol) => {
      const id = tokens.indexOf(symbol);
      return id >= 0 ? [id] : [...new TextEncoder().encode(symbol)].map((byte) => 3 + byte);
    });
  }

  it('merges by score and falls back to bytes', async () => {
    const tokenizer = await tokenizerOf(values);
    expect(tokenizer.encode('the tin é')).toEqual([1, ...reference('the tin é')]);
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...Array.from('aeghint é漢')), { minLength: 1, maxLength: 12 }),
        (letters) => {
          const text = letters.join('');
          expect(tokenizer.encode(text)).toEqual([1, ...reference(text)]);
          expect(tokenizer.decode(tokenizer.encode(text).slice(1))).toBe(text);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('puts no space before the text of vocabularies without', async () => {
    const tokenizer = await tokenizerOf({ ...values, add_space_prefix: false, add_bos_token: false });
    expect(tokenizer.encode('the')).toEqual([tokens.indexOf('t'), tokens.indexOf('he')]);
    expect(tokenizer.tokenText(tokens.indexOf('▁the'))).toBe(' the');
  });
});

describe('a tokenizer that cannot be made', () => {
  it.each([
    [{ model: 'bert', tokens: ['a'] }, 'kind bert'],
    [{ model: 'gpt2', pre: 'new-one', tokens: ['a'], merges: ['a b'] }, 'new-one'],
    [{ model: 'gpt2', pre: 'gpt-2', tokens: ['a'] }, 'no such key'],
    [{ model: 'llama', tokens: ['a', 'b'], scores: [0.5] }, '1'],
    [{ model: 'gpt2' }, 'no tokens'],
    [{ model: 'gpt2', tokens: [1, 2] }, 'a list that begins with 1'],
  ])('is told by its kind: %o', async (values, found) => {
    await expect(tokenizerOf(values)).rejects.toMatchObject({ code: 'tokenizer-invalid', detail: { found } });
  });

  it('is replaced by the tokenizer.json beside the file', async () => {
    const file = await fileOf({ model: 'bert', tokens: ['a'] });
    await copyFile('media/sample/tokenizer.json', join(file, '../tokenizer.json'));
    expect((await load(file))?.encode('the').length).toBeGreaterThan(0);
  });
});

it('a file without a vocabulary has no tokenizer', async () => {
  expect(await load(await fileOf({ model: 'none' }))).toBeNull();
});
