/**
 * GPT-NeoX and Pythia: LayerNorm, rotary positions on a part of each head, attention and MLP side by side, and one QKV
 * matrix that holds [q, k, v] head by head.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_gpt_neox.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { readBoolean, readNumber } from '../../checkpoint/config';
import { rotaryPosition } from '../rope';
import type { ModelSpec } from '../spec';
import { readActivation } from './activation';
import { decoder, multiHead, readSizes } from './decoder';
import { TensorFinder, type ModelFamily } from './family';
import { plainMlp } from './llama';

export const gptNeox: ModelFamily = {
  id: 'gpt_neox',
  title: 'GPT-NeoX',
  description: 'LayerNorm, partial rotary positions, parallel residual; multi-head only, so its files cannot say G.',
  source: 'Black et al. 2022, arXiv 2204.06745',
  match: (config) => config.model_type === 'gpt_neox',
  spec,
};

function spec(checkpoint: Checkpoint): ModelSpec {
  const { config } = checkpoint;
  const sizes = multiHead(readSizes(config));
  const { D, H, K } = sizes;
  const base = decoder('gpt_neox', checkpoint, {
    sizes,
    norm: { kind: 'layer', epsilon: readNumber(config, 'layer_norm_eps', { minimum: 0, fallback: 1e-5 }) },
    position: rotaryPosition(config, K, 'half', { share: 0.25 }),
    mlp: { kind: 'plain', activation: readActivation(config, 'hidden_act', 'gelu') },
    tensors: new TensorFinder(checkpoint, ['gpt_neox.', ''], 'embed_in.weight'),
    embedding: 'embed_in',
    finalNorm: 'final_layer_norm',
    head: 'embed_out',
    tied: false,
    layer: (at) => ({
      ...at.norm('attention', 'input_layernorm', D),
      ...at.fused('attention.query_key_value', D, { q: H * K, k: H * K, v: H * K }, { units: H }),
      ...at.linear('o', 'attention.dense', D, D),
      ...at.norm('mlp', 'post_attention_layernorm', D),
      ...plainMlp(at, sizes, 'mlp.dense_h_to_4h', 'mlp.dense_4h_to_h'),
    }),
  });
  return {
    ...base,
    ...(readBoolean(config, 'use_parallel_residual', true) && { residual: 'parallel' }),
    formatHasKvHeads: false,
  };
}
