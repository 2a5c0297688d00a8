/**
 * BLOOM: LayerNorm, also on the embeddings, positions by ALiBi, and one QKV matrix that holds [q, k, v] head by head.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_bloom.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { invalidField, readBoolean, readNumber } from '../../checkpoint/config';
import type { ModelSpec } from '../spec';
import { decoder, multiHead, readSizes } from './decoder';
import { TensorFinder, type ModelFamily } from './family';
import { plainMlp } from './llama';
import { alibiSlopes, slopePosition } from './slopes';

export const bloom: ModelFamily = {
  id: 'bloom',
  title: 'BLOOM',
  description: 'LayerNorm, ALiBi positions, GELU MLP; multi-head only, so its files cannot say G.',
  source: 'BigScience 2022, arXiv 2211.05100',
  match: (config) => config.model_type === 'bloom',
  spec,
};

function spec(checkpoint: Checkpoint): ModelSpec {
  const { config } = checkpoint;
  // The config names no feed-forward size: it is always four times the hidden size.
  const sizes = multiHead(readSizes(config, { L: 'n_layer', D: 'n_embed', H: 'n_head', F: 'ffn_hidden_size' }));
  const { D, H } = sizes;
  if (readBoolean(config, 'apply_residual_connection_post_layernorm', false)) {
    throw invalidField('apply_residual_connection_post_layernorm', 'false', true);
  }
  const tensors = new TensorFinder(checkpoint, ['transformer.', ''], 'word_embeddings.weight');
  const base = decoder('bloom', checkpoint, {
    sizes,
    norm: { kind: 'layer', epsilon: readNumber(config, 'layer_norm_epsilon', { minimum: 0, fallback: 1e-5 }) },
    position: slopePosition(alibiSlopes(H)),
    mlp: { kind: 'plain', activation: 'gelu-tanh' },
    tensors,
    embedding: 'word_embeddings',
    finalNorm: 'ln_f',
    tied: true,
    list: 'h',
    layer: (at) => ({
      ...at.norm('attention', 'input_layernorm', D),
      ...at.fused('self_attention.query_key_value', D, { q: D, k: D, v: D }, { units: H }),
      ...at.linear('o', 'self_attention.dense', D, D),
      ...at.norm('mlp', 'post_attention_layernorm', D),
      ...plainMlp(at, sizes, 'mlp.dense_h_to_4h', 'mlp.dense_4h_to_h'),
    }),
  });
  return {
    ...base,
    formatHasKvHeads: false,
    globals: { ...base.globals, ...tensors.norm('embed', 'word_embeddings_layernorm', D) },
  };
}
