/**
 * OLMo 2: Llama with its norms on what each half adds, and a norm over all query and all key heads of a token together.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_olmo2.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import type { ModelSpec } from '../spec';
import { readSizes } from './decoder';
import type { ModelFamily } from './family';
import { gatedMlp, llamaAttention, llamaLike } from './llama';

export const olmo2: ModelFamily = {
  id: 'olmo2',
  title: 'OLMo 2',
  description: 'Llama with norms after each half, and queries and keys normalised over all heads.',
  source: 'OLMo team 2025, arXiv 2501.00656',
  match: (config) => config.model_type === 'olmo2',
  spec,
};

function spec(checkpoint: Checkpoint): ModelSpec {
  const sizes = readSizes(checkpoint.config);
  const { D, H, G, K } = sizes;
  const base = llamaLike('olmo2', checkpoint, {
    sizes,
    layer: (at) => ({
      ...llamaAttention(at, sizes),
      ...at.norm('q', 'self_attn.q_norm', H * K),
      ...at.norm('k', 'self_attn.k_norm', G * K),
      ...at.norm('attention.output', 'post_attention_layernorm', D),
      ...gatedMlp(at, sizes),
      ...at.norm('mlp.output', 'post_feedforward_layernorm', D),
    }),
  });
  return { ...base, queryKeyNorm: { ...base.norm, over: 'heads', shared: false } };
}
