/**
 * llama.cpp's "granite": rows as in its "llama", and four factors.
 * Role: names and config. Source: convert_hf_to_gguf.py, GraniteModel.
 */
import type { Architecture } from './architecture';
import { permutedLayer, usualGlobals } from './llama';

export const granite: Architecture = {
  id: 'granite',
  config: ({ usual, metadata, sizes: { K } }) => ({
    ...usual,
    model_type: 'granite',
    architectures: ['GraniteForCausalLM'],
    attention_multiplier: metadata.number('.attention.scale') ?? K ** -0.5,
    embedding_multiplier: metadata.number('.embedding_scale') ?? 1,
    residual_multiplier: metadata.number('.residual_scale') ?? 1,
    logits_scaling: metadata.number('.logit_scale') ?? 1,
  }),
  globals: usualGlobals,
  list: 'model.layers.',
  layer: permutedLayer,
};
