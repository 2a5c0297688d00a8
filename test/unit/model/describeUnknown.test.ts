/** Models of families that are not known: what config and tensors tell of their heads, and why they do not run. */
import { describe, expect, it } from 'vitest';
import { describeUnknown, whatIsMissing } from '../../../src/model/describeUnknown';
import { summarise } from '../../../src/model/summary';
import { memoryCheckpoint } from './memoryCheckpoint';

type Shapes = Record<string, readonly number[]>;

/** The same tensors in each of some layers. */
function layers(list: string, indices: readonly number[], shapes: Shapes): Shapes {
  return Object.fromEntries(
    indices.flatMap((index) =>
      Object.entries(shapes).map(([name, shape]) => [`${list}.${index}.${name}.weight`, shape]),
    ),
  );
}

const attention = (H: number, G: number, K: number, D: number): Shapes => ({
  'self_attn.q_proj': [H * K, D],
  'self_attn.k_proj': [G * K, D],
  'self_attn.v_proj': [G * K, D],
  'self_attn.o_proj': [D, H * K],
});

/** Fields as configs of the Hub have them, with fewer layers. */
const cases = {
  deepseek_v3: {
    config: { model_type: 'deepseek_v3', num_hidden_layers: 2, hidden_size: 7168, num_attention_heads: 128, num_key_value_heads: 128, kv_lora_rank: 512, q_lora_rank: 1536, v_head_dim: 128, n_routed_experts: 256, vocab_size: 129280, intermediate_size: 18432 }, // prettier-ignore
    tensors: layers('model.layers', [0, 1], { 'self_attn.kv_a_proj_with_mqa': [576, 7168], 'self_attn.kv_b_proj': [32768, 512] }), // prettier-ignore
    expected: { L: 2, H: 128, G: 128, K: 128 },
    message: /latent attention.*kv_lora_rank.*experts \(n_routed_experts\)/,
  },
  mamba: {
    config: { model_type: 'mamba', num_hidden_layers: 3, hidden_size: 768, state_size: 16, vocab_size: 50280 },
    tensors: layers('backbone.layers', [0, 1, 2], { 'mixer.dt_proj': [1536, 48], 'mixer.in_proj': [3072, 768] }),
    expected: { L: 0, H: 0, G: 0, K: 0 },
    message: /state-space layers, which have no heads.*not told.*layers with attention, query heads/,
  },
  falcon_mamba: {
    config: {
      model_type: 'falcon_mamba',
      num_hidden_layers: 2,
      hidden_size: 4096,
      state_size: 16,
      time_step_rank: 256,
    },
    tensors: layers('backbone.layers', [0, 1], { 'mixer.x_proj': [288, 8192] }),
    expected: { L: 0, H: 0, G: 0 },
    message: /state-space/,
  },
  jamba: {
    config: { model_type: 'jamba', num_hidden_layers: 8, hidden_size: 4096, num_attention_heads: 32, num_key_value_heads: 8, mamba_d_state: 16, num_experts: 16 }, // prettier-ignore
    tensors: {
      ...layers('model.layers', [4], attention(32, 8, 128, 4096)),
      ...layers('model.layers', [0, 1, 2, 3, 5, 6, 7], { 'mamba.x_proj': [288, 8192] }),
    },
    expected: { L: 1, H: 32, G: 8, K: 128 },
    message: /state-space.*experts.*32 query heads on 8 KV heads of size 128/,
  },
  whisper: {
    config: { model_type: 'whisper', d_model: 384, encoder_layers: 2, decoder_layers: 2, encoder_attention_heads: 6, decoder_attention_heads: 6, num_hidden_layers: 2, num_mel_bins: 80, vocab_size: 51865 }, // prettier-ignore
    tensors: {
      ...layers('model.encoder.layers', [0, 1], attention(6, 6, 64, 384)),
      ...layers('model.decoder.layers', [0, 1], attention(6, 6, 64, 384)),
      ...layers('model.decoder.layers', [0, 1], { 'encoder_attn.q_proj': [384, 384], 'encoder_attn.k_proj': [384, 384] }), // prettier-ignore
    },
    expected: { L: 6, H: 6, G: 6, K: 64 },
    message: /hears sound.*an encoder and a decoder/,
  },
  qwen3_moe: {
    config: { model_type: 'qwen3_moe', num_hidden_layers: 1, hidden_size: 2048, num_attention_heads: 32, num_key_value_heads: 4, head_dim: 128, num_experts: 128 }, // prettier-ignore
    tensors: layers('model.layers', [0], attention(32, 4, 128, 2048)),
    expected: { L: 1, H: 32, G: 4, K: 128 },
    message: /experts \(num_experts\).*32 query heads on 4 KV heads/,
  },
  llama4: {
    config: { model_type: 'llama4', text_config: { model_type: 'llama4_text', num_hidden_layers: 1, hidden_size: 5120, num_attention_heads: 40, num_key_value_heads: 8, head_dim: 128, num_local_experts: 16 } }, // prettier-ignore
    tensors: {
      ...layers('language_model.model.layers', [0], attention(40, 8, 128, 5120)),
      ...layers('vision_model.model.layers', [0, 1], attention(16, 16, 88, 1408)),
    },
    expected: { L: 1, H: 40, G: 8, K: 128 },
    message: /type "llama4".*experts/,
  },
  glm4: {
    config: { model_type: 'glm4', num_hidden_layers: 1, hidden_size: 4096, num_attention_heads: 32, num_key_value_heads: 2, head_dim: 128 }, // prettier-ignore
    tensors: layers('model.layers', [0], attention(32, 2, 128, 4096)),
    expected: { L: 1, H: 32, G: 2, K: 128 },
    message: /type "glm4" cannot be run yet; known: 32 query heads on 2 KV heads of size 128/,
  },
} as const;

