/**
 * Gemma 2: Gemma with a norm before and after each half, soft caps on scores and logits, and a window on every second layer.
 * Role: config and tensor names to ModelSpec; nothing is computed here. Upstream: transformers, modeling_gemma2.py.
 */
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { hasField, readNumber } from '../../checkpoint/config';
import type { JsonObject } from '../../checkpoint/json';
import type { ModelSpec } from '../spec';
import { readSizes, type Sizes } from './decoder';
import type { LayerRefs, LayerTensors, ModelFamily } from './family';
import { aboveOne, gemmaLike } from './gemma';
import { gatedMlp, llamaAttention } from './llama';
import { slidingLayers, windowOf } from './windows';

export const gemma2: ModelFamily = {
  id: 'gemma2',
  title: 'Gemma 2',
  description: 'Gemma with sandwich norms, soft-capped scores and logits, and a window on every second layer.',
  source: 'Gemma team 2024, arXiv 2408.00118',
  match: (config) => config.model_type === 'gemma2',
  spec,
};

function spec(checkpoint: Checkpoint): ModelSpec {
  const { config } = checkpoint;
  const sizes = readSizes(config);
  const slides = slidingLayers(config, sizes.L, (layer) => layer % 2 === 0);
  const scale = readQueryScale(config);
  const base = gemmaLike('gemma2', checkpoint, {
    features: (layer) => ({ scale, ...windowOf(config, slides[layer] ?? false) }),
    layer: (at) => ({ ...sandwich(at, sizes), ...llamaAttention(at, sizes), ...gatedMlp(at, sizes) }),
  });
  return { ...base, softcaps: readSoftcaps(config, { scores: 50, logits: 30 }) };
}

/** Norms before and on what each half adds. */
export function sandwich(at: LayerTensors, { D }: Sizes): LayerRefs {
  return {
    ...at.norm('attention', 'input_layernorm', D, aboveOne),
    ...at.norm('attention.output', 'post_attention_layernorm', D, aboveOne),
    ...at.norm('mlp', 'pre_feedforward_layernorm', D, aboveOne),
    ...at.norm('mlp.output', 'post_feedforward_layernorm', D, aboveOne),
  };
}

/** Scores are scaled by a number of its own, not by the head size. */
export function readQueryScale(config: JsonObject): number {
  return readNumber(config, 'query_pre_attn_scalar', { minimum: Number.MIN_VALUE, fallback: 256 }) ** -0.5;
}

/** Caps on scores and logits; null in the config means none, and so does a default of null. */
export function readSoftcaps(
  config: JsonObject,
  usual: { scores: number; logits: number } | null,
): NonNullable<ModelSpec['softcaps']> {
  const read = (field: string, fallback: number | undefined): number | undefined => {
    if (hasField(config, field)) return readNumber(config, field, { minimum: Number.MIN_VALUE });
    return field in config ? undefined : fallback;
  };
  const scores = read('attn_logit_softcapping', usual?.scores);
  const logits = read('final_logit_softcapping', usual?.logits);
  return { ...(scores !== undefined && { scores }), ...(logits !== undefined && { logits }) };
}
