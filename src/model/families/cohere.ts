/**
 * Cohere's Command R: LayerNorm without bias, attention and MLP side by side on one norm, interleaved rotary positions.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_cohere.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { readBoolean, readNumber } from '../../checkpoint/config';
import { rotaryPosition } from '../rope';
import type { ModelSpec, NormSpec } from '../spec';
import { readSizes } from './decoder';
import type { ModelFamily } from './family';
import { gatedMlp, llamaAttention, llamaLike } from './llama';

export const cohere: ModelFamily = {
  id: 'cohere',
  title: 'Cohere',
  description: 'LayerNorm, interleaved rotary positions, parallel residual, scaled logits; qk-norm in large models.',
  source: 'Cohere 2024, Command R; transformers, modeling_cohere.py',
  match: (config) => config.model_type === 'cohere',
  spec,
};

function spec(checkpoint: Checkpoint): ModelSpec {
  const { config } = checkpoint;
  const sizes = readSizes(config);
  const { D, H, G, K } = sizes;
  const norm: NormSpec = {
    kind: 'layer',
    epsilon: readNumber(config, 'layer_norm_eps', { minimum: 0, fallback: 1e-5 }),
  };
  const normsHeads = readBoolean(config, 'use_qk_norm', false);
  const base = llamaLike('cohere', checkpoint, {
    sizes,
    norm,
    position: rotaryPosition(config, K, 'interleaved', { theta: 500_000 }),
    tied: true,
    layer: (at) => ({
      ...at.norm('attention', 'input_layernorm', D),
      ...llamaAttention(at, sizes),
      ...(normsHeads && { ...at.norm('q', 'self_attn.q_norm', [H, K]), ...at.norm('k', 'self_attn.k_norm', [G, K]) }),
      ...gatedMlp(at, sizes),
    }),
  });
  return {
    ...base,
    residual: 'parallel',
    ...(normsHeads && { queryKeyNorm: { ...norm, over: 'head', shared: false } }),
    outputScale: readNumber(config, 'logit_scale', { fallback: 0.0625 }),
  };
}
