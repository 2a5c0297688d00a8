/**
 * llama.cpp's "gpt2": matrices are stored [out, in], where transformers' Conv1D has [in, out].
 * Role: names, the turn, config. Source: convert_hf_to_gguf.py, GPT2Model.
 */
import type { Architecture, TensorName } from './architecture';

const turned = (name: string): TensorName => ({ name, transposed: true });

export const gpt2: Architecture = {
  id: 'gpt2',
  config: ({ metadata, sizes: { L, D, H }, usual }) => ({
    model_type: 'gpt2',
    architectures: ['GPT2LMHeadModel'],
    n_layer: L,
    n_embd: D,
    n_head: H,
    n_inner: usual.intermediate_size,
    n_positions: usual.max_position_embeddings,
    vocab_size: usual.vocab_size,
    layer_norm_epsilon: metadata.required('.attention.layer_norm_epsilon'),
    activation_function: 'gelu_new',
    tie_word_embeddings: usual.tie_word_embeddings,
  }),
  globals: {
    token_embd: 'transformer.wte',
    position_embd: 'transformer.wpe',
    output_norm: 'transformer.ln_f',
    output: 'lm_head',
  },
  list: 'transformer.h.',
  layer: {
    attn_norm: 'ln_1',
    attn_qkv: turned('attn.c_attn'),
    attn_output: turned('attn.c_proj'),
    ffn_norm: 'ln_2',
    ffn_up: turned('mlp.c_fc'),
    ffn_down: turned('mlp.c_proj'),
  },
};
