/**
 * llama.cpp's "qwen2" and "qwen3": rows as in transformers, biases or norms on queries and keys.
 * Role: names and config. Source: convert_hf_to_gguf.py, Qwen2Model and Qwen3Model.
 */
import type { Architecture } from './architecture';
import { usualAttention, usualGlobals, usualMlp, usualNorms } from './llama';

export const qwen2: Architecture = {
  id: 'qwen2',
  config: ({ usual }) => ({ ...usual, model_type: 'qwen2', architectures: ['Qwen2ForCausalLM'] }),
  globals: usualGlobals,
  list: 'model.layers.',
  layer: { ...usualNorms, ...usualAttention, ...usualMlp },
};

export const qwen3: Architecture = {
  id: 'qwen3',
  config: ({ usual }) => ({ ...usual, model_type: 'qwen3', architectures: ['Qwen3ForCausalLM'] }),
  globals: usualGlobals,
  list: 'model.layers.',
  layer: {
    ...usualNorms,
    ...usualAttention,
    attn_q_norm: 'self_attn.q_norm',
    attn_k_norm: 'self_attn.k_norm',
    ...usualMlp,
  },
};
