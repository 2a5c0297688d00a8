/**
 * Llama and models of the same shape: RMS norms before each half, rotary positions, gated MLP, grouped KV heads.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_llama.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { readNumber } from '../../checkpoint/config';
import { rotaryPosition } from '../rope';
import type { ModelSpec } from '../spec';
import { readActivation } from './activation';
import { decoder, readSizes, type DecoderParts, type Sizes } from './decoder';
import { TensorFinder, type LayerRefs, type LayerTensors, type ModelFamily } from './family';

export const llama: ModelFamily = {
  id: 'llama',
  title: 'Llama',
  description: 'RMSNorm, rotary positions, gated MLP; 1 to H key/value heads.',
  source: 'Touvron et al. 2023, arXiv 2302.13971',
  match: (config) => config.model_type === 'llama',
  partDefaults: {
    ...{ vocab_size: 32_000, hidden_size: 4096, intermediate_size: 11_008, num_hidden_layers: 32 },
    ...{ num_attention_heads: 32, max_position_embeddings: 2048 },
  },
  spec: (checkpoint) => llamaLike('llama', checkpoint),
};

/** The spec of a family that has Llama's names and shapes, but for `own` parts. */
export function llamaLike(family: string, checkpoint: Checkpoint, own: Partial<DecoderParts> = {}): ModelSpec {
  const { config } = checkpoint;
  const sizes = own.sizes ?? readSizes(config);
  return decoder(family, checkpoint, {
    sizes,
    norm: { kind: 'rms', epsilon: readNumber(config, 'rms_norm_eps', { minimum: 0, fallback: 1e-6 }) },
    position: own.position ?? rotaryPosition(config, sizes.K, 'half'),
    mlp: { kind: 'gated', activation: readActivation(config, 'hidden_act', 'silu') },
    tensors: new TensorFinder(checkpoint, ['model.', ''], 'embed_tokens.weight'),
    embedding: 'embed_tokens',
    finalNorm: 'norm',
    tied: false,
    layer: (at) => ({
      ...at.norm('attention', 'input_layernorm', sizes.D),
      ...llamaAttention(at, sizes),
      ...at.norm('mlp', 'post_attention_layernorm', sizes.D),
      ...gatedMlp(at, sizes),
    }),
    ...own,
  });
}

/** Four projections under self_attn. */
export function llamaAttention(at: LayerTensors, { D, H, G, K }: Sizes, output = 'o_proj'): LayerRefs {
  return {
    ...at.linear('q', 'self_attn.q_proj', H * K, D),
    ...at.linear('k', 'self_attn.k_proj', G * K, D),
    ...at.linear('v', 'self_attn.v_proj', G * K, D),
    ...at.linear('o', `self_attn.${output}`, D, H * K),
  };
}

/** Three projections under mlp. */
export function gatedMlp(at: LayerTensors, { D, F }: Sizes): LayerRefs {
  return {
    ...at.linear('gate', 'mlp.gate_proj', F, D),
    ...at.linear('up', 'mlp.up_proj', F, D),
    ...at.linear('down', 'mlp.down_proj', D, F),
  };
}

/** Two projections with an activation between them. */
export function plainMlp(at: LayerTensors, { D, F }: Sizes, up: string, down: string): LayerRefs {
  return { ...at.linear('up', up, F, D), ...at.linear('down', down, D, F) };
}
