/** The tokenizer against what transformers gave for the same text, and against damaged files. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadTokenizer, type Tokenizer } from '../../../src/checkpoint/tokenizer';

interface Golden {
  greedy?: string;
  probes: { text: string; ids: number[] }[];
}

async function golden(name: string): Promise<Golden> {
  return JSON.parse(await readFile(`test/fixtures/${name}/golden.json`, 'utf8')) as Golden;
}

async function load(folder: string): Promise<Tokenizer> {
  const tokenizer = await loadTokenizer(folder);
  if (!tokenizer) throw new Error(`no tokenizer in ${folder}`);
  return tokenizer;
}

describe.each([
  { kind: 'byte-level BPE', folder: 'media/sample', goldens: 'novels-llama' },
  { kind: 'Unigram', folder: 'test/fixtures/novels-t5', goldens: 'novels-t5' },
])('$kind', ({ folder, goldens }) => {
  it('encodes every probe as transformers does', async () => {
    const tokenizer = await load(folder);
    const { probes } = await golden(goldens);
    expect(probes.length).toBeGreaterThan(10);
    for (const { text, ids } of probes) expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(ids);
  });
});

describe('decoding', () => {
  it('gives the text back, spaces before punctuation included', async () => {
    const tokenizer = await load('media/sample');
    const { greedy = '' } = await golden('novels-llama');
    expect(tokenizer.decode(tokenizer.encode(greedy))).toBe(greedy);
    expect(tokenizer.decode(tokenizer.encode('wait , what ?'))).toBe('wait , what ?');
    expect(tokenizer.decode([])).toBe('');
  });

  it('shows byte-level tokens one by one', async () => {
    const tokenizer = await load('media/sample');
    const shown = (text: string): string[] => tokenizer.encode(text).map((id) => tokenizer.tokenText(id));
    expect(shown('a\n\nb')).toEqual(['a', '\n', '\n', 'b']);
    expect(shown('the man').join('')).toBe('the man');
    // A character above the basic plane takes four bytes, and the vocabulary has it in parts.
    expect(shown('🙂').join('')).toBe('\\xF0\\x9F\\x99\\x82');
    expect(tokenizer.tokenText(0)).toBe('<|endoftext|>');
    expect(tokenizer.tokenText(4096)).toBe('#4096');
  });

  it('shows SentencePiece spaces as spaces', async () => {
    const tokenizer = await load('test/fixtures/novels-t5');
    const [first = -1, ...rest] = tokenizer.encode('the man');
    expect(tokenizer.tokenText(first)).toBe(' the');
    expect(rest.map((id) => tokenizer.tokenText(id)).at(-1)).toBe('</s>');
  });
});

describe('a damaged tokenizer.json', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gqa-lens-tokenizer-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is null when there is none', async () => {
    expect(await loadTokenizer(folder)).toBeNull();
  });

  const cases: Record<string, unknown> = {
    'no model': {},
    'a list': [],
    'an unknown model': { model: { type: 'Telepathy', vocab: { a: 0 } } },
    'ids that are text': { model: { type: 'BPE', vocab: { a: 'b' }, merges: [] } },
    'a negative id': { model: { type: 'BPE', vocab: { a: -1 }, merges: [] } },
    'merges of another kind': { model: { type: 'BPE', vocab: { a: 0 }, merges: [7] } },
    'pieces without scores': { model: { type: 'Unigram', unk_id: 0, vocab: [['a']] } },
    'an added token without content': {
      model: { type: 'BPE', vocab: { a: 0 }, merges: [] },
      added_tokens: [{ id: 1 }],
    },
    'an unknown decoder': { model: { type: 'BPE', vocab: { a: 0 }, merges: [] }, decoder: { type: 'Telepathy' } },
  };
  it.each(Object.entries(cases))('is refused with the file named: %s', async (_, definition) => {
    const file = join(folder, 'tokenizer.json');
    await writeFile(file, JSON.stringify(definition));
    await expect(loadTokenizer(folder)).rejects.toMatchObject({ code: 'tokenizer-invalid', detail: { file } });
  });

  it('is refused when it is cut off', async () => {
    await cp('media/sample/tokenizer.json', join(folder, 'tokenizer.json'));
    const text = await readFile(join(folder, 'tokenizer.json'), 'utf8');
    await writeFile(join(folder, 'tokenizer.json'), text.slice(0, 1000));
    await expect(loadTokenizer(folder)).rejects.toMatchObject({ code: 'tokenizer-invalid' });
  });
});
