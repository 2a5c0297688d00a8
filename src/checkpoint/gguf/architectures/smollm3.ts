/**
 * llama.cpp's "smollm3": rows as in its "llama"; every fourth layer knows no positions, which files do not tell.
 * Role: names and config. Source: convert_hf_to_gguf.py, SmolLM3Model; llama-model.cpp, n_no_rope_layer_step.
 */
import type { Architecture } from './architecture';
import { permutedLayer, usualGlobals } from './llama';

export const smollm3: Architecture = {
  id: 'smollm3',
  config: ({ usual }) => ({
    ...usual,
    model_type: 'smollm3',
    architectures: ['SmolLM3ForCausalLM'],
    no_rope_layer_interval: 4,
  }),
  globals: usualGlobals,
  list: 'model.layers.',
  layer: permutedLayer,
};
