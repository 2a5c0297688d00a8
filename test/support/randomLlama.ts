/**
 * A checkpoint of any shape with seeded random weights: Llama in BF16, without a tokenizer. For tests of size, where what the
 * weights say does not matter.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSafetensors, type TensorToWrite } from '../../src/checkpoint/safetensorsWriter';

/** Shape letters as everywhere: L layers, D hidden size, H query heads, G KV heads, K head size, F feed-forward, V vocabulary. */
export interface LlamaShape {
  L: number;
  D: number;
  H: number;
  G: number;
  K: number;
  F: number;
  V: number;
}

/** Rows of a matrix that are made at a time. */
const ROWS = 256;

/** Writes config.json and model.safetensors into an existing folder. */
export async function writeRandomLlama(folder: string, { L, D, H, G, K, F, V }: LlamaShape): Promise<void> {
  const config = {
    ...{ architectures: ['LlamaForCausalLM'], model_type: 'llama', dtype: 'bfloat16', hidden_act: 'silu' },
    ...{ num_hidden_layers: L, hidden_size: D, num_attention_heads: H, num_key_value_heads: G, head_dim: K },
    ...{ intermediate_size: F, vocab_size: V, rms_norm_eps: 1e-6, max_position_embeddings: 4096 },
    ...{ rope_parameters: { rope_type: 'default', rope_theta: 10000 }, tie_word_embeddings: true },
  };
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  const random = new Xorshift(7);
  const matrix = (name: string, rows: number, columns: number, deviation: number): TensorToWrite => ({
    name,
    dtype: 'BF16',
    shape: [rows, columns],
    chunks: () => pieces(rows, columns, () => random.normal() * deviation),
  });
  const ones = (name: string): TensorToWrite => ({
    name,
    dtype: 'BF16',
    shape: [D],
    chunks: () => pieces(1, D, () => 1),
  });
  const layers = Array.from({ length: L }, (_, layer): TensorToWrite[] => {
    const at = (name: string): string => `model.layers.${layer}.${name}.weight`;
    // Queries and keys large enough that heads look somewhere: small ones attend evenly, and every map is alike.
    return [
      ones(at('input_layernorm')),
      matrix(at('self_attn.q_proj'), H * K, D, 2.5 / Math.sqrt(D)),
      matrix(at('self_attn.k_proj'), G * K, D, 2.5 / Math.sqrt(D)),
      matrix(at('self_attn.v_proj'), G * K, D, 1 / Math.sqrt(D)),
      matrix(at('self_attn.o_proj'), D, H * K, 0.3 / Math.sqrt(H * K)),
      ones(at('post_attention_layernorm')),
      matrix(at('mlp.gate_proj'), F, D, 1 / Math.sqrt(D)),
      matrix(at('mlp.up_proj'), F, D, 1 / Math.sqrt(D)),
      matrix(at('mlp.down_proj'), D, F, 0.3 / Math.sqrt(F)),
    ];
  });
  await writeSafetensors(join(folder, 'model.safetensors'), [
    matrix('model.embed_tokens.weight', V, D, 1 / Math.sqrt(D)),
    ...layers.flat(),
    ones('model.norm.weight'),
  ]);
}

async function* pieces(rows: number, columns: number, next: () => number): AsyncIterable<Uint8Array> {
  for (let row = 0; row < rows; row += ROWS) {
    const count = Math.min(ROWS, rows - row) * columns;
    const values = Float32Array.from({ length: count }, next);
    // The upper half of a float32 is a BF16.
    yield new Uint8Array(Uint16Array.from(new Uint32Array(values.buffer), (bits) => bits >>> 16).buffer);
    await Promise.resolve();
  }
}

/** Marsaglia's xorshift on 32 bits: the same weights on every machine. */
class Xorshift {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** About normal, mean 0 and deviation 1: a sum of uniform numbers. */
  normal(): number {
    let sum = 0;
    for (let i = 0; i < 4; i++) sum += this.#uniform();
    return (sum - 2) * Math.sqrt(3);
  }

  #uniform(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) / 2 ** 32;
  }
}
