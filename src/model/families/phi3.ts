/**
 * Phi-3 and Phi-4: Llama with one matrix for Q, K and V and one for gate and up.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_phi3.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { readNumber } from '../../checkpoint/config';
import type { ModelSpec } from '../spec';
import { readSizes } from './decoder';
import type { ModelFamily } from './family';
import { llamaLike } from './llama';
import { windowOf } from './windows';

export const phi3: ModelFamily = {
  id: 'phi3',
  title: 'Phi-3',
  description: 'Llama with fused QKV and gate-up matrices; longrope in long-context models.',
  source: 'Abdin et al. 2024, arXiv 2404.14219',
  match: (config) => config.model_type === 'phi3',
  spec,
};

function spec(checkpoint: Checkpoint): ModelSpec {
  const { config } = checkpoint;
  const sizes = readSizes(config);
  const { D, H, G, K, F } = sizes;
  return llamaLike('phi3', checkpoint, {
    sizes,
    norm: { kind: 'rms', epsilon: readNumber(config, 'rms_norm_eps', { minimum: 0, fallback: 1e-5 }) },
    features: () => windowOf(config, true),
    layer: (at) => ({
      ...at.norm('attention', 'input_layernorm', D),
      ...at.fused('self_attn.qkv_proj', D, { q: H * K, k: G * K, v: G * K }),
      ...at.linear('o', 'self_attn.o_proj', D, H * K),
      ...at.norm('mlp', 'post_attention_layernorm', D),
      ...at.fused('mlp.gate_up_proj', D, { gate: F, up: F }),
      ...at.linear('down', 'mlp.down_proj', D, F),
    }),
  });
}
