/** Which checkpoints can be compared: every refusal says what differs. */
import { describe, expect, it } from 'vitest';
import type { Tokenizer } from '../../../src/checkpoint/tokenizer';
import { checkTogether, type Candidate } from '../../../src/engine/together';
import { GqaLensError } from '../../../src/protocol/errors';
import type { LayerView } from '../../../src/protocol/model';

const words = Array.from({ length: 200 }, (_, id) => `w${id}`);

/** Cuts at spaces. @param names the vocabulary  @param join whether "w1 w2" is one token, number 150 */
function tokenizer(names: readonly string[], join = false): Tokenizer {
  const idOf = (word: string): number => names.indexOf(word);
  return {
    encode: (text) => (join && text.startsWith('w1 w2') ? [150, ...encode(text.slice(6))] : encode(text)),
    decode: (ids) => ids.map((id) => names[id] ?? '').join(' '),
    tokenText: (id) => names[id] ?? `#${id}`,
    addedId: () => null,
  };
  function encode(text: string): number[] {
    return text.split(' ').filter((word) => word !== '').map(idOf); // prettier-ignore
  }
}

function candidate(
  name: string,
  own: Tokenizer | null,
  { V = 200, stacks = ['decoder'], limit = 0 }: { V?: number; stacks?: LayerView['stack'][]; limit?: number } = {},
): Candidate {
  const layers = stacks.map((stack) => ({ stack }));
  const position = limit > 0 ? { kind: 'learned', maxPositions: limit } : { kind: 'none' };
  return {
    summary: { name, path: `/${name}`, layers },
    tokenizer: own,
    runnable: { spec: { V, position } },
  } as Candidate;
}

function refusal(other: Candidate, texts = ['w1 w2 w3'], original = candidate('base', tokenizer(words))): string {
  try {
    checkTogether(original, other, [1, 2, 3], texts);
  } catch (error) {
    if (error instanceof GqaLensError) {
      expect(error.code).toBe('input-invalid');
      return error.message;
    }
    throw error;
  }
  return '';
}

describe('checkpoints that are compared', () => {
  it('may be a child with the same tokenizer, or with a few tokens renamed, or without one', () => {
    expect(refusal(candidate('child', tokenizer(words)))).toBe('');
    const renamed = words.map((word, id) => (id === 199 ? '<tool>' : word));
    expect(refusal(candidate('child', tokenizer(renamed)))).toBe('');
    expect(refusal(candidate('child', null))).toBe('');
    expect(refusal(candidate('child', tokenizer(words)), [])).toBe('');
  });

  it('must have the same vocabulary, token by token', () => {
    expect(refusal(candidate('other', tokenizer(words), { V: 201 }))).toMatch(/200 tokens, as base; found 201 tokens/);
    const shifted = words.map((_, id) => words[(id + 1) % 200] ?? '');
    expect(refusal(candidate('other', tokenizer(shifted)))).toMatch(
      /different tokenizers .*token 0 to be "w0", as in base; found "w1"; 200 of 200 tokens differ/,
    );
  });

  it('must cut the text in the same way', () => {
    expect(refusal(candidate('other', tokenizer(words, true)))).toMatch(
      /cut the text differently .*token 0 to be "w1" \(id 1\), as in base; found "w150" \(id 150\)/,
    );
  });

  it('must both be encoder-decoders, or neither', () => {
    const pair = candidate('t5', tokenizer(words), { stacks: ['encoder', 'decoder'] });
    expect(refusal(pair)).toMatch(/expected a decoder-only model, as base; found an encoder-decoder/);
    expect(refusal(candidate('base', tokenizer(words)), [], pair)).toMatch(/Choose another encoder-decoder/);
    expect(refusal(candidate('bert', tokenizer(words), { stacks: ['encoder'] }))).toMatch(/found an encoder\)/);
  });

  it('must have room for the text', () => {
    expect(refusal(candidate('short', tokenizer(words), { limit: 2 }))).toMatch(/found 3 tokens; limit 2 positions/);
  });
});
