/**
 * What the engine tells about checkpoints, groupings and runs. Plain data. Shape letters: L layers, D hidden size,
 * H query heads, G key/value heads, K head size, S query positions, T key positions, F feed-forward size, V vocabulary.
 */

/**
 * What a checkpoint is. A number in the KV cache takes two bytes, as 16-bit caches are the norm, unless the checkpoint is
 * float32. In an encoder-decoder, `kvCacheBytesPerToken` is what a decoded token adds, in the decoder's self-attention;
 * `crossCacheBytesPerToken` what a token of the encoder's text takes in cross-attention, once (0 without an encoder).
 */
export interface ModelSummary {
  modelId: string;
  /** Last part of the path. */
  name: string;
  path: string;
  /** Registry id of the family ("llama"), or the config's model_type when no family matches. */
  family: string;
  familyTitle: string;
  /** Sizes; those that the config of an unknown family does not tell are 0. L counts attention blocks: see `layers`. */
  L: number;
  D: number;
  H: number;
  G: number;
  K: number;
  F: number;
  V: number;
  /** [L] */
  layers: LayerView[];
  parameters: number;
  /** Parameters by stored dtype, e.g. { BF16: 5900000 }. */
  dtypes: Record<string, number>;
  /** The dtype that most parameters have. */
  dtype: string;
  bytesOnDisk: number;
  tiedEmbeddings: boolean;
  /** One line for people: "rotary, base 10000, llama3 scaling 8x". */
  position: string;
  /** What it has besides the usual, a phrase each: "qk-norm", "4 experts, 2 a token". */
  features: string[];
  maxPositions: number | null;
  hasTokenizer: boolean;
  kvCacheBytesPerToken: number;
  crossCacheBytesPerToken: number;
  /** Every number of KV heads that can be chosen: the divisors of G, largest first. */
  groupChoices: number[];
  /** Why a forward pass is impossible, or null when it can run. */
  notRunnable: string | null;
}

/**
 * One attention block: a layer of a decoder-only model or of an encoder; the self-attention or the cross-attention of an
 * encoder-decoder's decoder layer.
 */
export interface LayerView {
  /** For people: "layer 3", "decoder 3 · cross". */
  title: string;
  /** In names of outputs, attn.NAME: "3", "cross.3". */
  name: string;
  stack: 'encoder' | 'decoder';
  /** What a query sees. causal: keys up to its own position; full: all of them; cross: the encoder's text. */
  attention: 'causal' | 'full' | 'cross';
  /** Whether conversions group its heads. */
  grouped: boolean;
}

/** One entry of a registry (merges, groupings, similarities): what pickers and --help show. */
export interface MethodInfo {
  id: string;
  title: string;
  /** One line: what it does and what it costs. */
  description: string;
  /** Where it comes from: paper section or author. */
  source: string;
  /** It solves on what a text does in the model (ConversionRequest.calibration). Absent: the weights are enough. */
  needsText?: boolean;
  /** What to take when in doubt: among those that need a text, or among those that need none. */
  recommended?: boolean;
  /** It needs ConversionRequest.assignment, so pickers do not offer it by itself. Absent: it decides alone. */
  needsAssignment?: boolean;
}

/** Every registry in one value, so that views and commands never hard-code a list. */
export interface Registries {
  families: MethodInfo[];
  groupings: MethodInfo[];
  merges: MethodInfo[];
  similarities: SimilarityInfo[];
}

/** What to do to the KV heads of a checkpoint. */
export interface ConversionRequest {
  /** Groups a layer. Groupings that make equal groups need a divisor of the checkpoint's own number of KV heads. */
  G: number;
  /** Registry id, e.g. "contiguous". */
  grouping: string;
  /** Registry id, e.g. "mean". */
  merge: string;
  /** With grouping "manual": [L][source KV heads] the group of each, 0 to G - 1. */
  assignment?: number[][];
  /** What methods with `needsText` solve on. Absent: the excerpt that comes with the product. */
  calibration?: CalibrationText;
}

/** A grouping read from a file: what goes into a conversion by "manual". */
export interface FileGrouping {
  G: number;
  /** [L][source KV heads] */
  assignment: number[][];
}

