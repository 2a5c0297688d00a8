/** Configs of families: what fields mean, in either spelling, what may be left out, and what is refused. */
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoint/checkpoint';
import { resolveModel } from '../../../src/model/resolve';
import { isObject } from '../../../src/checkpoint/json';
import { decoderFixtures } from '../../support/fixtures';
import { memoryCheckpoint } from './memoryCheckpoint';
import { useAltered } from './useFixtures';

const { fixture, altered } = useAltered();

describe('configs', () => {
  it.each([...decoderFixtures, 't5', 't5-v1_1'])(
    'of %s mean the same in the spelling of transformers 4',
    async (name) => {
      const { config } = await fixture(name);
      expect(await altered(name, oldSpelling(config))).toEqual(await altered(name, {}));
    },
  );

  it('of layers with windows have their own frequencies in either spelling', async () => {
    const full = { rope_type: 'linear', factor: 4, rope_theta: 500_000 };
    const windows = { rope_type: 'default', rope_theta: 20_000 };
    const five = { rope_parameters: { full_attention: full, sliding_attention: windows } };
    const spec = await altered('gemma3', five);
    expect(spec.positionText).toBe('rotary, base 500000, linear scaling 4x; in windows base 20000');
    const { config } = await fixture('gemma3');
    expect(await altered('gemma3', oldSpelling({ ...config, ...five }))).toEqual(spec);
  });
});

describe('names', () => {
  it.each(decoderFixtures.filter((name) => name !== 'bert'))(
    'of %s may lack the prefix and the head, as a bare model is saved',
    async (name) => {
      const base = await fixture(name);
      const whole = resolveModel(base);
      const prefix = /^(model\.decoder|model|transformer|gpt_neox)\./;
      const shapes = [...base.tensors.values()]
        .filter((tensor) => prefix.test(tensor.name))
        .map((tensor): [string, readonly number[]] => [tensor.name.replace(prefix, ''), tensor.shape]);
      const bare = resolveModel(memoryCheckpoint(null, Object.fromEntries(shapes), base.config));
      const { tensor = '' } = bare.layers[1]?.weights['o.weight'] ?? {};
      expect(tensor).toBe(whole.layers[1]?.weights['o.weight']?.tensor.replace(prefix, ''));
      expect({ L: bare.L, tied: bare.tiedEmbeddings }).toEqual({ L: whole.L, tied: true });
    },
  );
  it('of sizes may be those of other families where transformers takes them', async () => {
    const bloom = await altered('bloom', {
      ...{ n_layer: undefined, n_head: undefined, hidden_size: undefined },
      ...{ num_hidden_layers: 2, num_attention_heads: 8, n_embed: 64 },
    });
    expect(bloom).toEqual(await altered('bloom', {}));
    const gpt2 = await altered('gpt2', {
      n_positions: undefined,
      n_ctx: 128,
      n_head: undefined,
      num_attention_heads: 8,
    });
    expect(gpt2).toEqual(await altered('gpt2', {}));
  });
});

/** The rotary fields as transformers 4 wrote them. */
function oldRotary({ rope_parameters: parameters, model_type: type }: Checkpoint['config']): Record<string, unknown> {
  if (!isObject(parameters)) return {};
  const { full_attention: full, sliding_attention: windows } = parameters;
  if (isObject(full) && isObject(windows)) {
    return { ...oldRotary({ rope_parameters: full }), rope_local_base_freq: windows.rope_theta };
  }
  const { rope_theta: theta, partial_rotary_factor: share, ...scaling } = parameters;
  const [thetaName, shareName] =
    type === 'gpt_neox' ? ['rotary_emb_base', 'rotary_pct'] : ['rope_theta', 'partial_rotary_factor'];
  return {
    rope_parameters: undefined,
    [thetaName]: theta,
    rope_scaling: scaling.rope_type === 'default' ? null : scaling,
    ...(share === undefined ? {} : { [shareName]: share }),
  };
}

/** The fields in which a config of transformers 4 differs; layers told their kinds by a rule, but for gpt-oss. */
function oldSpelling(config: Checkpoint['config']): Record<string, unknown> {
  const { model_type: type, scale_decoder_outputs: scaled, _sliding_window_pattern: pattern } = config;
  return {
    ...{ dtype: undefined, torch_dtype: 'float32', ...oldRotary(config) },
    ...(type === 'gpt_oss' ? {} : { layer_types: undefined }),
    ...(pattern === undefined ? {} : { _sliding_window_pattern: undefined, sliding_window_pattern: pattern }),
    ...(type === 't5' ? { scale_decoder_outputs: undefined, tie_word_embeddings: scaled } : {}),
  };
}

