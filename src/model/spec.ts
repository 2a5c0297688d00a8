/**
 * ModelSpec: everything in which model families differ, as data. One forward implementation runs it (forward.ts).
 * Role: the vocabulary shared by families (which fill it), the forward pass (which runs it), conversions (which change
 * G and wrap the weights) and export (which maps roles back to tensors). It holds no weights and no GPU code.
 */

/** Weights outside the layers, by what they do. */
export type GlobalRole =
  'embed.tokens' | 'embed.positions' | 'final.norm.weight' | 'final.norm.bias' | 'head.weight' | 'head.bias';

/** Weights of a layer, by what they do. Matrices are [out, in] whatever the file's layout. */
export type LayerRole =
  | 'attention.norm.weight'
  | 'attention.norm.bias'
  | 'q.weight'
  | 'q.bias'
  | 'k.weight'
  | 'k.bias'
  | 'v.weight'
  | 'v.bias'
  | 'o.weight'
  | 'o.bias'
  | 'mlp.norm.weight'
  | 'mlp.norm.bias'
  | 'gate.weight'
  | 'gate.bias'
  | 'up.weight'
  | 'up.bias'
  | 'down.weight'
  | 'down.bias';

export type Role = GlobalRole | LayerRole;

/** How a role's matrix [out, in] (or vector [out]) lies in a stored tensor. */
export interface WeightRef {
  tensor: string;
  /** The tensor is stored [in, out] (GPT-2's Conv1D). */
  transposed?: boolean;
  /** The part of the tensor's output dimension that this role is, for fused tensors. Absent: all of it. */
  outputs?: { offset: number; count: number };
}

export type PositionSpec =
  | { kind: 'learned'; maxPositions: number }
  | {
      kind: 'rotary';
      /** Which components form a plane: (j, j + rotaryDim/2) or (2j, 2j + 1). */
      layout: 'half' | 'interleaved';
      /** Leading components of a head that turn; at most K. */
      rotaryDim: number;
      /** [rotaryDim / 2] radians a position, computed in float32 from the config. */
      inverseFrequencies: Float32Array;
      /** Factor on cos and sin (yarn, longrope); 1 otherwise. */
      scale: number;
    };

export interface NormSpec {
  kind: 'rms' | 'layer';
  epsilon: number;
}

export type Activation = 'silu' | 'gelu' | 'gelu-tanh' | 'relu';

export interface MlpSpec {
  /** gated: down(act(gate(x)) * up(x)); plain: down(act(up(x))). */
  kind: 'gated' | 'plain';
  activation: Activation;
}

/** A decoder-only transformer. Shape letters as in METHODS.md. */
export interface ModelSpec {
  family: string;
  L: number;
  D: number;
  H: number;
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
  /** Factor on the dot product, usually K^-0.5; one a layer, since families vary it by depth. */
  attentionScale: readonly number[];
  mlp: MlpSpec;
  maxPositions: number | null;
  tiedEmbeddings: boolean;
  /** Tokens that end a text (config's eos_token_id). */
  endTokens: readonly number[];
  /** For people: "rotary, base 10000". */
  positionText: string;
  /** Whether the family's file format has a field for the number of KV heads; if not, exports repeat pooled heads. */
  formatHasKvHeads: boolean;
  globals: Partial<Record<GlobalRole, WeightRef>>;
  layers: readonly Partial<Record<LayerRole, WeightRef>>[];
}

/** [H] the KV head that each query head of a layer reads: floor(h / R) unless the spec says otherwise. */
export function groupOfHead(spec: Pick<ModelSpec, 'H' | 'G' | 'groupOfHead'>, layer: number): readonly number[] {
  const R = spec.H / spec.G;
  return spec.groupOfHead?.[layer] ?? Array.from({ length: spec.H }, (_, head) => Math.floor(head / R));
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
