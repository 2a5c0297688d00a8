/**
 * OPT: GPT-2's shape with ReLU and matrices [out, in]; the position table begins with two rows that no token uses.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_opt.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { invalidField, readBoolean, readInteger } from '../../checkpoint/config';
import type { ModelSpec } from '../spec';
import { readActivation } from './activation';
import { decoder, learnedPositions, multiHead, readSizes } from './decoder';
import { TensorFinder, type ModelFamily } from './family';
import { llamaAttention, plainMlp } from './llama';

export const opt: ModelFamily = {
  id: 'opt',
  title: 'OPT',
  description: 'LayerNorm, learned positions, ReLU MLP; multi-head only, so its files cannot say G.',
  source: 'Zhang et al. 2022, arXiv 2205.01068',
  match: (config) => config.model_type === 'opt',
  spec,
};

function spec(checkpoint: Checkpoint): ModelSpec {
  const { config } = checkpoint;
  const sizes = multiHead(readSizes(config, { F: 'ffn_dim' }));
  const { D } = sizes;
  const maxPositions = readInteger(config, 'max_position_embeddings');
  const width = readInteger(config, 'word_embed_proj_dim', { fallback: D });
  if (width !== D) throw invalidField('word_embed_proj_dim', `the hidden size, ${D}: OPT-350M cannot be run`, width);
  if (!readBoolean(config, 'do_layer_norm_before', true)) {
    throw invalidField('do_layer_norm_before', 'true: OPT-350M cannot be run', false);
  }
  const tensors = new TensorFinder(checkpoint, ['model.decoder.', 'decoder.', ''], 'embed_tokens.weight');
  const base = decoder('opt', checkpoint, {
    sizes,
    norm: { kind: 'layer', epsilon: 1e-5 },
    position: learnedPositions(maxPositions),
    mlp: { kind: 'plain', activation: readActivation(config, 'activation_function', 'relu') },
    tensors,
    embedding: 'embed_tokens',
    finalNorm: 'final_layer_norm',
    tied: true,
    layer: (at) => ({
      ...at.norm('attention', 'self_attn_layer_norm', D),
      ...llamaAttention(at, sizes, 'out_proj'),
      ...at.norm('mlp', 'final_layer_norm', D),
      ...plainMlp(at, sizes, 'fc1', 'fc2'),
    }),
  });
  const positions = tensors.ref('embed_positions.weight', [maxPositions + 2, D]);
  return {
    ...base,
    formatHasKvHeads: false,
    globals: { ...base.globals, 'embed.positions': { ...positions, outputs: { offset: 2, count: maxPositions } } },
  };
}
