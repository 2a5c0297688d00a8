/**
 * T5 and T5 1.1: an encoder and a decoder of RMS norms before each part, no biases, scores that know positions by the
 * bucket of their distance alone, and are not scaled.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_t5.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import {
  hasField,
  invalidField,
  readBoolean,
  readEndTokens,
  readInteger,
  readNumber,
  readText,
} from '../../checkpoint/config';
import type { JsonObject } from '../../checkpoint/json';
import type { LayerSpec, MlpSpec, ModelSpec, PositionSpec } from '../spec';
import { readActivation } from './activation';
import { LayerTensors, TensorFinder, type LayerRefs, type ModelFamily } from './family';

export const t5: ModelFamily = {
  id: 't5',
  title: 'T5',
  description: 'Encoder-decoder: RMSNorm, relative position buckets, ReLU or gated GELU MLP; its files cannot say G.',
  source: 'Raffel et al. 2020, arXiv 1910.10683; T5 1.1: Shazeer 2020, arXiv 2002.05202',
  match: (config) => config.model_type === 't5',
  spec,
};

function spec(checkpoint: Checkpoint): ModelSpec {
  const { config } = checkpoint;
  const D = readInteger(config, 'd_model');
  const H = readInteger(config, 'num_heads');
  const K = readInteger(config, 'd_kv', { fallback: 64 });
  const F = readInteger(config, 'd_ff');
  const V = readInteger(config, 'vocab_size');
  const encoderLayers = readInteger(config, 'num_layers', { maximum: 10_000 });
  const decoderLayers = readInteger(config, 'num_decoder_layers', { maximum: 10_000, fallback: encoderLayers });
  const mlp = readMlp(config);
  const position = readPosition(config);

  const tensors = new TensorFinder(checkpoint, [''], 'shared.weight');
  const embedding = tensors.ref('shared.weight', [V, D]);
  const bucketsOf = (stack: string) =>
    tensors.ref(`${stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight`, [position.buckets, H]);
  const { scaled, tied } = readHead(config);
  const ownHead = tied ? null : tensors.beside('lm_head.weight', [V, D]);
  const layers = layersOf(tensors, { D, H, K, F }, mlp, { encoder: encoderLayers, decoder: decoderLayers });
  return {
    family: t5.id,
    L: layers.length,
    ...{ D, H, G: H, K, F, V },
    norm: { kind: 'rms', epsilon: readNumber(config, 'layer_norm_epsilon', { minimum: 0, fallback: 1e-6 }) },
    position,
    mlp,
    ...(scaled ? { outputScale: D ** -0.5 } : {}),
    decoderStart: readInteger(
      config,
      hasField(config, 'decoder_start_token_id') ? 'decoder_start_token_id' : 'pad_token_id',
      {
        minimum: 0,
        maximum: V - 1,
        fallback: 0,
      },
    ),
    // Distances have no end: texts longer than those it was trained on run as well.
    maxPositions: null,
    tiedEmbeddings: ownHead === null,
    endTokens: readEndTokens(config),
    positionText: `relative, ${position.buckets} buckets to distance ${position.maxDistance}`,
    formatHasKvHeads: false,
    globals: {
      'embed.tokens': embedding,
      'encoder.norm.weight': tensors.ref('encoder.final_layer_norm.weight', [D]),
      'final.norm.weight': tensors.ref('decoder.final_layer_norm.weight', [D]),
      'head.weight': ownHead ?? embedding,
      'encoder.buckets': bucketsOf('encoder'),
      'decoder.buckets': bucketsOf('decoder'),
    },
    layers,
  };
}

/** "relu", "gated-gelu", "gated-silu": the activation, and whether there is a gate. The gated GELU is the tanh one. */
function readMlp(config: JsonObject): MlpSpec {
  const name = readText(config, 'feed_forward_proj', 'relu');
  const gated = name.startsWith('gated-');
  const activation = name === 'gated-gelu' ? 'gelu_new' : name.replace(/^gated-/, '');
  return {
    kind: gated ? 'gated' : 'plain',
    activation: readActivation({ feed_forward_proj: activation }, 'feed_forward_proj', ''),
  };
}

