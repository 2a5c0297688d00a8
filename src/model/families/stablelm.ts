/**
 * StableLM 2 and StableLM 3B: Llama with LayerNorm and rotary positions on a part of each head.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_stablelm.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { readBoolean, readNumber } from '../../checkpoint/config';
import { rotaryPosition } from '../rope';
import type { ModelSpec } from '../spec';
import { readSizes } from './decoder';
import type { ModelFamily } from './family';
import { gatedMlp, llamaAttention, llamaLike } from './llama';

export const stablelm: ModelFamily = {
  id: 'stablelm',
  title: 'StableLM',
  description: 'LayerNorm, partial rotary positions, gated MLP; 1 to H key/value heads.',
  source: 'Bellagente et al. 2024, arXiv 2402.17834',
  match: (config) => config.model_type === 'stablelm',
  spec,
};

function spec(checkpoint: Checkpoint): ModelSpec {
  const { config } = checkpoint;
  const sizes = readSizes(config);
  const parallel = readBoolean(config, 'use_parallel_residual', false);
  const base = llamaLike('stablelm', checkpoint, {
    sizes,
    norm: { kind: 'layer', epsilon: readNumber(config, 'layer_norm_eps', { minimum: 0, fallback: 1e-5 }) },
    position: rotaryPosition(config, sizes.K, 'half', { share: 0.25 }),
    layer: (at) => ({
      ...at.norm('attention', 'input_layernorm', sizes.D),
      ...llamaAttention(at, sizes),
      ...(!parallel && at.norm('mlp', 'post_attention_layernorm', sizes.D)),
      ...gatedMlp(at, sizes),
    }),
  });
  return { ...base, ...(parallel && { residual: 'parallel' }) };
}
