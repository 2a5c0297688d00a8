/**
 * llama.cpp's "starcoder2": rows as in transformers, a plain MLP, biases everywhere.
 * Role: names and config. Source: convert_hf_to_gguf.py, StarCoder2Model.
 */
import type { Architecture } from './architecture';
import { usualAttention, usualGlobals, usualNorms } from './llama';

export const starcoder2: Architecture = {
  id: 'starcoder2',
  config: ({ usual, metadata }) => ({
    ...usual,
    model_type: 'starcoder2',
    architectures: ['Starcoder2ForCausalLM'],
    norm_epsilon: metadata.required('.attention.layer_norm_epsilon'),
    hidden_act: 'gelu_pytorch_tanh',
    use_bias: true,
  }),
  globals: usualGlobals,
  list: 'model.layers.',
  layer: { ...usualNorms, ...usualAttention, ffn_up: 'mlp.c_fc', ffn_down: 'mlp.c_proj' },
};