describe.each(Object.entries(cases))('%s', (_, { config, tensors, expected, message }) => {
  it('shows its heads and says what is missing', () => {
    const checkpoint = memoryCheckpoint(null, tensors, config);
    const summary = summarise(checkpoint, null, { modelId: 'm', hasTokenizer: false, notRunnable: null });
    expect(summary).toMatchObject(expected);
    expect(summary.layers).toHaveLength(expected.L);
    // What latent attention keeps is no matter of heads.
    expect(summary.kvCacheBytesPerToken > 0).toBe(expected.H > 0 && config.model_type !== 'deepseek_v3');
    expect(summary.notRunnable).toMatch(message);
    expect(summary.notRunnable).toMatch(/known: Llama, .*BERT.*ARCHITECTURE\.md/);
  });
});

describe('tensors', () => {
  const shapes = layers('model.layers', [0, 1], attention(8, 2, 16, 64));
  it('tell the heads that the config does not', () => {
    const unknown = (config: object) => describeUnknown(memoryCheckpoint(null, shapes, { model_type: 'martian', ...config })); // prettier-ignore
    expect(unknown({ head_dim: 16 })).toMatchObject({ H: 8, G: 2, K: 16 });
    expect(unknown({ num_attention_heads: 8 })).toMatchObject({ H: 8, G: 2, K: 16 });
    expect(unknown({})).toMatchObject({ H: null, G: null, K: null });
    expect(unknown({ num_attention_heads: 7 })).toMatchObject({ H: 7, G: 7, K: null });
    expect(unknown({}).layers.map(({ title }) => title)).toEqual(['layer 0', 'layer 1']);
  });
  it('tell the attentions of both stacks', () => {
    const { config, tensors } = cases.whisper;
    expect(describeUnknown(memoryCheckpoint(null, tensors, config)).layers.map(({ name, attention: sees }) => [name, sees])).toEqual([
      ...[['encoder.0', 'full'], ['encoder.1', 'full']],
      ...[['decoder.0', 'causal'], ['cross.0', 'cross'], ['decoder.1', 'causal'], ['cross.1', 'cross']],
    ]); // prettier-ignore
  });
  it('that are those of a family are told as such, and do not run for that', async () => {
    const { openCheckpoint } = await import('../../../src/checkpoint/openCheckpoint');
    const base = await openCheckpoint('test/fixtures/llama-gqa');
    const martian = memoryCheckpoint(base, {}, { ...base.config, model_type: 'martian' });
    await base.close();
    expect(whatIsMissing(martian).message).toMatch(
      /its tensors are those of Llama, .*whether it computes the same is not known/,
    );
  });
  it('alone say that the config is missing', () => {
    expect(whatIsMissing(memoryCheckpoint(null, shapes, {})).message).toMatch(/no config\.json.*Put the config\.json/);
  });
});
