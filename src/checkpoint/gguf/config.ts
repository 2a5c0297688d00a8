/**
 * What config.json would say, from the metadata of a GGUF file, in the spelling that transformers 4 and 5 both read.
 * Role: sizes and settings that architectures share. What an architecture has of its own is in architectures/.
 */
import type { TensorInfo } from '../checkpoint';
import type { JsonObject } from '../json';
import type { Sizes } from './architectures/architecture';
import { invalidGguf } from './headerBytes';
import type { Metadata } from './metadata';

/** Tensors that hold settings of the rotary embedding, and what they are called there. */
export const rotaryTensors = {
  rope_freqs: 'rope_freqs.weight',
  short: 'rope_factors_short.weight',
  long: 'rope_factors_long.weight',
} as const;

/** Their numbers, where the file has them: each plane's wavelength is multiplied by its own. */
export type RotaryFactors = Partial<Record<keyof typeof rotaryTensors, readonly number[]>>;

/** Reads the sizes that layouts depend on. @throws GqaLensError naming the key */
export function readSizes(metadata: Metadata): Sizes {
  const size = (key: string, value: number): number => {
    if (Number.isInteger(value) && value > 0 && value < 2 ** 31) return value;
    throw invalidGguf('The metadata is not usable', {
      file: metadata.file,
      expected: `${metadata.architecture}${key} as a whole number above 0`,
      found: String(value),
    });
  };
  const L = size('.block_count', metadata.required('.block_count'));
  const D = size('.embedding_length', metadata.required('.embedding_length'));
  const H = size('.attention.head_count', metadata.required('.attention.head_count'));
  const G = size('.attention.head_count_kv', metadata.number('.attention.head_count_kv') ?? H);
  const K = size('.attention.key_length', metadata.number('.attention.key_length') ?? D / H);
  if (H % G === 0) return { L, D, H, G, K };
  throw invalidGguf('The metadata is not usable', {
    file: metadata.file,
    expected: `${metadata.architecture}.attention.head_count_kv as a divisor of the ${H} query heads`,
    found: String(G),
  });
}

/** Fields that most families have. Those that the file does not tell are left out. */
export function usualConfig(
  metadata: Metadata,
  tensors: ReadonlyMap<string, TensorInfo>,
  factors: RotaryFactors,
): JsonObject {
  const fields: Record<string, unknown> = {
    hidden_size: metadata.number('.embedding_length'),
    num_hidden_layers: metadata.number('.block_count'),
    num_attention_heads: metadata.number('.attention.head_count'),
    num_key_value_heads: metadata.number('.attention.head_count_kv'),
    head_dim: metadata.number('.attention.key_length'),
    intermediate_size: metadata.number('.feed_forward_length'),
    vocab_size: tensors.get('token_embd.weight')?.shape[0] ?? metadata.number('.vocab_size'),
    max_position_embeddings: metadata.number('.context_length'),
    rms_norm_eps: metadata.number('.attention.layer_norm_rms_epsilon'),
    sliding_window: window(metadata),
    tie_word_embeddings: !tensors.has('output.weight'),
    ...rotaryFields(metadata, factors),
    ...endTokens(metadata),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

/** Converters write 0 for a Phi-3 without a window. */
function window(metadata: Metadata): number | null {
  const size = metadata.number('.attention.sliding_window');
  return size === 0 ? null : size;
}

/** Ids of the tokens that begin and end a text; a turn's end (eot) ends it as well. */
function endTokens(metadata: Metadata): JsonObject {
  const end = metadata.number('tokenizer.ggml.eos_token_id');
  const turn = metadata.number('tokenizer.ggml.eot_token_id');
  const ends = [end, turn].filter((id, place, ids) => id !== null && ids.indexOf(id) === place);
  return {
    bos_token_id: metadata.number('tokenizer.ggml.bos_token_id'),
    eos_token_id: ends.length > 1 ? ends : (ends[0] ?? null),
  };
}

function rotaryFields(metadata: Metadata, factors: RotaryFactors): JsonObject {
  const K = metadata.number('.attention.key_length') ?? headSize(metadata);
  const turning = metadata.number('.rope.dimension_count');
  return {
    rope_theta: metadata.number('.rope.freq_base'),
    partial_rotary_factor: turning !== null && K !== null && turning !== K ? turning / K : null,
    rope_scaling: rotaryScaling(metadata, factors),
  };
}

function headSize(metadata: Metadata): number | null {
  const [D, H] = [metadata.number('.embedding_length'), metadata.number('.attention.head_count')];
  return D === null || H === null ? null : D / H;
}

/**
 * The scaling in transformers' terms. A list of factors that llama.cpp always divides frequencies by (rope_freqs: Llama 3) is
 * longrope whose short and long factors are the same.
 */
function rotaryScaling(metadata: Metadata, { rope_freqs: always, short, long }: RotaryFactors): JsonObject | null {
  const number = (key: string): number | null => metadata.number(`.rope.scaling.${key}`);
  const trained = number('original_context_length');
  if (always) {
    return {
      rope_type: 'longrope',
      short_factor: always,
      long_factor: always,
      factor: 1,
      attention_factor: 1,
      original_max_position_embeddings: metadata.number('.context_length'),
    };
  }
  if (short && long) {
    const scale = number('attn_factor');
    return {
      rope_type: 'longrope',
      short_factor: short,
      long_factor: long,
      ...(scale !== null && { attention_factor: scale }),
      ...(trained !== null && { original_max_position_embeddings: trained }),
    };
  }
  const factor = number('factor') ?? metadata.number('.rope.scale_linear');
  const type = metadata.text('.rope.scaling.type') ?? (factor === null ? 'none' : 'linear');
  if (type === 'none' || (type === 'linear' && (factor ?? 1) === 1)) return null;
  const optional = { beta_fast: number('yarn_beta_fast'), beta_slow: number('yarn_beta_slow') };
  return {
    rope_type: type,
    ...(factor !== null && { factor }),
    ...(trained !== null && { original_max_position_embeddings: trained }),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== null)),
  };
}