/** Text for calibration: the first windows of a file, run through the checkpoint as it is. */
export interface CalibrationText {
  /** Path of a text file; null is the excerpt that comes with the product. */
  file: string | null;
  /** Tokens used, rounded down to whole windows; fewer when the text is short. */
  tokens: number;
}

/** A grouping is a value: for each layer, the KV group of each query head. */
export interface GroupingView {
  G: number;
  /** [L][H] group index of each query head. */
  groupOfHead: number[][];
  /** [L][source KV heads] group index of each KV head of the opened checkpoint. */
  groupOfKvHead: number[][];
}

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

/** A part of a map: query positions from q0 and before q1, key positions from k0 and before k1. */
export interface MapWindow {
  q0: number;
  q1: number;
  k0: number;
  k1: number;
}

/** What a map shows: probabilities, or what their softmax is taken of (scaled, capped, with position biases). */
export type MapValues = 'probabilities' | 'scores';

/** Asks for attention maps of one layer as pictures, which cost what their cells cost. Heads are query heads. */
export interface AttentionRequest {
  runId: string;
  layer: number;
  heads: number[];
  /** Absent: probabilities. */
  values?: MapValues;
  /** Members are each head's map minus the mean over the heads. */
  deviations?: boolean;
  /** Members are each head's map minus that of another run on the same tokens: what changed from that run to this one. */
  minus?: string;
  /** Absent: the whole map. What reaches beyond the map is cut off. */
  window?: MapWindow;
  /** Most cells a side; longer sides are pooled. Absent: a cell a weight. */
  size?: number;
  /** The same for the members where they are drawn smaller than the mean. */
  memberSize?: number;
  /** No members are wanted. */
  meanOnly?: boolean;
  /** Leaves the first key of the text out of pooled cells: it often hides what it shares a cell with. */
  withoutFirst?: boolean;
}

/** What a code, one byte, of a cell stands for. */
export type CellCoding =
  /**
   * Code 0 is exactly 0 (masked or underflow); code c in 1..255 stands for 2^((c - 255) / 12): a step is 6 % and the
   * smallest weight drawn is 4e-7, so that a log scale has detail everywhere.
   */
  | { kind: 'weights' }
  /** Code 0 has no score (masked); codes 1..255 go evenly from low to high. */
  | { kind: 'scores'; low: number; high: number }
  /** Code 0 has none (a masked score); 128 is 0, and code c stands for ±largest · ((c - 128) / 127)²: small ones have steps too. */
  | { kind: 'differences'; largest: number };

/**
 * Maps of a window for drawing. Query i of the window's N is in cell row floor(i · rows / N), and so the keys. A cell
 * has the largest of its numbers, of differences the one furthest from 0: a single strong weight shows at any size.
 */
export interface MapCells {
  rows: number;
  columns: number;
  /** [maps, rows, columns] */
  codes: Uint8Array;
  coding: CellCoding;
}

/** Attention maps for drawing. Exact values come from attentionRow. */
export interface AttentionTile {
  layer: number;
  heads: number[];
  /** Query and key positions of the whole map. */
  S: number;
  T: number;
  /** A query sees keys up to its own position only: cells right of the diagonal are no weights. */
  causal: boolean;
  /** What the cells are of. */
  window: MapWindow;
  /** A map a head; null when only the mean was asked for. */
  members: MapCells | null;
  /** One map: the mean of the numbers over the heads. */
  mean: MapCells;
  /** [heads.length] statistics of each head's whole map, exact; empty in tiles of less. */
  statistics: AttentionStatistics[];
}

/** Statistics of one head's map of probabilities, each a mean over query positions. */
export interface AttentionStatistics {
  head: number;
  /** Entropy in bits. */
  entropy: number;
  /** Weight on the first token. */
  firstToken: number;
  /** Largest weight. */
  largest: number;
  /** Distance in tokens between query and key; null in cross-attention, whose keys are another text's. */
  distance: number | null;
}

export interface AttentionRowRequest {
  runId: string;
  layer: number;
  heads: number[];
  query: number;
  /** Absent: probabilities. */
  values?: MapValues;
}

/** Exact float32 numbers of one query position: attention weights, or scores. */
export interface AttentionRow {
  layer: number;
  heads: number[];
  query: number;
  /** [heads.length, T] weights, or scores: -Infinity where a key is not seen. */
  weights: Float32Array;
  /** [heads.length] with scores: the score of each head's sink, which takes part in the softmax; null without sinks. */
  sinks: Float32Array | null;
}

