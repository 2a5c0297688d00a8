/**
 * Phi-1, Phi-1.5 and Phi-2: LayerNorm, rotary positions on a part of each head, attention and MLP side by side on one norm.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_phi.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { readBoolean, readNumber } from '../../checkpoint/config';
import { rotaryPosition } from '../rope';
import type { ModelSpec, NormSpec } from '../spec';
import { readActivation } from './activation';
import { readSizes } from './decoder';
import type { ModelFamily } from './family';
import { llamaAttention, llamaLike, plainMlp } from './llama';

export const phi: ModelFamily = {
  id: 'phi',
  title: 'Phi',
  description: 'LayerNorm, partial rotary positions, parallel residual, biases everywhere; 1 to H key/value heads.',
  source: 'Li et al. 2023, arXiv 2309.05463',
  match: (config) => config.model_type === 'phi',
  spec,
};

function spec(checkpoint: Checkpoint): ModelSpec {
  const { config } = checkpoint;
  const sizes = readSizes(config);
  const { K } = sizes;
  const norm: NormSpec = {
    kind: 'layer',
    epsilon: readNumber(config, 'layer_norm_eps', { minimum: 0, fallback: 1e-5 }),
  };
  const normsHeads = readBoolean(config, 'qk_layernorm', false);
  const base = llamaLike('phi', checkpoint, {
    sizes,
    norm,
    position: rotaryPosition(config, K, 'half', { share: 0.5 }),
    mlp: { kind: 'plain', activation: readActivation(config, 'hidden_act', 'gelu_new') },
    finalNorm: 'final_layernorm',
    layer: (at) => ({
      ...at.norm('attention', 'input_layernorm', sizes.D),
      ...llamaAttention(at, sizes, 'dense'),
      ...(normsHeads && { ...at.norm('q', 'self_attn.q_layernorm', K), ...at.norm('k', 'self_attn.k_layernorm', K) }),
      ...plainMlp(at, sizes, 'mlp.fc1', 'mlp.fc2'),
    }),
  });
  return {
    ...base,
    residual: 'parallel',
    ...(normsHeads && { queryKeyNorm: { ...norm, over: 'head', shared: true } }),
  };
}
