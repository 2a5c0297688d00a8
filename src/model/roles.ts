/**
 * Roles: the names that every weight of every family has by what it does, and how a role lies in a stored tensor.
 * Role: the vocabulary between families (which say where each is), the forward pass (which asks by them) and export.
 */

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
