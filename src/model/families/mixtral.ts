/**
 * Mixtral: Mistral with several MLPs a layer, of which each token goes through a few.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_mixtral.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { readInteger, readNumber } from '../../checkpoint/config';
import { rotaryPosition } from '../rope';
import type { ModelSpec } from '../spec';
import { readActivation } from './activation';
import { readSizes } from './decoder';
import type { ModelFamily } from './family';
import { llamaAttention, llamaLike } from './llama';
import { windowOf } from './windows';

export const mixtral: ModelFamily = {
  id: 'mixtral',
  title: 'Mixtral',
  description: 'Mistral with a mixture of experts in each layer.',
  source: 'Jiang et al. 2024, arXiv 2401.04088',
  match: (config) => config.model_type === 'mixtral',
  spec,
};

function spec(checkpoint: Checkpoint): ModelSpec {
  const { config } = checkpoint;
  const sizes = readSizes(config);
  const { D, F, K } = sizes;
  const count = readInteger(config, 'num_local_experts', { maximum: 4096, fallback: 8 });
  const chosen = readInteger(config, 'num_experts_per_tok', { maximum: count, fallback: 2 });
  return llamaLike('mixtral', checkpoint, {
    sizes,
    norm: { kind: 'rms', epsilon: readNumber(config, 'rms_norm_eps', { minimum: 0, fallback: 1e-5 }) },
    position: rotaryPosition(config, K, 'half', { theta: 1_000_000 }),
    mlp: { kind: 'gated', activation: readActivation(config, 'hidden_act', 'silu'), experts: { count, chosen } },
    features: () => windowOf(config, true),
    layer: (at) => ({
      ...at.norm('attention', 'input_layernorm', D),
      ...llamaAttention(at, sizes),
      ...at.norm('mlp', 'post_attention_layernorm', D),
      ...at.linear('router', 'block_sparse_moe.gate', count, D),
    }),
    experts: (at) =>
      Array.from({ length: count }, (_, expert) => ({
        'gate.weight': at.ref(`block_sparse_moe.experts.${expert}.w1.weight`, [F, D]),
        'up.weight': at.ref(`block_sparse_moe.experts.${expert}.w3.weight`, [F, D]),
        'down.weight': at.ref(`block_sparse_moe.experts.${expert}.w2.weight`, [D, F]),
      })),
  });
}
