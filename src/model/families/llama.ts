/**
 * Llama and models of the same shape: RMS norms before each half, rotary positions, gated MLP, grouped KV heads.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_llama.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { hasField, invalidField, readBoolean, readEndTokens, readInteger, readNumber } from '../../checkpoint/config';
import { rotaryPosition } from '../rope';
import type { LayerRole, ModelSpec, WeightRef } from '../spec';
import { readActivation } from './activation';
import { decoderLayers, present, TensorFinder, type ModelFamily } from './family';

export const llama: ModelFamily = {
  id: 'llama',
  title: 'Llama',
  description: 'RMSNorm, rotary positions, gated MLP; 1 to H key/value heads.',
  source: 'Touvron et al. 2023, arXiv 2302.13971',
  match: (config) => config.model_type === 'llama',
  spec,
};

function spec(checkpoint: Checkpoint): ModelSpec {
  const { config } = checkpoint;
  const L = readInteger(config, 'num_hidden_layers', { maximum: 10_000 });
  const D = readInteger(config, 'hidden_size');
  const H = readInteger(config, 'num_attention_heads');
  const G = readInteger(config, 'num_key_value_heads', { maximum: H, fallback: H });
  const F = readInteger(config, 'intermediate_size');
  const V = readInteger(config, 'vocab_size');
  if (H % G !== 0) throw invalidField('num_key_value_heads', `a divisor of the ${H} query heads`, G);
  if (!hasField(config, 'head_dim') && D % H !== 0) throw invalidField('hidden_size', `a multiple of ${H} heads`, D);
  const K = readInteger(config, 'head_dim', { maximum: 65_536, fallback: D / H });
  const { position, text: positionText } = rotaryPosition(config, K, 'half');

  const tensors = new TensorFinder(checkpoint, ['model.', ''], 'embed_tokens.weight');
  const embedding = tensors.ref('embed_tokens.weight', [V, D]);
  // A stored head is a copy when the config ties it; a model saved without its head can only run tied.
  const ownHead = readBoolean(config, 'tie_word_embeddings', false) ? null : tensors.exact('lm_head.weight', [V, D]);
  return {
    family: llama.id,
    L,
    D,
    H,
    G,
    K,
    F,
    V,
    norm: { kind: 'rms', epsilon: readNumber(config, 'rms_norm_eps', { minimum: 0, fallback: 1e-6 }) },
    position,
    mlp: { kind: 'gated', activation: readActivation(config, 'hidden_act', 'silu') },
    maxPositions: hasField(config, 'max_position_embeddings') ? readInteger(config, 'max_position_embeddings') : null,
    tiedEmbeddings: ownHead === null,
    endTokens: readEndTokens(config),
    positionText,
    formatHasKvHeads: true,
    globals: {
      'embed.tokens': embedding,
      'final.norm.weight': tensors.ref('norm.weight', [D]),
      'head.weight': ownHead ?? embedding,
    },
    layers: decoderLayers(L, (layer) => ({ scale: K ** -0.5, weights: layerRefs(tensors, layer, { D, H, G, K, F }) })),
  };
}

type Sizes = Record<'D' | 'H' | 'G' | 'K' | 'F', number>;

function layerRefs(
  tensors: TensorFinder,
  layer: number,
  { D, H, G, K, F }: Sizes,
): Partial<Record<LayerRole, WeightRef>> {
  const at = (name: string): string => `layers.${layer}.${name}`;
  const weight = (name: string, out: number, columns: number): WeightRef =>
    tensors.ref(at(`${name}.weight`), [out, columns]);
  const bias = (name: string, out: number): WeightRef | null => tensors.optional(at(`${name}.bias`), [out]);
  return present({
    'attention.norm.weight': tensors.ref(at('input_layernorm.weight'), [D]),
    'q.weight': weight('self_attn.q_proj', H * K, D),
    'q.bias': bias('self_attn.q_proj', H * K),
    'k.weight': weight('self_attn.k_proj', G * K, D),
    'k.bias': bias('self_attn.k_proj', G * K),
    'v.weight': weight('self_attn.v_proj', G * K, D),
    'v.bias': bias('self_attn.v_proj', G * K),
    'o.weight': weight('self_attn.o_proj', D, H * K),
    'o.bias': bias('self_attn.o_proj', D),
    'mlp.norm.weight': tensors.ref(at('post_attention_layernorm.weight'), [D]),
    'gate.weight': weight('mlp.gate_proj', F, D),
    'gate.bias': bias('mlp.gate_proj', F),
    'up.weight': weight('mlp.up_proj', F, D),
    'up.bias': bias('mlp.up_proj', F),
    'down.weight': weight('mlp.down_proj', D, F),
    'down.bias': bias('mlp.down_proj', D),
  });
}
