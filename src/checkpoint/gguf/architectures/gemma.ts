/**
 * llama.cpp's "gemma" and "gemma2": norm weights are stored with the 1 that transformers adds when it runs.
 * Role: names, the 1 taken away again, config. Source: convert_hf_to_gguf.py, GemmaModel and Gemma2Model.
 */
import type { Architecture, TensorName, TensorNames } from './architecture';
import { usualAttention, usualGlobals, usualMlp } from './llama';

const lessOne = (name: string): TensorName => ({ name, plus: -1 });

const globals: TensorNames = { ...usualGlobals, output_norm: lessOne('model.norm') };

/** llama.cpp knows the 27B model by its number of layers, and scales its scores by D / H (llama-model.cpp, GEMMA2). */
const layersOf27B = 46;

export const gemma: Architecture = {
  id: 'gemma',
  config: ({ usual }) => ({
    ...usual,
    model_type: 'gemma',
    architectures: ['GemmaForCausalLM'],
    hidden_activation: 'gelu_pytorch_tanh',
  }),
  globals,
  list: 'model.layers.',
  layer: {
    attn_norm: lessOne('input_layernorm'),
    ffn_norm: lessOne('post_attention_layernorm'),
    ...usualAttention,
    ...usualMlp,
  },
};

export const gemma2: Architecture = {
  id: 'gemma2',
  config: ({ usual, metadata, sizes: { L, D, H, K } }) => ({
    ...usual,
    model_type: 'gemma2',
    architectures: ['Gemma2ForCausalLM'],
    hidden_activation: 'gelu_pytorch_tanh',
    query_pre_attn_scalar: L === layersOf27B ? D / H : K,
    // Absent: llama.cpp's own defaults are those of the released models, as in transformers.
    attn_logit_softcapping: metadata.number('.attn_logit_softcapping') ?? 50,
    final_logit_softcapping: metadata.number('.final_logit_softcapping') ?? 30,
    sliding_window: metadata.number('.attention.sliding_window') ?? 4096,
  }),
  globals,
  list: 'model.layers.',
  layer: {
    attn_norm: lessOne('input_layernorm'),
    post_attention_norm: lessOne('post_attention_layernorm'),
    ffn_norm: lessOne('pre_feedforward_layernorm'),
    post_ffw_norm: lessOne('post_feedforward_layernorm'),
    ...usualAttention,
    ...usualMlp,
  },
};
