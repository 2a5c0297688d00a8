/**
 * ModelSpec: everything in which model families differ, as data. One forward implementation runs it (forward.ts).
 * Role: the vocabulary shared by families (which fill it), the forward pass (which runs it), conversions (which change
 * G and wrap the weights) and export (which maps roles back to tensors). It holds no weights and no GPU code.
 */

import { isEncoderOnly } from '../protocol/layers';
import type { BucketSpec } from './distanceBuckets';

/** Weights outside the layers, by what they do. */
export type GlobalRole =
  | 'embed.tokens'
  | 'embed.positions'
  /** [kinds of segment, D] added to every token: a text is one segment, of the first kind. */
  | 'embed.segments'
  | `${GlobalNorm}.norm.${WeightOrBias}`
  | `head.${WeightOrBias}`
  /** [D, E] from token embeddings of another width to the hidden size, and [E, D] back before the head. */
  | 'embed.projection.weight'
  | 'head.projection.weight'
  /** [D, D] a layer of the head before its norm, with the MLP's activation between them. */
  | `head.transform.${WeightOrBias}`
  /** [buckets, H] what a stack's self-attention adds to scores (position kind `buckets`). */
  | 'encoder.buckets'
  | 'decoder.buckets';

type WeightOrBias = 'weight' | 'bias';

/** Norms outside the layers: on the embeddings, after the encoder's stack, before the head, and within it. */
export type GlobalNorm = 'embed' | 'encoder' | 'final' | 'head';

/**
 * Norms of a layer, each half of which may have one before it (`attention`, `mlp`), one on what it adds to the residual stream
 * (`.output`: sandwich norms, with the one before) and one on the stream after that (`.stream`: post-norm); and those on
 * queries and keys. A layer has those that its weights name.
 */
export const layerNorms = [
  ...(['attention', 'attention.output', 'attention.stream'] as const),
  ...(['mlp', 'mlp.output', 'mlp.stream'] as const),
  ...(['q', 'k'] as const),
] as const;
export type LayerNorm = (typeof layerNorms)[number];

export const projections = ['q', 'k', 'v', 'o', 'gate', 'up', 'down', 'router'] as const;
/** Matrices of a layer. `router` says which experts a token goes to. */
export type Projection = (typeof projections)[number];

/** Weights of a layer, by what they do. Matrices are [out, in] whatever the file's layout. */
export type LayerRole =
  | `${LayerNorm}.norm.${WeightOrBias}`
  | `${Projection}.${WeightOrBias}`
  /** [H] a score of each head that takes its share of the softmax and has no value. */
  | 'sinks';

/** Weights of one expert of a mixture. */
export type ExpertPart = `${'gate' | 'up' | 'down'}.${WeightOrBias}`;

/** As roles of a source; they are read only when a token goes to that expert. */
export type ExpertRole = `experts.${number}.${ExpertPart}`;

/** The expert and the part of it that a role names; null for other roles. */
export function expertOf(role: Role): { expert: number; part: ExpertPart } | null {
  const match = /^experts\.(\d+)\.(.*)$/.exec(role);
  return match ? { expert: Number(match[1]), part: match[2] as ExpertPart } : null;
}

export type Role = GlobalRole | LayerRole | ExpertRole;

/** How a role's matrix [out, in] (or vector [out]) lies in a stored tensor. */
export interface WeightRef {
  tensor: string;
  /** Which matrix or vector of a tensor that stacks several along its first dimension (experts). */
  item?: number;
  /** Added to the stored numbers: Gemma stores what its norm weights have above 1. */
  plus?: number;
  /** The tensor is stored [in, out] (GPT-2's Conv1D). */
  transposed?: boolean;
  /**
   * The part of the tensor's output dimension that this role is, for fused tensors: the tensor is `units` equal runs of
   * outputs (absent: 1), and each holds count / units of this role's, from `offset` on. Absent: all outputs.
   * GPT-2: units 1, offsets 0, D, 2D. GPT-NeoX: a unit is a head, [q, k, v] of K outputs each: offsets 0, K, 2K.
   */
  outputs?: { offset: number; count: number; units?: number };
}

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

