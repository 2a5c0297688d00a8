/**
 * Fixtures written as GGUF, as llama.cpp's convert_hf_to_gguf.py would: its names, its orders of rows, its metadata.
 * Written apart from the reader, in terms of the script's reshapes, so that the two can disagree.
 */
import type { Checkpoint } from '../../../src/checkpoint/checkpoint';
import { isObject, type JsonObject } from '../../../src/checkpoint/json';
import { float32Tensor, ggufBytes, pairsOf, type TensorOfFile } from './writer';

interface Matrix {
  shape: readonly number[];
  values: Float32Array;
}

type Change = (matrix: Matrix) => Matrix;

/** Rows in a new order. @param order the old row of each new one */
function rows({ shape, values }: Matrix, order: readonly number[]): Matrix {
  const columns = values.length / order.length;
  const out = new Float32Array(values.length);
  for (const [row, old] of order.entries()) out.set(values.subarray(old * columns, (old + 1) * columns), row * columns);
  return { shape, values: out };
}

/** LlamaModel.permute: reshape(heads, 2, K / 2, …).swapaxes(1, 2). */
const permute =
  (heads: number): Change =>
  (matrix) => {
    const K = (matrix.shape[0] ?? 0) / heads;
    const order: number[] = [];
    for (let head = 0; head < heads; head++) {
      for (let j = 0; j < K / 2; j++) for (let half = 0; half < 2; half++) order.push(head * K + half * (K / 2) + j);
    }
    return rows(matrix, order);
  };

/** GPTNeoXModel, BloomModel, FalconModel: view(units, …), then all of each part, one part after the other. */
const unfuse =
  (units: number, parts: readonly number[]): Change =>
  (matrix) => {
    const unitRows = parts.reduce((sum, part) => sum + part, 0);
    const order: number[] = [];
    let offset = 0;
    for (const part of parts) {
      for (let unit = 0; unit < units; unit++) for (let i = 0; i < part; i++) order.push(unit * unitRows + offset + i);
      offset += part;
    }
    return rows(matrix, order);
  };

const transpose: Change = ({ shape, values }) => {
  const [height = 1, width = 1] = shape;
  const out = values.map((_, at) => values[(at % height) * width + Math.floor(at / height)] ?? NaN);
  return { shape: [width, height], values: out };
};

const addOne: Change = ({ shape, values }) => ({ shape, values: values.map((value) => value + 1) });

interface Script {
  /** Metadata under the architecture's own keys, and without it under whole ones. */
  metadata: Record<string, unknown>;
  /** Hugging Face name without ".weight" or ".bias", as an expression whose first group is the layer; llama.cpp's name. */
  names: readonly [expression: RegExp, name: string, change?: Change | undefined][];
}

const sizesOf = (config: JsonObject): Record<string, unknown> => ({
  block_count: config.num_hidden_layers ?? config.n_layer,
  context_length: config.max_position_embeddings ?? config.n_positions,
  embedding_length: config.hidden_size ?? config.n_embd,
  feed_forward_length: config.intermediate_size,
  'attention.head_count': config.num_attention_heads ?? config.n_head,
  'attention.head_count_kv': config.num_key_value_heads,
  'attention.key_length': config.head_dim,
  'attention.layer_norm_rms_epsilon': config.rms_norm_eps,
  'rope.freq_base': isObject(config.rope_parameters) ? config.rope_parameters.rope_theta : null,
});

const layer = (name: string): RegExp => new RegExp(`^model\\.layers\\.(\\d+)\\.${name}$`);
const block = (name: string): RegExp => new RegExp(`^(?:transformer\\.h|gpt_neox\\.layers)\\.(\\d+)\\.${name}$`);

const globals: Script['names'] = [
  [/^(?:model\.embed_tokens|transformer\.wte|transformer\.word_embeddings|gpt_neox\.embed_in)$/, 'token_embd'],
  [/^transformer\.wpe$/, 'position_embd'],
  [/^transformer\.word_embeddings_layernorm$/, 'token_embd_norm'],
  [/^(?:model\.norm|transformer\.ln_f|gpt_neox\.final_layer_norm)$/, 'output_norm'],
  [/^(?:lm_head|embed_out)$/, 'output'],
];

const llamaNames = (q?: Change, k?: Change): Script['names'] => [
  [layer('input_layernorm'), 'blk.#.attn_norm'],
  [layer('post_attention_layernorm'), 'blk.#.ffn_norm'],
  [layer('self_attn\\.q_proj'), 'blk.#.attn_q', q],
  [layer('self_attn\\.k_proj'), 'blk.#.attn_k', k],
  [layer('self_attn\\.v_proj'), 'blk.#.attn_v'],
  [layer('self_attn\\.o_proj'), 'blk.#.attn_output'],
  [layer('self_attn\\.q_norm'), 'blk.#.attn_q_norm'],
  [layer('self_attn\\.k_norm'), 'blk.#.attn_k_norm'],
  [layer('self_attn\\.qkv_proj'), 'blk.#.attn_qkv'],
  [layer('mlp\\.gate_proj'), 'blk.#.ffn_gate'],
  [layer('mlp\\.(?:up_proj|gate_up_proj|c_fc)'), 'blk.#.ffn_up'],
  [layer('mlp\\.(?:down_proj|c_proj)'), 'blk.#.ffn_down'],
  [layer('block_sparse_moe\\.gate'), 'blk.#.ffn_gate_inp'],
];

