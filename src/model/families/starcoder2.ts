/**
 * StarCoder2: LayerNorm, rotary positions, a plain GELU MLP, biases everywhere, and a sliding window where the config has one.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_starcoder2.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { readNumber } from '../../checkpoint/config';
import type { ModelSpec } from '../spec';
import { readActivation } from './activation';
import { readSizes } from './decoder';
import type { ModelFamily } from './family';
import { llamaAttention, llamaLike, plainMlp } from './llama';
import { windowOf } from './windows';

export const starcoder2: ModelFamily = {
  id: 'starcoder2',
  title: 'StarCoder2',
  description: 'LayerNorm, rotary positions, plain MLP, biases; 1 to H key/value heads.',
  source: 'Lozhkov et al. 2024, arXiv 2402.19173',
  match: (config) => config.model_type === 'starcoder2',
  spec,
};

function spec(checkpoint: Checkpoint): ModelSpec {
  const { config } = checkpoint;
  const sizes = readSizes(config);
  return llamaLike('starcoder2', checkpoint, {
    sizes,
    norm: { kind: 'layer', epsilon: readNumber(config, 'norm_epsilon', { minimum: 0, fallback: 1e-5 }) },
    mlp: { kind: 'plain', activation: readActivation(config, 'hidden_act', 'gelu_pytorch_tanh') },
    tied: true,
    features: () => windowOf(config, true),
    layer: (at) => ({
      ...at.norm('attention', 'input_layernorm', sizes.D),
      ...llamaAttention(at, sizes),
      ...at.norm('mlp', 'post_attention_layernorm', sizes.D),
      ...plainMlp(at, sizes, 'mlp.c_fc', 'mlp.c_proj'),
    }),
  });
}
