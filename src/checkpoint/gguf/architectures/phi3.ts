/**
 * llama.cpp's "phi3": fused matrices as in transformers; ffn_up holds gate and up.
 * Role: names and config. Source: convert_hf_to_gguf.py, Phi3MiniModel.
 */
import type { Architecture } from './architecture';
import { usualGlobals, usualNorms } from './llama';

export const phi3: Architecture = {
  id: 'phi3',
  config: ({ usual, metadata }) => {
    const trained = metadata.number('.rope.scaling.original_context_length');
    return {
      ...usual,
      model_type: 'phi3',
      architectures: ['Phi3ForCausalLM'],
      ...(trained !== null && { original_max_position_embeddings: trained }),
    };
  },
  globals: usualGlobals,
  list: 'model.layers.',
  layer: {
    ...usualNorms,
    attn_qkv: 'self_attn.qkv_proj',
    attn_output: 'self_attn.o_proj',
    ffn_up: 'mlp.gate_up_proj',
    ffn_down: 'mlp.down_proj',
  },
};