const fusedNames = (units: number, parts: readonly number[]): Script['names'] => [
  [block('input_layernorm'), 'blk.#.attn_norm'],
  [block('ln_mlp'), 'blk.#.attn_norm'],
  [block('ln_attn'), 'blk.#.attn_norm_2'],
  [block('post_attention_layernorm'), 'blk.#.ffn_norm'],
  [block('(?:self_)?attention\\.query_key_value'), 'blk.#.attn_qkv', unfuse(units, parts)],
  [block('(?:self_)?attention\\.dense'), 'blk.#.attn_output'],
  [block('mlp\\.dense_h_to_4h'), 'blk.#.ffn_up'],
  [block('mlp\\.dense_4h_to_h'), 'blk.#.ffn_down'],
];

const scripts: Record<string, (config: JsonObject) => Script> = {
  llama: (config) => ({
    metadata: sizesOf(config),
    names: permutedNames(config),
  }),
  mixtral: (config) => ({
    metadata: {
      ...sizesOf(config),
      expert_count: config.num_local_experts,
      expert_used_count: config.num_experts_per_tok,
    },
    names: permutedNames(config),
  }),
  qwen2: (config) => ({ metadata: sizesOf(config), names: llamaNames() }),
  qwen3: (config) => ({ metadata: sizesOf(config), names: llamaNames() }),
  gemma: (config) => ({ metadata: sizesOf(config), names: withNorms(addOne) }),
  gemma2: (config) => ({
    metadata: {
      ...sizesOf(config),
      attn_logit_softcapping: config.attn_logit_softcapping,
      final_logit_softcapping: config.final_logit_softcapping,
      'attention.sliding_window': config.sliding_window,
    },
    names: [...sandwich(addOne), ...withNorms(addOne)],
  }),
  gemma3_text: (config) => ({
    metadata: { ...sizesOf(config), 'rope.freq_base': 1e6, 'attention.sliding_window': config.sliding_window },
    names: [
      [layer('self_attn\\.q_norm'), 'blk.#.attn_q_norm', addOne],
      [layer('self_attn\\.k_norm'), 'blk.#.attn_k_norm', addOne],
      ...sandwich(addOne),
      ...withNorms(addOne),
    ],
  }),
  granite: (config) => ({
    metadata: {
      ...sizesOf(config),
      'attention.scale': config.attention_multiplier,
      embedding_scale: config.embedding_multiplier,
      residual_scale: config.residual_multiplier,
      logit_scale: config.logits_scaling,
    },
    names: permutedNames(config),
  }),
  smollm3: (config) => ({ metadata: sizesOf(config), names: permutedNames(config) }),
  olmo2: (config) => ({ metadata: sizesOf(config), names: [...sandwich(), ...llamaNames()] }),
  cohere: (config) => ({
    metadata: {
      ...sizesOf(config),
      'attention.layer_norm_epsilon': config.layer_norm_eps,
      logit_scale: config.logit_scale,
    },
    names: llamaNames(),
  }),
  phi3: (config) => ({
    metadata: {
      ...sizesOf(config),
      'rope.dimension_count': 8,
      'rope.scaling.original_context_length': config.original_max_position_embeddings,
    },
    names: llamaNames(),
  }),
  starcoder2: (config) => ({
    metadata: { ...sizesOf(config), 'attention.layer_norm_epsilon': config.norm_epsilon },
    names: llamaNames(),
  }),
  gpt2: (config) => ({
    metadata: {
      ...sizesOf(config),
      feed_forward_length: 4 * Number(config.n_embd),
      'attention.layer_norm_epsilon': config.layer_norm_epsilon,
    },
    names: [
      [block('ln_1'), 'blk.#.attn_norm'],
      [block('ln_2'), 'blk.#.ffn_norm'],
      [block('attn\\.c_attn'), 'blk.#.attn_qkv', transpose],
      [block('attn\\.c_proj'), 'blk.#.attn_output', transpose],
      [block('mlp\\.c_fc'), 'blk.#.ffn_up', transpose],
      [block('mlp\\.c_proj'), 'blk.#.ffn_down', transpose],
    ],
  }),
  gpt_neox: (config) => ({
    metadata: {
      ...sizesOf(config),
      'rope.dimension_count': 4,
      use_parallel_residual: config.use_parallel_residual,
      'attention.layer_norm_epsilon': config.layer_norm_eps,
    },
    names: fusedNames(8, [8, 8, 8]),
  }),
  bloom: (config) => ({
    metadata: {
      ...sizesOf(config),
      context_length: 64,
      feed_forward_length: 256,
      'attention.head_count_kv': 8,
      'attention.layer_norm_epsilon': config.layer_norm_epsilon,
    },
    names: fusedNames(8, [8, 8, 8]),
  }),
  falcon: (config) => {
    const G = config.new_decoder_architecture === true ? Number(config.num_kv_heads) : 1;
    return {
      metadata: {
        ...sizesOf(config),
        tensor_data_layout: 'jploski',
        feed_forward_length: 256,
        'attention.head_count_kv': G,
        'attention.layer_norm_epsilon': config.layer_norm_epsilon,
      },
      names: fusedNames(G, [64 / G, 8, 8]),
    };
  },
};

