/**
 * Forward passes: what is asked for, what is told of a finished one, and what it says of next tokens. Plain data; their
 * attention maps are maps.ts. S positions.
 */
import type { ConversionRequest, GroupingView } from './conversion';
import type { RunInput, Token } from './tokens';

export interface RunRequest {
  modelId: string;
  input: RunInput;
  /** null: the checkpoint as it is. */
  conversion: ConversionRequest | null;
  /** Longer inputs are cut to this many tokens; RunSummary.droppedTokens says how many were cut. */
  maxTokens: number;
}

/** A finished forward pass. Its layer inputs stay in the engine under runId until it is released. */
export interface RunSummary {
  runId: string;
  modelId: string;
  modelName: string;
  conversion: ConversionRequest | null;
  grouping: GroupingView;
  /** What the conversion was solved on, in words; null when it needed no text. */
  calibration: string | null;
  /** What the merge had to do otherwise than it says. */
  notes: string[];
  /** [S] the tokens that losses belong to: in an encoder-decoder, the decoder's. */
  tokens: Token[];
  /** What the encoder read; null without one. */
  encoderTokens: Token[] | null;
  droppedTokens: number;
  /**
   * Mean next-token cross-entropy in nats over positions 0..S-2; null when S is 1, and in an encoder alone: every position of
   * it sees the token itself.
   */
  loss: number | null;
  perplexity: number | null;
  /** [S-1] cross-entropy of each next token, in nats; empty where there is no loss. */
  lossPerToken: Float32Array;
  kvCacheBytesPerToken: number;
  crossCacheBytesPerToken: number;
  parameters: number;
  adapter: string;
  /** What the arithmetic was done in: "f32". */
  computeType: string;
  /** Wall time of the forward pass in the engine. */
  milliseconds: number;
}

/** A token that may come next. */
export interface Prediction {
  token: Token;
  probability: number;
}

export interface Continuation {
  /** The new tokens only. */
  ids: number[];
  text: string;
}
