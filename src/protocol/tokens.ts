/** What models read: tokens, for models of one stack and of two, and texts that they are made of. Plain data. S positions. */

export interface Token {
  id: number;
  /** The token's text with whitespace kept; "#17" where there is no tokenizer. */
  text: string;
}

/** What each stack of an encoder-decoder reads. The decoder's tokens start with its start token. */
export interface TokenPair {
  readonly encoder: readonly number[];
  readonly decoder: readonly number[];
}

/** A text of which an encoder alone sees some tokens masked, and is asked for those. */
export interface MaskedTokens {
  /** [S] what it reads. */
  readonly masked: readonly number[];
  /** [S] the text; positions where it differs are the masked ones. */
  readonly original: readonly number[];
}

/** Tokens of one forward pass; a model of one stack takes a plain list. */
export type Tokens = readonly number[] | TokenPair | MaskedTokens;

export type TextInput = { kind: 'text'; text: string } | { kind: 'ids'; ids: number[] };

/**
 * What is run. In an encoder-decoder it is what the encoder reads, and `decoder` what the decoder reads: a text is put
 * after the decoder's start token, ids are taken as they are. Without it the decoder reads the checkpoint's own answer.
 */
export type RunInput = TextInput & { decoder?: TextInput };
