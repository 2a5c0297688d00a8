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
 * @param own names that differ from the usual ones, which transformers takes as well
 * @throws GqaLensError naming the field that is missing, out of bounds or does not fit the others
 */
export function readSizes(config: JsonObject, own: SizeFields = {}): Sizes {
  const fieldOf = (size: keyof typeof usualFields): string => {
    const usual = usualFields[size];
    const named = own[size] ?? usual;
    return hasField(config, named) || !hasField(config, usual) ? named : usual;
  };
  const L = readInteger(config, fieldOf('L'), { maximum: 10_000 });
  const D = readInteger(config, fieldOf('D'));
  const H = readInteger(config, fieldOf('H'));
  const G = readInteger(config, fieldOf('G'), { maximum: H, fallback: H });
  if (H % G !== 0) throw invalidField(fieldOf('G'), `a divisor of the ${H} query heads`, G);
  if (!hasField(config, 'head_dim') && D % H !== 0) throw invalidField(fieldOf('D'), `a multiple of the ${H} heads`, D);
  const K = readInteger(config, 'head_dim', { maximum: 65_536, fallback: D / H });
  // Families that name no feed-forward size have four times the hidden size; shapes are checked in any case.
  const F = readInteger(config, fieldOf('F'), own.F === undefined ? {} : { fallback: 4 * D });
  return { L, D, H, G, K, F, V: readInteger(config, fieldOf('V')) };
}

/** The sizes of a family whose attention is always multi-head, whatever its config says. */
export function multiHead(sizes: Sizes): Sizes {
  return { ...sizes, G: sizes.H };
}

/** The longest input that the model was made for; null where the config does not tell. */
export function readMaxPositions(config: JsonObject): number | null {
  const field = ['max_position_embeddings', 'n_positions', 'n_ctx'].find((name) => hasField(config, name));
  return field === undefined ? null : readInteger(config, field);
}

/** Positions from a table with one row each. */
export function learnedPositions(config: JsonObject): DecoderParts['position'] & { maxPositions: number } {
  const maxPositions = readMaxPositions(config) ?? readInteger(config, 'n_positions');
  return {
    maxPositions,
    position: { kind: 'learned', maxPositions },
    text: `learned, ${maxPositions} positions`,
  };
}

/** What a decoder family decides. Names are without the prefix that the checkpoint puts before them. */
export interface DecoderParts {
  sizes: Sizes;
  norm: NormSpec;
  position: { position: PositionSpec; text: string };
  mlp: MlpSpec;
  tensors: TensorFinder;
  embedding: string;
  /** Null where the last layer ends in a norm of its own. */
  finalNorm: string | null;
  /** Numbers of a token embedding, where they are not the hidden size. */
  embeddingSize?: number;
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
  const { embeddingSize: E = D } = parts;
  const embedding = tensors.ref(`${parts.embedding}.weight`, [V, E]);
  // A stored head is a copy when the config ties it; a model saved without its head can only run tied.
  const tied = readBoolean(config, 'tie_word_embeddings', parts.tied);
  const ownHead = tied ? null : tensors.beside(`${head}.weight`, [V, E]);
  const headBias = ownHead && tensors.beside(`${head}.bias`, [V]);
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
  return {
    family,
    ...sizes,
    ...(E === D ? {} : { embeddingSize: E }),
    norm,
    position: position.position,
    positionText: position.text,
    mlp,
    maxPositions: readMaxPositions(config),
    tiedEmbeddings: ownHead === null,
    endTokens: readEndTokens(config),
    formatHasKvHeads: true,
    globals: {
      'embed.tokens': embedding,
      ...(parts.finalNorm !== null && tensors.norm('final', parts.finalNorm, D, parts.normOptions)),
      'head.weight': ownHead ?? embedding,
      ...(headBias ? { 'head.bias': headBias } : {}),
    },
    layers,
  };
}
