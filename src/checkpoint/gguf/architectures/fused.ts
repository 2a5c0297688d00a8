/**
 * llama.cpp's "gptneox", "bloom" and "falcon": fused Q, K and V, one after the other in the file, head by head or group by
 * group in transformers.
 * Role: names, the order of rows, config. Source: convert_hf_to_gguf.py, GPTNeoXModel, BloomModel and FalconModel.
 */
import { oneAfterTheOther } from '../rowOrder';
import type { Architecture, Described, Sizes, TensorName, TensorNames } from './architecture';

const byHead = ({ H, K }: Sizes): ReturnType<typeof oneAfterTheOther> => oneAfterTheOther(H, [K, K, K]);

const byGroup = ({ H, G, K }: Sizes): ReturnType<typeof oneAfterTheOther> => oneAfterTheOther(G, [(H / G) * K, K, K]);

/** The norm and the matrices that the three have in common. */
const block = (attention: string, rows: TensorName['rows']): TensorNames => ({
  attn_norm: 'input_layernorm',
  attn_qkv: { name: `${attention}.query_key_value`, ...(rows && { rows }) },
  attn_output: `${attention}.dense`,
  ffn_up: 'mlp.dense_h_to_4h',
  ffn_down: 'mlp.dense_4h_to_h',
});

const epsilon = ({ metadata }: Described): number => metadata.required('.attention.layer_norm_epsilon');

export const gptNeox: Architecture = {
  id: 'gptneox',
  config: (described) => ({
    ...described.usual,
    model_type: 'gpt_neox',
    architectures: ['GPTNeoXForCausalLM'],
    layer_norm_eps: epsilon(described),
    hidden_act: 'gelu',
    rotary_pct: (described.metadata.number('.rope.dimension_count') ?? described.sizes.K) / described.sizes.K,
    use_parallel_residual: described.metadata.flag('.use_parallel_residual') ?? true,
  }),
  globals: { token_embd: 'gpt_neox.embed_in', output_norm: 'gpt_neox.final_layer_norm', output: 'embed_out' },
  list: 'gpt_neox.layers.',
  layer: { ...block('attention', byHead), ffn_norm: 'post_attention_layernorm' },
};

export const bloom: Architecture = {
  id: 'bloom',
  config: (described) => ({
    model_type: 'bloom',
    architectures: ['BloomForCausalLM'],
    hidden_size: described.sizes.D,
    n_layer: described.sizes.L,
    n_head: described.sizes.H,
    vocab_size: described.usual.vocab_size,
    layer_norm_epsilon: epsilon(described),
    tie_word_embeddings: described.usual.tie_word_embeddings,
  }),
  globals: {
    token_embd: 'transformer.word_embeddings',
    token_embd_norm: 'transformer.word_embeddings_layernorm',
    output_norm: 'transformer.ln_f',
    output: 'lm_head',
  },
  list: 'transformer.h.',
  layer: { ...block('self_attention', byHead), ffn_norm: 'post_attention_layernorm' },
};

/** Falcon 40B has a norm for each half: attention's is attn_norm_2. */
const hasTwoNorms = ({ names }: Described): boolean => names.has('blk.0.attn_norm_2.weight');

export const falcon: Architecture = {
  id: 'falcon',
  config: (described) => {
    const isNew = hasTwoNorms(described) || described.sizes.G > 1;
    return {
      ...described.usual,
      model_type: 'falcon',
      architectures: ['FalconForCausalLM'],
      num_kv_heads: described.sizes.G,
      ffn_hidden_size: described.usual.intermediate_size,
      layer_norm_epsilon: epsilon(described),
      activation: 'gelu',
      alibi: false,
      bias: false,
      parallel_attn: true,
      multi_query: described.sizes.G === 1,
      new_decoder_architecture: isNew,
      ...(isNew && { num_ln_in_parallel_attn: hasTwoNorms(described) ? 2 : 1 }),
    };
  },
  globals: { token_embd: 'transformer.word_embeddings', output_norm: 'transformer.ln_f', output: 'lm_head' },
  list: 'transformer.h.',
  layer: (described) => ({
    ...block('self_attention', byGroup),
    ...(hasTwoNorms(described) && { attn_norm: 'ln_mlp', attn_norm_2: 'ln_attn' }),
  }),
};
