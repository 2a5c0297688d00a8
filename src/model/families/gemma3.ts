/**
 * Gemma 3, its language model: Gemma 2 with normalised queries and keys in place of soft caps, five layers of six with a
 * window and rotary frequencies of their own.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_gemma3.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { hasField, readInteger } from '../../checkpoint/config';
import { isObject, type JsonObject } from '../../checkpoint/json';
import { rotaryPosition } from '../rope';
import type { ModelSpec } from '../spec';
import { readSizes, type DecoderParts } from './decoder';
import type { ModelFamily } from './family';
import { aboveOne, gemmaLike } from './gemma';
import { readQueryScale, readSoftcaps, sandwich } from './gemma2';
import { gatedMlp, llamaAttention } from './llama';
import { slidingLayers, windowOf } from './windows';

export const gemma3: ModelFamily = {
  id: 'gemma3_text',
  title: 'Gemma 3',
  description:
    'Gemma 2 with qk-norm in place of soft caps; windows and other rotary frequencies on five layers of six.',
  source: 'Gemma team 2025, arXiv 2503.19786',
  match: (config) => config.model_type === 'gemma3_text',
  partDefaults: {
    ...{ vocab_size: 262_208, hidden_size: 2304, intermediate_size: 9216, num_hidden_layers: 26 },
    ...{ num_attention_heads: 8, num_key_value_heads: 4, head_dim: 256, max_position_embeddings: 131_072 },
    ...{ query_pre_attn_scalar: 256, sliding_window: 4096 },
  },
  spec,
};

function spec(checkpoint: Checkpoint): ModelSpec {
  const { config } = checkpoint;
  const sizes = readSizes(config);
  const pattern = ['sliding_window_pattern', '_sliding_window_pattern'].find((field) => hasField(config, field));
  const every = pattern === undefined ? 6 : readInteger(config, pattern);
  const slides = slidingLayers(config, sizes.L, (layer) => (layer + 1) % every !== 0);
  const scale = readQueryScale(config);
  const full = rotaryOf(config, sizes.K, 'full_attention');
  const local = rotaryOf(config, sizes.K, 'sliding_attention');
  const base = gemmaLike('gemma3_text', checkpoint, {
    position: { position: full.position, text: `${full.text}; in windows ${local.text.replace('rotary, ', '')}` },
    features: (layer) => (slides[layer] ? { scale, position: local.position, ...windowOf(config, true) } : { scale }),
    layer: (at) => ({
      ...sandwich(at, sizes),
      ...llamaAttention(at, sizes),
      ...at.norm('q', 'self_attn.q_norm', sizes.K, aboveOne),
      ...at.norm('k', 'self_attn.k_norm', sizes.K, aboveOne),
      ...gatedMlp(at, sizes),
    }),
  });
  return {
    ...base,
    queryKeyNorm: { ...base.norm, over: 'head', shared: true },
    softcaps: readSoftcaps(config, null),
  };
}

/**
 * The rotary settings of one kind of layer: transformers 5 has them by kind in rope_parameters; transformers 4 has rope_theta
 * and rope_scaling for full attention, and rope_local_base_freq for windows.
 */
function rotaryOf(
  config: JsonObject,
  K: number,
  kind: 'full_attention' | 'sliding_attention',
): DecoderParts['position'] {
  const windows = kind === 'sliding_attention';
  const defaults = { theta: windows ? 10_000 : 1_000_000 };
  const { rope_parameters: byKind, rope_local_base_freq: local, ...rest } = config;
  if (isObject(byKind)) return rotaryPosition({ ...rest, rope_parameters: byKind[kind] ?? {} }, K, 'half', defaults);
  const own = windows ? { rope_theta: local ?? defaults.theta, rope_scaling: null } : {};
  return rotaryPosition({ ...rest, ...own }, K, 'half', defaults);
}
