/**
 * GPTBigCode (SantaCoder, StarCoder): GPT-2 with one KV head, or with all of them head by head in the QKV matrix.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_gpt_bigcode.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { readBoolean, readNumber } from '../../checkpoint/config';
import type { ModelSpec } from '../spec';
import { readActivation } from './activation';
import { decoder, learnedPositions, multiHead, readSizes } from './decoder';
import { TensorFinder, type ModelFamily } from './family';
import { gptFields } from './gpt2';
import { plainMlp } from './llama';

export const gptBigCode: ModelFamily = {
  id: 'gpt_bigcode',
  title: 'GPTBigCode',
  description: 'GPT-2 with one key/value head (or all of them); its files cannot say another G.',
  source: 'Allal et al. 2023, arXiv 2301.03988',
  match: (config) => config.model_type === 'gpt_bigcode',
  spec,
};

function spec(checkpoint: Checkpoint): ModelSpec {
  const { config } = checkpoint;
  const multiQuery = readBoolean(config, 'multi_query', true);
  const sizes = multiHead(readSizes(config, gptFields));
  const { D, H, K } = sizes;
  const position = learnedPositions(config);
  const scale = readBoolean(config, 'scale_attn_weights', true) ? K ** -0.5 : 1;
  const tensors = new TensorFinder(checkpoint, ['transformer.', ''], 'wte.weight');
  const base = decoder('gpt_bigcode', checkpoint, {
    sizes: multiQuery ? { ...sizes, G: 1 } : sizes,
    norm: { kind: 'layer', epsilon: readNumber(config, 'layer_norm_epsilon', { minimum: 0, fallback: 1e-5 }) },
    position,
    mlp: { kind: 'plain', activation: readActivation(config, 'activation_function', 'gelu_pytorch_tanh') },
    tensors,
    embedding: 'wte',
    finalNorm: 'ln_f',
    tied: true,
    list: 'h',
    features: () => ({ scale }),
    layer: (at) => ({
      ...at.norm('attention', 'ln_1', D),
      ...(multiQuery
        ? at.fused('attn.c_attn', D, { q: D, k: K, v: K })
        : at.fused('attn.c_attn', D, { q: D, k: D, v: D }, { units: H })),
      ...at.linear('o', 'attn.c_proj', D, D),
      ...at.norm('mlp', 'ln_2', D),
      ...plainMlp(at, sizes, 'mlp.c_fc', 'mlp.c_proj'),
    }),
  });
  return {
    ...base,
    formatHasKvHeads: false,
    globals: { ...base.globals, 'embed.positions': tensors.ref('wpe.weight', [position.maxPositions, D]) },
  };
}
