/**
 * GPT-2: layer norms before each half, learned positions, plain GELU MLP, one fused and transposed QKV matrix.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_gpt2.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { readBoolean, readNumber } from '../../checkpoint/config';
import type { ModelSpec } from '../spec';
import { readActivation } from './activation';
import { decoder, learnedPositions, multiHead, readSizes } from './decoder';
import { TensorFinder, type ModelFamily } from './family';

export const gpt2: ModelFamily = {
  id: 'gpt2',
  title: 'GPT-2',
  description: 'LayerNorm, learned positions, GELU MLP; multi-head attention only, so its files cannot say G.',
  source: 'Radford et al. 2019',
  match: (config) => config.model_type === 'gpt2',
  spec,
};

/** The names of sizes in configs of GPT-2 and its offspring. */
export const gptFields = { L: 'n_layer', D: 'n_embd', H: 'n_head', F: 'n_inner' } as const;

/** Matrices are stored [in, out]; c_attn holds Q, K and V side by side. Stored causal masks (attn.bias) are not weights. */
function spec(checkpoint: Checkpoint): ModelSpec {
  const { config } = checkpoint;
  const sizes = multiHead(readSizes(config, gptFields));
  const { D, F, K } = sizes;
  const position = learnedPositions(config);
  const scale = readBoolean(config, 'scale_attn_weights', true) ? K ** -0.5 : 1;
  const byDepth = readBoolean(config, 'scale_attn_by_inverse_layer_idx', false);
  const tensors = new TensorFinder(checkpoint, ['transformer.', ''], 'wte.weight');
  const base = decoder('gpt2', checkpoint, {
    sizes,
    norm: { kind: 'layer', epsilon: readNumber(config, 'layer_norm_epsilon', { minimum: 0, fallback: 1e-5 }) },
    position,
    mlp: { kind: 'plain', activation: readActivation(config, 'activation_function', 'gelu_new') },
    tensors,
    embedding: 'wte',
    finalNorm: 'ln_f',
    tied: true,
    list: 'h',
    features: (layer) => ({ scale: byDepth ? scale / (layer + 1) : scale }),
    layer: (at) => ({
      ...at.norm('attention', 'ln_1', D),
      ...at.fused('attn.c_attn', D, { q: D, k: D, v: D }, { transposed: true }),
      ...at.linear('o', 'attn.c_proj', D, D, { transposed: true }),
      ...at.norm('mlp', 'ln_2', D),
      ...at.linear('up', 'mlp.c_fc', F, D, { transposed: true }),
      ...at.linear('down', 'mlp.c_proj', D, F, { transposed: true }),
    }),
  });
  return {
    ...base,
    formatHasKvHeads: false,
    globals: { ...base.globals, 'embed.positions': tensors.ref('wpe.weight', [position.maxPositions, D]) },
  };
}
