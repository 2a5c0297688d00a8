// Windows of a text file: contiguous, started by the begin-of-text token, and the same for a part as for the whole.
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '../../../src/checkpoint/tokenizer';
import { firstWindows } from '../../../src/engine/windows';

/** A token a character. */
const characters = { encode: (text: string) => Array.from(text, (character) => character.charCodeAt(0)) };

describe('firstWindows', () => {
  it('cuts the tokens into windows, the first with the begin-of-text token', () => {
    expect(firstWindows('abcdefgh', characters, 0, 2, 3)).toEqual([
      [0, 97, 98],
      [99, 100, 101],
    ]);
    expect(firstWindows('abcdefgh', characters, null, 2, 3)).toEqual([
      [97, 98, 99],
      [100, 101, 102],
    ]);
  });

  it('does not double a begin-of-text token that the tokenizer adds', () => {
    const adding = { encode: (text: string) => [0, ...characters.encode(text)] };
    expect(firstWindows('abc', adding, 0, 1, 4)).toEqual([[0, 97, 98, 99]]);
  });

  it('drops an incomplete last window, but keeps a text that is shorter than one', () => {
    expect(firstWindows('abcdefgh', characters, null, 9, 3)).toHaveLength(2);
    expect(firstWindows('ab', characters, 0, 4, 8)).toEqual([[0, 97, 98]]);
  });

  it('gives the tokens of the whole text without encoding all of it', async () => {
    const tokenizer = await loadTokenizer('media/sample');
    if (tokenizer === null) throw new Error('the sample has a tokenizer');
    const text = 'The man with the red hair, "Watson," said Holmes, is not the man we want.\n\n'.repeat(400);
    let encoded = 0;
    const counting = {
      encode: (part: string) => {
        encoded += part.length;
        return tokenizer.encode(part);
      },
    };
    const windows = firstWindows(text, counting, 0, 3, 64);
    expect(windows.flat()).toEqual([0, ...tokenizer.encode(text)].slice(0, 3 * 64));
    expect(encoded).toBeLessThan(text.length / 5);
  });
});