function readPosition(config: JsonObject): PositionSpec & { kind: 'buckets' } {
  const buckets = readInteger(config, 'relative_attention_num_buckets', { minimum: 4, fallback: 32 });
  const maxDistance = readInteger(config, 'relative_attention_max_distance', { fallback: 128 });
  // The far half of a decoder's buckets is spread logarithmically between these two.
  if (maxDistance <= buckets / 2)
    throw invalidField('relative_attention_max_distance', `more than ${buckets / 2}`, maxDistance);
  return { kind: 'buckets', buckets, maxDistance };
}

/**
 * Whether the decoder's output is scaled by D^-0.5 before the head, and whether the head is the embedding for certain.
 * transformers 5 writes scale_decoder_outputs, and leaves a head that is stored as it is. transformers 4 has one field for
 * both: tie_word_embeddings.
 */
function readHead(config: JsonObject): { scaled: boolean; tied: boolean } {
  const tied = readBoolean(config, 'tie_word_embeddings', true);
  if (!hasField(config, 'scale_decoder_outputs')) return { scaled: tied, tied };
  return { scaled: readBoolean(config, 'scale_decoder_outputs', false), tied: false };
}

type Sizes = Pick<ModelSpec, 'D' | 'H' | 'K' | 'F'>;

/** The encoder's layers; then for each layer of the decoder its self-attention, and its cross-attention with the MLP. */
function layersOf(
  tensors: TensorFinder,
  sizes: Sizes,
  { kind }: MlpSpec,
  counts: Record<LayerSpec['stack'], number>,
): LayerSpec[] {
  const part = (stack: string, block: number, layer: number): LayerTensors =>
    new LayerTensors(tensors, `${stack}.block.${block}.layer.${layer}.`);
  const encoder = Array.from({ length: counts.encoder }, (_, block): LayerSpec => {
    const weights = {
      ...attention(part('encoder', block, 0), 'SelfAttention', sizes),
      ...feedForward(part('encoder', block, 1), kind, sizes),
    };
    const names = { title: `encoder ${block}`, name: `encoder.${block}` };
    return { stack: 'encoder', attention: 'full', mlp: true, scale: 1, grouped: false, ...names, weights };
  });
  const decoder = Array.from({ length: counts.decoder }, (_, block): LayerSpec[] => {
    const own = { stack: 'decoder', scale: 1, grouped: true } as const;
    return [
      {
        ...own,
        attention: 'causal',
        mlp: false,
        title: `decoder ${block} · self`,
        name: `decoder.${block}`,
        weights: attention(part('decoder', block, 0), 'SelfAttention', sizes),
      },
      {
        ...own,
        attention: 'cross',
        mlp: true,
        position: { kind: 'none' },
        title: `decoder ${block} · cross`,
        name: `cross.${block}`,
        weights: {
          ...attention(part('decoder', block, 1), 'EncDecAttention', sizes),
          ...feedForward(part('decoder', block, 2), kind, sizes),
        },
      },
    ];
  });
  return [...encoder, ...decoder.flat()];
}

function attention(at: LayerTensors, name: string, { D, H, K }: Sizes): LayerRefs {
  return {
    ...at.norm('attention', 'layer_norm', D),
    ...at.linear('q', `${name}.q`, H * K, D),
    ...at.linear('k', `${name}.k`, H * K, D),
    ...at.linear('v', `${name}.v`, H * K, D),
    ...at.linear('o', `${name}.o`, D, H * K),
  };
}

function feedForward(at: LayerTensors, kind: MlpSpec['kind'], { D, F }: Sizes): LayerRefs {
  const up = kind === 'gated' ? 'wi_1' : 'wi';
  return {
    ...at.norm('mlp', 'layer_norm', D),
    ...(kind === 'gated' ? at.linear('gate', 'DenseReluDense.wi_0', F, D) : {}),
    ...at.linear('up', `DenseReluDense.${up}`, F, D),
    ...at.linear('down', 'DenseReluDense.wo', D, F),
  };
}
