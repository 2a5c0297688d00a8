/**
 * llama.cpp's "gemma", "gemma2" and "gemma3": norm weights are stored with the 1 that transformers adds when it runs.
 * Role: names, the 1 taken away again, config. Source: convert_hf_to_gguf.py, GemmaModel, Gemma2Model and Gemma3Model.
 */
import type { Architecture, Sizes, TensorName, TensorNames } from './architecture';
import { usualAttention, usualGlobals, usualMlp } from './llama';

const lessOne = (name: string): TensorName => ({ name, plus: -1 });

const globals: TensorNames = { ...usualGlobals, output_norm: lessOne('model.norm') };

/** llama.cpp knows the 27B models by their number of layers, and scales their scores by D / H (llama-model.cpp, GEMMA2, GEMMA3). */
const layersOf27B: readonly number[] = [46, 62];

const queryScalar = ({ L, D, H, K }: Sizes): number => (layersOf27B.includes(L) ? D / H : K);

/** Norms before and on what each half adds. */
const sandwich: TensorNames = {
  attn_norm: lessOne('input_layernorm'),
  post_attention_norm: lessOne('post_attention_layernorm'),
  ffn_norm: lessOne('pre_feedforward_layernorm'),
  post_ffw_norm: lessOne('post_feedforward_layernorm'),
};

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
  config: ({ usual, metadata, sizes }) => ({
    ...usual,
    model_type: 'gemma2',
    architectures: ['Gemma2ForCausalLM'],
    hidden_activation: 'gelu_pytorch_tanh',
    query_pre_attn_scalar: queryScalar(sizes),
    // Absent: llama.cpp's own defaults are those of the released models, as in transformers.
    attn_logit_softcapping: metadata.number('.attn_logit_softcapping') ?? 50,
    final_logit_softcapping: metadata.number('.final_logit_softcapping') ?? 30,
    sliding_window: metadata.number('.attention.sliding_window') ?? 4096,
  }),
  globals,
  list: 'model.layers.',
  layer: { ...sandwich, ...usualAttention, ...usualMlp },
};

/** Windows on five layers of six, whose rotary base is not in every file: llama.cpp's defaults are the released models'. */
export const gemma3: Architecture = {
  id: 'gemma3',
  config: ({ usual, metadata, sizes }) => ({
    ...usual,
    model_type: 'gemma3_text',
    architectures: ['Gemma3ForCausalLM'],
    hidden_activation: 'gelu_pytorch_tanh',
    query_pre_attn_scalar: queryScalar(sizes),
    attn_logit_softcapping: null,
    final_logit_softcapping: metadata.number('.final_logit_softcapping'),
    rope_local_base_freq: metadata.number('.rope.freq_base_swa') ?? 10_000,
    sliding_window_pattern: 6,
  }),
  globals,
  list: 'model.layers.',
  layer: {
    ...sandwich,
    ...usualAttention,
    attn_q_norm: lessOne('self_attn.q_norm'),
    attn_k_norm: lessOne('self_attn.k_norm'),
    ...usualMlp,
  },
};