export interface AttentionColumnRequest {
  runId: string;
  layer: number;
  heads: number[];
  key: number;
}

/** Exact float32 weights that every query pays to one key. */
export interface AttentionColumn {
  layer: number;
  heads: number[];
  key: number;
  /** [heads.length, S] */
  weights: Float32Array;
}

export interface HeadStatisticsRequest {
  runId: string;
  layer: number;
}

/** Statistics of all query heads of a layer, those of its tiles, without the maps. */
export interface HeadStatistics {
  layer: number;
  /** [H] */
  statistics: AttentionStatistics[];
}

export type SimilarityTarget = 'k' | 'v';

/** What is compared: projections as they are, what a text makes of them, or the attention maps of the query heads. */
export type SimilarityBasis = 'weights' | 'activations' | 'attention';

/** An entry of the similarity registry. */
export interface SimilarityInfo extends MethodInfo {
  /** What it can compare. */
  on: readonly SimilarityBasis[];
  /** Which numbers mean "alike": high for cosines, low for what is left unexplained. */
  alike: 'high' | 'low';
  /** What its floor is, and how to read it: one line. */
  floorNote: string;
}

export interface SimilarityRequest {
  modelId: string;
  layer: number;
  on: SimilarityBasis;
  /** Does not matter to attention maps. */
  target: SimilarityTarget;
  /** Registry id, e.g. "aligned". */
  measure: string;
  conversion: ConversionRequest;
  /**
   * Run of the checkpoint as it is, whose tokens activations and attention maps are of. Absent: the conversion's
   * calibration text, which serves activations only.
   */
  runId?: string;
}

/**
 * Similarity of a layer's n heads to each other and to the pooled head of their group. Heads are the source's KV heads;
 * for attention maps they are the query heads, and "to the pooled head" means the same head reading pooled keys.
 */
export interface SimilarityResult {
  layer: number;
  on: SimilarityBasis;
  target: SimilarityTarget;
  measure: string;
  n: number;
  /** [n, n], symmetric; the diagonal is what a head is to itself. */
  matrix: Float32Array;
  /** [n] similarity of each head to its group's pooled head. */
  toPooled: Float32Array;
  /** [n] group of each head. */
  groups: number[];
  /** [groups] for measures of whole groups (PCA): what is left unexplained of its members together; null for others. */
  ofGroup: Float32Array | null;
  /** Mean similarity of seeded random heads of the same shape on the same inputs: what "unrelated" looks like. */
  floor: number;
  /** The most alike pair among those random heads. */
  floorExtreme: number;
  /** The same for a random head and the pooled head of its random group. */
  pooledFloor: number;
  /** Mean of `ofGroup` for random heads; null where `ofGroup` is. */
  groupFloor: number | null;
  /** Which inputs activations and maps are of, in words; null on weights. */
  text: string | null;
}

/** Asks what a conversion does to the output of each query head of a layer, on the layer inputs of the original. */
export interface HeadDamageRequest {
  modelId: string;
  /** Run of the checkpoint as it is. */
  runId: string;
  layer: number;
  conversion: ConversionRequest;
}

/**
 * Damage of each query head's contribution O_h·z_h to the residual stream: L2 of its change over the text's positions,
 * relative to that of the contribution. Comparing contributions, and not z_h, holds for merges that change W_Q and W_O too.
 */
export interface HeadDamage {
  layer: number;
  /** [H] ‖O_h z_h − Õ_h z̃_h‖ / ‖O_h z_h‖, with the attention of each on the same inputs. */
  observed: Float32Array;
  /** [H] what the changed values do under the attention as it was. */
  byValues: Float32Array;
  /** [H] at most what the changed keys can add (gqa/damage.ts): observed ≤ byValues + byKeys, which is what is predicted. */
  byKeys: Float32Array;
}

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

/** Per head, how far two runs' attention maps are apart in one layer. */
export interface HeadDivergence {
  layer: number;
  /** [H] Jensen-Shannon divergence in bits (0 to 1), mean over query positions. */
  jensenShannon: Float32Array;
  /** [H] largest absolute difference of a weight. */
  maxDifference: Float32Array;
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
