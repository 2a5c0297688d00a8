/**
 * ModelSpec: everything in which model families differ, as data. One forward implementation runs it (forward.ts).
 * Role: the vocabulary shared by families (which fill it), the forward pass (which runs it), conversions (which change
 * G and wrap the weights) and export. Names of weights are roles.ts, what follows from a spec is specFacts.ts.
 */
import type { BucketSpec } from './distanceBuckets';
import type { ExpertPart, GlobalRole, LayerRole, WeightRef } from './roles';

export interface RotarySpec {
  kind: 'rotary';
  /** Which components form a plane: (j, j + rotaryDim/2) or (2j, 2j + 1). */
  layout: 'half' | 'interleaved';
  /** Leading components of a head that turn; at most K. */
  rotaryDim: number;
  /** [rotaryDim / 2] radians a position, computed in float32 from the config. */
  inverseFrequencies: Float32Array;
  /** What inputs of more than `above` tokens turn by instead: given (longrope), or from a base that grows (dynamic NTK). */
  longer?: { above: number } & ({ inverseFrequencies: Float32Array } | { theta: number; factor: number });
  /** Factor on cos and sin (yarn, longrope); 1 otherwise. */
  scale: number;
}

export type PositionSpec =
  | { kind: 'learned'; maxPositions: number }
  | RotarySpec
  | ({ kind: 'buckets' } & BucketSpec)
  /** ALiBi: a key at distance d before the query adds -slope·d to the score; [H] slopes. */
  | { kind: 'slopes'; slopes: readonly number[] }
  | { kind: 'none' };

export interface NormSpec {
  kind: 'rms' | 'layer';
  epsilon: number;
}

/** How queries and keys are normalised before they are turned: qk-norm. */
export interface QueryKeyNorm extends NormSpec {
  /** Each head for itself, or all heads of a token together. */
  over: 'head' | 'heads';
  /** Whether all heads have one weight [K], or each its own. */
  shared: boolean;
}

export type Activation = 'silu' | 'gelu' | 'gelu-tanh' | 'relu' | 'clamped-swiglu';

export interface MlpSpec {
  /** gated: down(act(gate(x)) * up(x)); plain: down(act(up(x))). */
  kind: 'gated' | 'plain';
  activation: Activation;
  /**
   * A mixture: `count` such MLPs, of which each token goes to the `chosen` with the largest router logits; their softmax
   * weighs what they put out. Absent: one MLP.
   */
  experts?: { count: number; chosen: number };
}

/**
 * One attention block with what follows it. In a model of one stack that is a layer. An encoder-decoder has its encoder's
 * layers first; each of its decoder layers is two blocks: self-attention without an MLP, then cross-attention with one.
 */
export interface LayerSpec {
  stack: 'encoder' | 'decoder';
  /** What a query sees. causal: keys up to its own position; full: all of them; cross: the encoder's output. */
  attention: 'causal' | 'full' | 'cross';
  /** Whether an MLP follows. */
  mlp: boolean;
  /** Factor on the dot product, usually K^-0.5. */
  scale: number;
  /** Where the layer differs from the model's: a layer without rotary embeddings, or with other frequencies. */
  position?: PositionSpec;
  /** Most keys that a query sees, its own included. Absent: all. */
  window?: number;
  /**
   * Whether conversions group its heads. Beside a decoder an encoder's stay as they are: it decodes nothing (Ainslie et al.,
   * section 2.2).
   */
  grouped: boolean;
  /** For people: "layer 3", "decoder 3 · cross". */
  title: string;
  /** In names of outputs, attn.NAME: "3", "cross.3". */
  name: string;
  weights: Partial<Record<LayerRole, WeightRef>>;
  /** [count] where the MLP is a mixture. */
  experts?: readonly Partial<Record<ExpertPart, WeightRef>>[];
}

/** A transformer: decoder, encoder, or both. Shape letters as in METHODS.md. */
export interface ModelSpec {
  family: string;
  /** Attention blocks: the length of `layers`. */
  L: number;
  D: number;
  H: number;
  /** KV heads of the layers that are grouped; see kvHeadsOf. */
  G: number;
  /**
   * [L][H] KV head that each query head reads, 0 to G - 1. Absent: floor(h / (H / G)), as every file format has it. Only
   * conversions set it, for groups that are not equal runs of adjacent heads; gqa/permute.ts takes it away for export.
   */
  groupOfHead?: readonly (readonly number[])[];
  K: number;
  F: number;
  V: number;
  norm: NormSpec;
  position: PositionSpec;
  mlp: MlpSpec;
  /**
   * parallel: attention and MLP both read the layer's input, and both are added to it (without an MLP norm of its own, the
   * MLP reads attention's). Absent: the MLP reads what attention left.
   */
  residual?: 'parallel';
  queryKeyNorm?: QueryKeyNorm;
  /** Scores and logits are capped to c·tanh(x / c). Absent: not. */
  softcaps?: { scores?: number; logits?: number };
  /** Numbers of a token embedding, and of what the head reads. Absent: D. */
  embeddingSize?: number;
  /** Factor on token embeddings. Absent: 1. */
  embeddingScale?: number;
  /** Factor on what each half of a layer adds to the residual stream. Absent: 1. */
  residualScale?: number;
  /** Factor on the final norm's output before the head. Absent: 1. */
  outputScale?: number;
  /** The token that the decoder of an encoder-decoder starts with. Absent: the model has one stack. */
  decoderStart?: number;
  maxPositions: number | null;
  tiedEmbeddings: boolean;
  /** Tokens that end a text (config's eos_token_id). */
  endTokens: readonly number[];
  /** For people: "rotary, base 10000". */
  positionText: string;
  /** Whether the family's file format has a field for the number of KV heads; if not, exports repeat pooled heads. */
  formatHasKvHeads: boolean;
  /** Its name in config.json. Absent: num_key_value_heads. */
  kvHeadsField?: string;
  /** A larger model that this one is a part of: the field of config.json that describes the part, and what is left out. */
  within?: { field: string; besides: string };
  globals: Partial<Record<GlobalRole, WeightRef>>;
  layers: readonly LayerSpec[];
}
