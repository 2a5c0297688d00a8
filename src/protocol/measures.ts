/**
 * How far a converted model, or a second checkpoint, is from an original: on the tokens of two runs, and on windows of a
 * text. Plain data; what the sides of a comparison are is sides.ts. L layers, D hidden size, H query heads, S positions.
 */
import type { ConversionRequest } from './conversion';
import type { RunSummary } from './runs';
import type { Token, Tokens } from './tokens';

/** MHA against GQA on the same tokens. */
export interface CompareSummary {
  a: RunSummary;
  b: RunSummary;
  /** Mean KL(a || b) over positions, in nats a token. */
  klMean: number;
  /** [S] */
  klPerToken: Float32Array;
  /** Share of positions whose most probable next token is the same. */
  top1Agreement: number;
}

/** Per head, how far two runs' attention maps are apart in one layer. */
export interface HeadDivergence {
  layer: number;
  /** [H] Jensen-Shannon divergence in bits (0 to 1), mean over query positions. */
  jensenShannon: Float32Array;
  /** [H] largest absolute difference of a weight. */
  maxDifference: Float32Array;
}

/** One of the two models of a measurement. */
export interface MeasuredModel {
  modelId: string;
  /** null: the checkpoint as it is. */
  conversion: ConversionRequest | null;
}

/** Asks how far a converted model, or a second checkpoint, is from an original on windows of tokens. */
export interface MeasureRequest {
  a: MeasuredModel;
  b: MeasuredModel;
  /** Token ids of each window; both models run on each by itself. */
  windows: Tokens[];
  /** Also compare the layers: attention maps of all heads, attention outputs, residual streams. It takes longer. */
  detail: boolean;
  /** Greedy tokens of each model whose time is taken, after a warm-up; 0 takes no time. */
  timedTokens: number;
}

/** One model's own numbers on a text. */
export interface ModelMeasures {
  /** The checkpoint's name. */
  model: string;
  conversion: ConversionRequest | null;
  /** KV heads. */
  G: number;
  /**
   * Mean cross-entropy in nats of the next tokens, or of an encoder's masked ones, every predicted token counting the same;
   * null when there is none.
   */
  loss: number | null;
  perplexity: number | null;
  kvCacheBytesPerToken: number;
  crossCacheBytesPerToken: number;
  parameters: number;
  /** Median time of a greedily decoded token on this adapter; null when it was not asked for. */
  millisecondsPerToken: number | null;
}

/** How far apart two models are in one layer, as means over all positions of all windows. */
export interface LayerMeasures {
  /** For people: "layer 3", "decoder 3 · cross". */
  title: string;
  /** [H] Jensen-Shannon divergence of the attention maps in bits: 0 the same, 1 nothing in common; null when H differs. */
  jensenShannon: Float32Array | null;
  /** Cosine of what attention adds to the residual stream: 1 the same direction; null when D differs. */
  attentionCosine: number | null;
  /** Cosine of the residual streams after the layer; null when D differs. */
  residualCosine: number | null;
}

/** A prediction that the change has moved far. */
export interface MovedToken {
  window: number;
  position: number;
  /** KL(a || b) of the prediction after this position, in nats. */
  kl: number;
  /** The tokens before the prediction, the last few; in an encoder alone, the one whose place it is for is the last. */
  context: Token[];
  /** The token that follows in the text, or that was masked; null where none is asked for. */
  next: Token | null;
  /** The most probable next token of each model. */
  top: { a: Token; b: Token };
  /** Cross-entropy of `next` under each model, in nats; null without it. */
  loss: { a: number; b: number } | null;
}

/** Every measure of METHODS.md, "Measures of a converted model": b against the original a on the same text. */
export interface TextMeasures {
  a: ModelMeasures;
  b: ModelMeasures;
  windows: number;
  /** Tokens of all windows. */
  tokens: number;
  /** Mean KL(a || b) of what each position predicts, in nats a token. */
  klMean: number;
  /** [longest window] the same by position in the window, each over the windows that reach it. */
  klPerPosition: Float32Array;
  /** Share of positions whose most probable next token is the same. */
  top1Agreement: number;
  /** The predictions with the largest KL, largest first. */
  moved: MovedToken[];
  /** [L]; null when not asked for, or when the models differ in L, or in both H and D. */
  layers: LayerMeasures[] | null;
  adapter: string;
  computeType: string;
}
