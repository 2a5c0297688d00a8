/**
 * llama.cpp's "llama": Llama, Mistral and, with experts, Mixtral.
 * Role: names, row order of queries and keys, config. Source: convert_hf_to_gguf.py, LlamaModel.
 */
import type { JsonObject } from '../../json';
import { neighbouringPlanes } from '../rowOrder';
import type { Architecture, Described, Sizes, TensorNames } from './architecture';

/** Names outside of layers that most decoders have. */
export const usualGlobals: TensorNames = {
  token_embd: 'model.embed_tokens',
  output_norm: 'model.norm',
  output: 'lm_head',
};

export const usualAttention = {
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
};

export const usualMlp = { ffn_gate: 'mlp.gate_proj', ffn_up: 'mlp.up_proj', ffn_down: 'mlp.down_proj' };

export const usualNorms = { attn_norm: 'input_layernorm', ffn_norm: 'post_attention_layernorm' };

const planes = ({ K }: Sizes): ReturnType<typeof neighbouringPlanes> => neighbouringPlanes(K);

/** A layer whose queries and keys lie as in Llama. */
export const permutedLayer: TensorNames = {
  ...usualNorms,
  ...usualAttention,
  attn_q: { name: 'self_attn.q_proj', rows: planes },
  attn_k: { name: 'self_attn.k_proj', rows: planes },
  ...usualMlp,
};

/** Four times what any model has. */
const mostExperts = 4096;

const experts = { ffn_gate: 'w1', ffn_up: 'w3', ffn_down: 'w2' };

export const llama: Architecture = {
  id: 'llama',
  config: (described) => ({
    ...described.usual,
    ...(expertCount(described) === 0
      ? { model_type: 'llama', architectures: ['LlamaForCausalLM'] }
      : { model_type: 'mixtral', architectures: ['MixtralForCausalLM'], ...expertFields(described) }),
  }),
  globals: usualGlobals,
  list: 'model.layers.',
  layer: (described) => {
    const count = expertCount(described);
    return count === 0 ? permutedLayer : { ...permutedLayer, ...mixture(count) };
  },
};

function expertCount({ metadata }: Described): number {
  return metadata.count('.expert_count', mostExperts);
}

function expertFields({ metadata }: Described): JsonObject {
  return {
    num_local_experts: metadata.required('.expert_count'),
    num_experts_per_tok: metadata.required('.expert_used_count'),
  };
}

/** Experts lie in one tensor (ffn_gate_exps), or in files of the first months each in its own (ffn_gate.3). */
function mixture(count: number): TensorNames {
  const names: Record<string, TensorNames[string]> = { ffn_gate_inp: 'block_sparse_moe.gate' };
  for (const [ours, theirs] of Object.entries(experts)) {
    names[`${ours}_exps`] = { name: `block_sparse_moe.experts.#.${theirs}`, stacked: true };
    for (let expert = 0; expert < count; expert++) {
      names[`${ours}.${expert}`] = `block_sparse_moe.experts.${expert}.${theirs}`;
    }
  }
  return names;
}
