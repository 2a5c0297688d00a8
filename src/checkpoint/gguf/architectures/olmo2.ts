/**
 * llama.cpp's "olmo2": rows as in transformers, norms on what each half adds and on all queries and keys together.
 * Role: names and config. Source: convert_hf_to_gguf.py, Olmo2Model.
 */
import type { Architecture } from './architecture';
import { usualAttention, usualGlobals, usualMlp } from './llama';

export const olmo2: Architecture = {
  id: 'olmo2',
  config: ({ usual }) => ({ ...usual, model_type: 'olmo2', architectures: ['Olmo2ForCausalLM'] }),
  globals: usualGlobals,
  list: 'model.layers.',
  layer: {
    ...usualAttention,
    attn_q_norm: 'self_attn.q_norm',
    attn_k_norm: 'self_attn.k_norm',
    post_attention_norm: 'post_attention_layernorm',
    ...usualMlp,
    post_ffw_norm: 'post_feedforward_layernorm',
  },
};