/** Whether the model has an encoder beside its decoder. */
export function isEncoderDecoder({ decoderStart }: Pick<ModelSpec, 'decoderStart'>): boolean {
  return decoderStart !== undefined;
}

/** The stack whose output the head reads. */
export function outputStack(spec: { layers: readonly Pick<LayerSpec, 'stack'>[] }): LayerSpec['stack'] {
  return isEncoderOnly(spec) ? 'encoder' : 'decoder';
}

/** A layer by its place. @throws RangeError when there is no such layer: callers check what users give */
export function layerOf(spec: Pick<ModelSpec, 'layers'>, layer: number): LayerSpec {
  const found = spec.layers[layer];
  if (!found) throw new RangeError(`there is no layer ${layer} of ${spec.layers.length}`);
  return found;
}

/** The blocks that the layers of a stack start with: cross-attention belongs to the layer of the block before it. */
export function layerStarts(
  layers: readonly Pick<LayerSpec, 'stack' | 'attention'>[],
  stack: LayerSpec['stack'],
): number[] {
  return layers.flatMap((own, layer) => (own.stack === stack && own.attention !== 'cross' ? [layer] : []));
}

/** KV heads of a layer: G, but as many as query heads where heads are not grouped. */
export function kvHeadsOf(spec: Pick<ModelSpec, 'layers' | 'G' | 'H'>, layer: number): number {
  return layerOf(spec, layer).grouped ? spec.G : spec.H;
}

/** [H] the KV head that each query head of a layer reads: floor(h / R) unless the spec says otherwise. */
export function groupOfHead(
  spec: Pick<ModelSpec, 'H' | 'G' | 'layers' | 'groupOfHead'>,
  layer: number,
): readonly number[] {
  const R = spec.H / kvHeadsOf(spec, layer);
  return spec.groupOfHead?.[layer] ?? Array.from({ length: spec.H }, (_, head) => Math.floor(head / R));
}

/** How a layer's attention knows positions. */
export function positionOf(spec: Pick<ModelSpec, 'layers' | 'position'>, layer: number): PositionSpec {
  return layerOf(spec, layer).position ?? spec.position;
}

/** Whether a role has a block of rows for each KV head, which merging heads merges. */
export function isPerKvHead({ queryKeyNorm }: Pick<ModelSpec, 'queryKeyNorm'>, role: Role): boolean {
  if (role.startsWith('k.norm.')) return queryKeyNorm?.shared === false;
  return role.startsWith('k.') || role.startsWith('v.');
}

/** The field of config.json that says how many KV heads there are, for formats that have one. */
export function kvHeadsField({ kvHeadsField: own }: Pick<ModelSpec, 'kvHeadsField'>): string {
  return own ?? 'num_key_value_heads';
}

/** A weight in memory: row-major [rows, columns]; vectors have columns 1. */
export interface Weight {
  data: Float32Array;
  rows: number;
  columns: number;
}

/**
 * Where the forward pass gets its weights: a checkpoint as it is, or a conversion that wraps another source.
 * Roles that the spec does not list are absent: `has` says false and reading them throws.
 */
export interface WeightSource {
  readonly spec: ModelSpec;
  /**
   * The source whose weight this role really is, where a conversion passes it through: caches are shared by it.
   * Absent: the source itself.
   */
  owner?(role: Role, layer: number | null): WeightSource;
  has(role: Role, layer: number | null): boolean;
  /** Reads a whole weight as float32, [out, in]. `layer` is null for global roles. */
  read(role: Role, layer: number | null, signal?: AbortSignal): Promise<Weight>;
  /** Reads rows [start, end) of a weight: embeddings and split output heads never load whole. */
  readRows(role: Role, layer: number | null, start: number, end: number, signal?: AbortSignal): Promise<Weight>;
}
