/**
 * Qwen3: Llama with a norm on each query and key head.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_qwen3.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import type { ModelSpec } from '../spec';
import { readSizes } from './decoder';
import type { ModelFamily } from './family';
import { gatedMlp, llamaAttention, llamaLike } from './llama';
import { upperWindows } from './windows';

export const qwen3: ModelFamily = {
  id: 'qwen3',
  title: 'Qwen3',
  description: 'Llama with normalised queries and keys (qk-norm); upper layers may slide.',
  source: 'Yang et al. 2025, arXiv 2505.09388',
  match: (config) => config.model_type === 'qwen3',
  spec,
};

function spec(checkpoint: Checkpoint): ModelSpec {
  const sizes = readSizes(checkpoint.config);
  const { D, K } = sizes;
  const base = llamaLike('qwen3', checkpoint, {
    sizes,
    features: upperWindows(checkpoint.config),
    layer: (at) => ({
      ...at.norm('attention', 'input_layernorm', D),
      ...llamaAttention(at, sizes),
      ...at.norm('q', 'self_attn.q_norm', K),
      ...at.norm('k', 'self_attn.k_norm', K),
      ...at.norm('mlp', 'post_attention_layernorm', D),
      ...gatedMlp(at, sizes),
    }),
  });
  return { ...base, queryKeyNorm: { ...base.norm, over: 'head', shared: true } };
}