function permutedNames(config: JsonObject): Script['names'] {
  return llamaNames(permute(Number(config.num_attention_heads)), permute(Number(config.num_key_value_heads)));
}

function sandwich(change?: Change): Script['names'] {
  return [
    [layer('post_attention_layernorm'), 'blk.#.post_attention_norm', change],
    [layer('pre_feedforward_layernorm'), 'blk.#.ffn_norm', change],
    [layer('post_feedforward_layernorm'), 'blk.#.post_ffw_norm', change],
  ];
}

function withNorms(change: Change): Script['names'] {
  return [
    [/^model\.norm$/, 'output_norm', change],
    [layer('input_layernorm'), 'blk.#.attn_norm', change],
    [layer('post_attention_layernorm'), 'blk.#.ffn_norm', change],
    ...llamaNames(),
  ];
}

/** What llama.cpp calls the architecture. */
const architectureNames: Record<string, string> = {
  mixtral: 'llama',
  gpt_neox: 'gptneox',
  gemma3_text: 'gemma3',
  cohere: 'command-r',
};

export interface ConvertOptions {
  version?: number;
  /** Under whole keys. */
  metadata?: Readonly<Record<string, unknown>>;
  tensors?: readonly TensorOfFile[];
  /** A tensor for each expert, as converters wrote them before April 2024. */
  eachExpert?: boolean;
}

/** The file's bytes. @throws Error when a tensor has no place in the script */
export async function convertToGguf(checkpoint: Checkpoint, options: ConvertOptions = {}): Promise<Uint8Array> {
  const { config } = checkpoint;
  const type = String(config.model_type);
  const script = scripts[type]?.(config);
  if (!script) throw new Error(`no script for ${type}`);
  const architecture = architectureNames[type] ?? type;
  const tensors: TensorOfFile[] = [];
  const stacks = new Map<string, { shape: readonly number[]; parts: Float32Array[] }>();
  for (const { name, shape } of checkpoint.tensors.values()) {
    const values = await checkpoint.readFloat32(name);
    const expert = /^model\.layers\.(\d+)\.block_sparse_moe\.experts\.(\d+)\.(w[123])\.weight$/.exec(name);
    if (expert) {
      const [, at = '', number = '', matrix = ''] = expert;
      const ours = `blk.${at}.ffn_${{ w1: 'gate', w2: 'down', w3: 'up' }[matrix] ?? ''}`;
      if (options.eachExpert) {
        tensors.push(float32Tensor(`${ours}.${number}.weight`, shape, values));
        continue;
      }
      const stacked = `${ours}_exps.weight`;
      const stack = stacks.get(stacked) ?? { shape, parts: [] };
      stack.parts[Number(number)] = values;
      stacks.set(stacked, stack);
      continue;
    }
    if (/\.attn\.(?:masked_)?bias$/.test(name)) continue;
    const [, base = '', kind = ''] = /^(.*)\.(weight|bias)$/.exec(name) ?? [];
    const found = [...script.names, ...globals].find(([expression]) => expression.test(base));
    if (!found) throw new Error(`no name for ${name}`);
    const [expression, target, change] = found;
    // Conv1D's biases have nothing to be turned.
    const changed =
      change && !(change === transpose && kind === 'bias') ? change({ shape, values }) : { shape, values };
    const number = expression.exec(base)?.[1] ?? '';
    tensors.push(float32Tensor(`${target.replace('#', number)}.${kind}`, changed.shape, changed.values));
  }
  for (const [name, { shape, parts }] of stacks) {
    const values = Float32Array.from(parts.flatMap((part) => [...part]));
    tensors.push(float32Tensor(name, [parts.length, ...shape], values));
  }
  const own = Object.entries(script.metadata).map(([key, value]) => [`${architecture}.${key}`, value] as const);
  const pairs = pairsOf({
    'general.architecture': architecture,
    ...Object.fromEntries(own),
    'tokenizer.ggml.model': 'none',
    ...options.metadata,
  });
  return ggufBytes({ version: options.version ?? 3, pairs, tensors: [...tensors, ...(options.tensors ?? [])] });
}
