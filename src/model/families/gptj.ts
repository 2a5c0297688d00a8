/**
 * GPT-J: attention and MLP side by side on one LayerNorm, interleaved rotary positions on a part of each head.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_gptj.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { readInteger, readNumber } from '../../checkpoint/config';
import { rotaryPosition } from '../rope';
import type { ModelSpec } from '../spec';
import { readActivation } from './activation';
import { decoder, multiHead, readSizes } from './decoder';
import { TensorFinder, type ModelFamily } from './family';
import { gptFields } from './gpt2';
import { plainMlp } from './llama';

export const gptj: ModelFamily = {
  id: 'gptj',
  title: 'GPT-J',
  description:
    'LayerNorm, interleaved rotary positions on a part of each head, parallel residual; its files cannot say G.',
  source: 'Wang and Komatsuzaki 2021, GPT-J-6B',
  match: (config) => config.model_type === 'gptj',
  spec,
};

function spec(checkpoint: Checkpoint): ModelSpec {
  const { config } = checkpoint;
  const sizes = multiHead(readSizes(config, gptFields));
  const { D, K } = sizes;
  const rotaryDim = readInteger(config, 'rotary_dim', { maximum: K, fallback: K });
  const base = decoder('gptj', checkpoint, {
    sizes,
    norm: { kind: 'layer', epsilon: readNumber(config, 'layer_norm_epsilon', { minimum: 0, fallback: 1e-5 }) },
    position: rotaryPosition(config, K, 'interleaved', { share: rotaryDim / K }),
    mlp: { kind: 'plain', activation: readActivation(config, 'activation_function', 'gelu_new') },
    tensors: new TensorFinder(checkpoint, ['transformer.', ''], 'wte.weight'),
    embedding: 'wte',
    finalNorm: 'ln_f',
    tied: false,
    list: 'h',
    layer: (at) => ({
      ...at.norm('attention', 'ln_1', D),
      ...at.linear('q', 'attn.q_proj', D, D),
      ...at.linear('k', 'attn.k_proj', D, D),
      ...at.linear('v', 'attn.v_proj', D, D),
      ...at.linear('o', 'attn.out_proj', D, D),
      ...plainMlp(at, sizes, 'mlp.fc_in', 'mlp.fc_out'),
    }),
  });
  return { ...base, residual: 'parallel', formatHasKvHeads: false };
}
