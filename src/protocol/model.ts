/**
 * What the engine tells about an opened checkpoint: its sizes, its layers, what it can do. Plain data; not what is done to
 * it (conversion.ts) nor what it computes (runs.ts). Shape letters: L layers, D hidden size, H query heads, G key/value heads,
 * K head size, F feed-forward size, V vocabulary.
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
