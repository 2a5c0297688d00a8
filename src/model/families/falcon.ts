/**
 * Falcon, in three layouts of its QKV matrix: one KV head after all queries (7B), groups of queries with their K and V (40B,
 * 180B: the new decoder architecture), or [q, k, v] head by head (RW).
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_falcon.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { hasField, invalidField, readBoolean, readInteger, readNumber } from '../../checkpoint/config';
import type { JsonObject } from '../../checkpoint/json';
import { rotaryPosition } from '../rope';
import type { ModelSpec } from '../spec';
import { readActivation } from './activation';
import { decoder, multiHead, readSizes, type DecoderParts, type Sizes } from './decoder';
import { TensorFinder, type LayerRefs, type LayerTensors, type ModelFamily } from './family';
import { plainMlp } from './llama';
import { alibiSlopes, slopePosition } from './slopes';

export const falcon: ModelFamily = {
  id: 'falcon',
  title: 'Falcon',
  description: 'LayerNorm, rotary or ALiBi positions, parallel residual; one KV head, or groups in the new layout.',
  source: 'Almazrouei et al. 2023, arXiv 2311.16867',
  match: (config) => config.model_type === 'falcon',
  spec,
};

type QkvLayout = 'one' | 'groups' | 'heads';

function spec(checkpoint: Checkpoint): ModelSpec {
  const { config } = checkpoint;
  const layout = readLayout(config);
  const sizes = readFalconSizes(config, layout);
  // The new architecture is always parallel, with one norm for both halves or one for each.
  const parallel = layout === 'groups' || readBoolean(config, 'parallel_attn', true);
  const norms = readInteger(config, 'num_ln_in_parallel_attn', { maximum: 2, fallback: 2 });
  const base = decoder('falcon', checkpoint, {
    sizes,
    norm: { kind: 'layer', epsilon: readNumber(config, 'layer_norm_epsilon', { minimum: 0, fallback: 1e-5 }) },
    position: readPosition(config, sizes),
    mlp: { kind: 'plain', activation: readActivation(config, 'activation', 'gelu') },
    tensors: new TensorFinder(checkpoint, ['transformer.', ''], 'word_embeddings.weight'),
    embedding: 'word_embeddings',
    finalNorm: 'ln_f',
    tied: true,
    list: 'h',
    layer: (at) => ({
      ...(layout === 'groups' && norms === 2
        ? { ...at.norm('attention', 'ln_attn', sizes.D), ...at.norm('mlp', 'ln_mlp', sizes.D) }
        : at.norm('attention', 'input_layernorm', sizes.D)),
      ...(!parallel && at.norm('mlp', 'post_attention_layernorm', sizes.D)),
      ...attention(at, sizes, layout),
      ...plainMlp(at, sizes, 'mlp.dense_h_to_4h', 'mlp.dense_4h_to_h'),
    }),
  });
  return {
    ...base,
    ...(parallel && { residual: 'parallel' }),
    formatHasKvHeads: layout === 'groups',
    kvHeadsField: 'num_kv_heads',
  };
}

function readLayout(config: JsonObject): QkvLayout {
  if (readBoolean(config, 'new_decoder_architecture', false)) return 'groups';
  return readBoolean(config, 'multi_query', true) ? 'one' : 'heads';
}

function readFalconSizes(config: JsonObject, layout: QkvLayout): Sizes {
  const sizes = readSizes(config, { D: 'n_embed', G: 'num_kv_heads', F: 'ffn_hidden_size' });
  if (layout === 'groups') return sizes;
  return layout === 'one' ? { ...sizes, G: 1 } : multiHead(sizes);
}

function attention(at: LayerTensors, { D, H, G, K }: Sizes, layout: QkvLayout): LayerRefs {
  const parts = { q: H * K, k: G * K, v: G * K };
  return {
    ...at.fused('self_attention.query_key_value', D, parts, layout === 'one' ? {} : { units: G }),
    ...at.linear('o', 'self_attention.dense', D, D),
  };
}

/** Scores are scaled after ALiBi's bias was added, so the slopes are as well. */
function readPosition(config: JsonObject, { H, K }: Sizes): DecoderParts['position'] {
  if (!readBoolean(config, 'alibi', false)) return rotaryPosition(config, K, 'half');
  if (hasField(config, 'rope_scaling')) throw invalidField('rope_scaling', 'null beside alibi', config.rope_scaling);
  return slopePosition(alibiSlopes(H).map((slope) => slope * K ** -0.5));
}
