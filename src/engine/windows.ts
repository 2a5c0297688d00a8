/**
 * A text file as windows of tokens, as language models are evaluated.
 * Role: which tokens a measurement runs on. It runs nothing.
 */
import type { Tokenizer } from '../checkpoint/tokenizer';

/** Characters encoded at first for each token wanted: more than any usual text needs, so that once is enough. */
const charactersPerToken = 8;
/** Tokens at a cut through the text that may come out otherwise than in the whole text. */
const uncertainTokens = 32;

/**
 * The first `count` windows of `size` tokens of a text, one after the other. The text starts with the model's
 * begin-of-text token, whether or not the tokenizer adds it.
 * @param bos The model's begin-of-text token; null when it has none.
 * @returns Fewer windows when the text is short; a text below one window is one short window.
 */
export function firstWindows(
  text: string,
  tokenizer: Pick<Tokenizer, 'encode'>,
  bos: number | null,
  count: number,
  size: number,
): number[][] {
  const ids = firstTokens(text, tokenizer, count * size);
  if (bos !== null && ids[0] !== bos) ids.unshift(bos);
  if (ids.length < size) return [ids];
  const whole = Math.min(count, Math.floor(ids.length / size));
  return Array.from({ length: whole }, (_, window) => ids.slice(window * size, (window + 1) * size));
}

/** At least `count` tokens of the beginning, or all there are, without encoding a whole book for a page of it. */
function firstTokens(text: string, tokenizer: Pick<Tokenizer, 'encode'>, count: number): number[] {
  for (let length = charactersPerToken * (count + uncertainTokens); length < text.length; length *= 2) {
    const ids = tokenizer.encode(text.slice(0, length));
    if (ids.length >= count + uncertainTokens) return ids.slice(0, count);
  }
  return tokenizer.encode(text);
}
