/**
 * OPT: GPT-2's shape with ReLU and matrices [out, in]; the position table begins with two rows that no token uses.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_opt.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { readBoolean, readInteger } from '../../checkpoint/config';
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
  const position = learnedPositions(config);
  const { maxPositions } = position;
  const embeddingSize = readInteger(config, 'word_embed_proj_dim', { fallback: D });
  // OPT-350M alone normalises the stream after each half, and has no norm after its last layer.
  const before = readBoolean(config, 'do_layer_norm_before', true);
  const hasFinalNorm = before && !readBoolean(config, '_remove_final_layer_norm', false);
  const place = before ? '' : '.stream';
  const tensors = new TensorFinder(checkpoint, ['model.decoder.', 'decoder.', ''], 'embed_tokens.weight');
  const base = decoder('opt', checkpoint, {
    sizes,
    embeddingSize,
    norm: { kind: 'layer', epsilon: 1e-5 },
    position,
    mlp: { kind: 'plain', activation: readActivation(config, 'activation_function', 'relu') },
    tensors,
    embedding: 'embed_tokens',
    finalNorm: hasFinalNorm ? 'final_layer_norm' : null,
    tied: true,
    layer: (at) => ({
      ...at.norm(`attention${place}`, 'self_attn_layer_norm', D),
      ...llamaAttention(at, sizes, 'out_proj'),
      ...at.norm(`mlp${place}`, 'final_layer_norm', D),
      ...plainMlp(at, sizes, 'fc1', 'fc2'),
    }),
  });
  const positions = tensors.ref('embed_positions.weight', [maxPositions + 2, D]);
  return {
    ...base,
    formatHasKvHeads: false,
    globals: {
      ...base.globals,
      'embed.positions': { ...positions, outputs: { offset: 2, count: maxPositions } },
      ...(embeddingSize !== D && {
        'embed.projection.weight': tensors.ref('project_in.weight', [D, embeddingSize]),
        'head.projection.weight': tensors.ref('project_out.weight', [embeddingSize, D]),
      }),
    },
  };
}
