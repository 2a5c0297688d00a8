/**
 * llama.cpp's "command-r": Cohere's models, whose rotary planes are neighbours in transformers too.
 * Role: names and config. Source: convert_hf_to_gguf.py, CommandR2Model.
 */
import type { Architecture } from './architecture';
import { usualAttention, usualGlobals, usualMlp } from './llama';

export const commandR: Architecture = {
  id: 'command-r',
  config: ({ usual, metadata, names }) => ({
    ...usual,
    model_type: 'cohere',
    architectures: ['CohereForCausalLM'],
    layer_norm_eps: metadata.required('.attention.layer_norm_epsilon'),
    logit_scale: metadata.number('.logit_scale') ?? 0.0625,
    use_qk_norm: names.has('blk.0.attn_q_norm.weight'),
  }),
  globals: usualGlobals,
  list: 'model.layers.',
  layer: {
    attn_norm: 'input_layernorm',
    ...usualAttention,
    attn_q_norm: 'self_attn.q_norm',
    attn_k_norm: 'self_attn.k_norm',
    ...usualMlp,
  },
};
