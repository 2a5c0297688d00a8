/**
 * gpt-oss: a mixture of experts with clamped SwiGLU, a sink for each head, biases, and a window on every second layer.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_gpt_oss.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { readInteger, readNumber } from '../../checkpoint/config';
import { rotaryPosition } from '../rope';
import type { ModelSpec } from '../spec';
import { readSizes } from './decoder';
import type { ModelFamily } from './family';
import { llamaAttention, llamaLike } from './llama';
import { slidingLayers, windowOf } from './windows';

export const gptOss: ModelFamily = {
  id: 'gpt_oss',
  title: 'gpt-oss',
  description: 'Mixture of experts, attention sinks, a window on every second layer, yarn.',
  source: 'OpenAI 2025, arXiv 2508.10925',
  match: (config) => config.model_type === 'gpt_oss',
  spec,
};

function spec(checkpoint: Checkpoint): ModelSpec {
  const { config } = checkpoint;
  const sizes = readSizes(config);
  const { L, D, H, K, F } = sizes;
  const count = readInteger(config, 'num_local_experts', { maximum: 4096, fallback: 128 });
  const chosen = readInteger(config, 'num_experts_per_tok', { maximum: count, fallback: 4 });
  const layout = expertLayout(checkpoint);
  const slides = slidingLayers(config, L, (layer) => layer % 2 === 0);
  return llamaLike('gpt_oss', checkpoint, {
    sizes,
    norm: { kind: 'rms', epsilon: readNumber(config, 'rms_norm_eps', { minimum: 0, fallback: 1e-5 }) },
    position: rotaryPosition(config, K, 'half', { theta: 150_000 }),
    mlp: { kind: 'gated', activation: 'clamped-swiglu', experts: { count, chosen } },
    features: (layer) => windowOf(config, slides[layer] ?? false),
    layer: (at) => ({
      ...at.norm('attention', 'input_layernorm', D),
      ...llamaAttention(at, sizes),
      sinks: at.ref('self_attn.sinks', [H]),
      ...at.norm('mlp', 'post_attention_layernorm', D),
      ...at.linear('router', 'mlp.router', count, D),
    }),
    // One tensor holds all experts; gate and up take turns in its outputs.
    experts: (at) =>
      Array.from({ length: count }, (_, item) => {
        const stack = { item, items: count };
        const gateUp = at.ref(`mlp.experts.gate_up_proj${layout.suffix}`, [2 * F, D], { ...stack, ...layout.options });
        const gateUpBias = at.ref('mlp.experts.gate_up_proj_bias', [2 * F], stack);
        const turn = (offset: number) => ({ outputs: { offset, count: F, units: F } });
        return {
          'gate.weight': { ...gateUp, ...turn(0) },
          'gate.bias': { ...gateUpBias, ...turn(0) },
          'up.weight': { ...gateUp, ...turn(1) },
          'up.bias': { ...gateUpBias, ...turn(1) },
          'down.weight': at.ref(`mlp.experts.down_proj${layout.suffix}`, [D, F], { ...stack, ...layout.options }),
          'down.bias': at.ref('mlp.experts.down_proj_bias', [D], stack),
        };
      }),
  });
}

/** [in, out] each, as transformers writes them; in the published MXFP4 [out, in], under a name of its own. */
function expertLayout({ quantisation }: Checkpoint): { suffix: string; options: { transposed?: true } } {
  const isPacked = quantisation !== undefined && quantisation.packed.size > 0;
  return isPacked ? { suffix: '_blocks', options: {} } : { suffix: '', options: { transposed: true } };
}
