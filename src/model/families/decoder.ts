/**
 * What most decoder families have in common: sizes and settings by the usual fields, embedding, final norm and head.
 * Role: fills the parts of a ModelSpec that are no family's own. A family passes what differs, and replaces fields of the
 * result where its config says so.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { hasField, invalidField, readBoolean, readEndTokens, readInteger } from '../../checkpoint/config';
import type { JsonObject } from '../../checkpoint/json';
import type { LayerSpec, MlpSpec, ModelSpec, NormSpec, PositionSpec } from '../spec';
import { decoderLayers, LayerTensors, type LayerRefs, type TensorFinder } from './family';

export type Sizes = Pick<ModelSpec, 'L' | 'D' | 'H' | 'G' | 'K' | 'F' | 'V'>;

/** The commonest names of the sizes in config.json. */
const usualFields = {
  L: 'num_hidden_layers',
  D: 'hidden_size',
  H: 'num_attention_heads',
  G: 'num_key_value_heads',
  F: 'intermediate_size',
  V: 'vocab_size',
};

export type SizeFields = Partial<Record<keyof typeof usualFields, string>>;

/**
 * Reads the sizes of a model.
 * @param own names that differ from the usual ones
 * @throws GqaLensError naming the field that is missing, out of bounds or does not fit the others
 */
export function readSizes(config: JsonObject, own: SizeFields = {}): Sizes {
  const fields = { ...usualFields, ...own };
  const L = readInteger(config, fields.L, { maximum: 10_000 });
  const D = readInteger(config, fields.D);
  const H = readInteger(config, fields.H);
  const G = readInteger(config, fields.G, { maximum: H, fallback: H });
  if (H % G !== 0) throw invalidField(fields.G, `a divisor of the ${H} query heads`, G);
  if (!hasField(config, 'head_dim') && D % H !== 0) throw invalidField(fields.D, `a multiple of the ${H} heads`, D);
  const K = readInteger(config, 'head_dim', { maximum: 65_536, fallback: D / H });
  // Families that name no feed-forward size have four times the hidden size; shapes are checked in any case.
  const F = readInteger(config, fields.F, own.F === undefined ? {} : { fallback: 4 * D });
  return { L, D, H, G, K, F, V: readInteger(config, fields.V) };
}

/** The sizes of a family whose attention is always multi-head, whatever its config says. */
export function multiHead(sizes: Sizes): Sizes {
  return { ...sizes, G: sizes.H };
}

/** Positions from a table with one row each. */
export function learnedPositions(maxPositions: number): DecoderParts['position'] {
  return { position: { kind: 'learned', maxPositions }, text: `learned, ${maxPositions} positions` };
}

/** What a decoder family decides. Names are without the prefix that the checkpoint puts before them. */
export interface DecoderParts {
  sizes: Sizes;
  norm: NormSpec;
  position: { position: PositionSpec; text: string };
  mlp: MlpSpec;
  tensors: TensorFinder;
  embedding: string;
  finalNorm: string;
  /** How the final norm's weights are stored. */
  normOptions?: { plus: number };
  /** The whole name of the output head; a bias is found beside it. */
  head?: string;
  /** Whether the head is the embedding when config.json does not tell. */
  tied: boolean;
  /** Name of the list of layers. */
  list?: string;
  layer: (tensors: LayerTensors, layer: number) => LayerRefs;
  /** Experts of a layer. */
  experts?: (tensors: LayerTensors) => LayerSpec['experts'];
  /** What a layer has of its own besides weights. */
  features?: (layer: number) => Partial<LayerSpec>;
}

/** The spec of a decoder with scale K^-0.5 and a field for the number of KV heads. */
export function decoder(family: string, { config }: Checkpoint, parts: DecoderParts): ModelSpec {
  const { sizes, norm, mlp, position, tensors, list = 'layers', head = 'lm_head' } = parts;
  const { L, D, K, V } = sizes;
  const embedding = tensors.ref(`${parts.embedding}.weight`, [V, D]);
  // A stored head is a copy when the config ties it; a model saved without its head can only run tied.
  const tied = readBoolean(config, 'tie_word_embeddings', parts.tied);
  const ownHead = tied ? null : tensors.exact(`${head}.weight`, [V, D]);
  const headBias = ownHead && tensors.exact(`${head}.bias`, [V]);
  const layers = decoderLayers(L, (layer) => {
    const own = new LayerTensors(tensors, `${list}.${layer}.`);
    const experts = parts.experts?.(own);
    return {
      scale: K ** -0.5,
      weights: parts.layer(own, layer),
      ...(experts && { experts }),
      ...parts.features?.(layer),
    };
  });
  tensors.refuseUnused(list, layers);
  const maxField = ['max_position_embeddings', 'n_positions', 'n_ctx'].find((field) => hasField(config, field));
  return {
    family,
    ...sizes,
    norm,
    position: position.position,
    positionText: position.text,
    mlp,
    maxPositions: maxField === undefined ? null : readInteger(config, maxField),
    tiedEmbeddings: ownHead === null,
    endTokens: readEndTokens(config),
    formatHasKvHeads: true,
    globals: {
      'embed.tokens': embedding,
      ...tensors.norm('final', parts.finalNorm, D, parts.normOptions),
      'head.weight': ownHead ?? embedding,
      ...(headBias ? { 'head.bias': headBias } : {}),
    },
    layers,
  };
}