describe('llama configs', () => {
  it('tell the scaling', async () => {
    expect(resolveModel(await fixture('llama-gqa')).positionText).toBe('rotary, base 500000, llama3 scaling 8x');
  });

  it('may leave out what has a default', async () => {
    const fields = { head_dim: undefined, num_key_value_heads: undefined, hidden_act: undefined, mlp_bias: undefined };
    expect(await altered('llama-mha', fields)).toMatchObject({
      K: 8,
      G: 8,
      mlp: { kind: 'gated', activation: 'silu' },
    });
  });

  it('may have biases', async () => {
    const spec = await altered(
      'llama-mha',
      { attention_bias: true },
      {
        'model.layers.0.self_attn.k_proj.bias': [64],
        'model.layers.1.mlp.down_proj.bias': [64],
      },
    );
    expect(spec.layers[0]?.weights['k.bias']).toEqual({ tensor: 'model.layers.0.self_attn.k_proj.bias' });
    expect(spec.layers[1]?.weights['down.bias']).toEqual({ tensor: 'model.layers.1.mlp.down_proj.bias' });
    expect(spec.layers[1]?.weights['k.bias']).toBeUndefined();
  });

  it('tie the head when they say so, whatever is stored', async () => {
    const spec = await altered('llama-mha', { tie_word_embeddings: true });
    expect(spec.tiedEmbeddings).toBe(true);
    expect(spec.globals['head.weight']).toEqual({ tensor: 'model.embed_tokens.weight' });
  });

  it('may belong to a bare model without prefix and head', async () => {
    const base = await fixture('llama-mha');
    const shapes = [...base.tensors.values()]
      .filter(({ name }) => name.startsWith('model.'))
      .map(({ name, shape }): [string, readonly number[]] => [name.slice('model.'.length), shape]);
    const spec = resolveModel(memoryCheckpoint(null, Object.fromEntries(shapes), base.config));
    expect(spec.layers[1]?.weights['o.weight']).toEqual({ tensor: 'layers.1.self_attn.o_proj.weight' });
    expect(spec.tiedEmbeddings).toBe(true);
  });

  it.each([
    ['a layer too many', { num_hidden_layers: 3 }, /tensor model\.layers\.2\..*expected shape \[64\].*no such tensor/],
    ['another vocabulary', { vocab_size: 113 }, /embed_tokens.*expected shape \[113, 64\].*found shape \[112, 64\]/],
    ['other KV heads', { num_key_value_heads: 4 }, /k_proj.*expected shape \[32, 64\].*found shape \[64, 64\]/],
    ['KV heads that do not divide', { num_key_value_heads: 3 }, /num_key_value_heads.*divisor of the 8/],
    ['more KV heads than heads', { num_key_value_heads: 16 }, /num_key_value_heads.*from 1 to 8/],
    ['no size', { hidden_size: undefined }, /hidden_size.*no such field/],
    ['a huge number of layers', { num_hidden_layers: 1e9 }, /num_hidden_layers/],
    ['a huge head', { head_dim: 2 ** 31 - 2 }, /head_dim/],
    ['an odd head', { head_dim: 7 }, /even/],
    ['an unknown activation', { hidden_act: 'toString' }, /hidden_act.*silu/],
  ])('with %s are refused by name', async (_, fields, message) => {
    await expect(altered('llama-mha', fields)).rejects.toThrow(message);
  });
});

describe('gpt2 configs', () => {
  it('scale attention by head size, by depth, or not', async () => {
    const plain = 8 ** -0.5;
    const scales = async (fields: Record<string, unknown>): Promise<number[]> =>
      (await altered('gpt2', fields)).layers.map(({ scale }) => scale);
    expect(await scales({})).toEqual([plain, plain]);
    expect(await scales({ scale_attn_by_inverse_layer_idx: true })).toEqual([plain, plain / 2]);
    expect(await scales({ scale_attn_weights: false })).toEqual([1, 1]);
  });
  it('name the activation and the inner size', async () => {
    expect(await altered('gpt2', {})).toMatchObject({ F: 256, mlp: { kind: 'plain', activation: 'gelu-tanh' } });
    expect((await altered('gpt2', { activation_function: 'relu' })).mlp.activation).toBe('relu');
    await expect(altered('gpt2', { n_inner: 100 })).rejects.toThrow(/c_fc.*expected shape \[64, 100\].*\[64, 256\]/);
  });
  it('may have a head of their own', async () => {
    const spec = await altered('gpt2', { tie_word_embeddings: false }, { 'lm_head.weight': [112, 64] });
    expect(spec).toMatchObject({ tiedEmbeddings: false, globals: { 'head.weight': { tensor: 'lm_head.weight' } } });
  });
});
