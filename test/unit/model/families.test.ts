/** Families: specs of the fixtures, and weights by role against the stored tensors. */
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoint/checkpoint';
import { resolveModel } from '../../../src/model/resolve';
import { CheckpointWeights } from '../../../src/model/weights';
import { chooseExperts } from '../../../src/model/experts';
import { alibiSlopes } from '../../../src/model/families/slopes';
import { isPerKvHead, positionOf } from '../../../src/model/specFacts';
import type { LayerRole } from '../../../src/model/roles';
import type { ModelSpec } from '../../../src/model/spec';
import { convertAs } from '../../support/conversions';
import { isObject } from '../../../src/checkpoint/json';
import { decoderFixtures } from '../../support/fixtures';
import { memoryCheckpoint } from './memoryCheckpoint';
import { useFixtures } from './useFixtures';

const fixture = useFixtures();

describe('llama', () => {
  it('fills the spec of a multi-query model with a head size of its own', async () => {
    const spec = resolveModel(await fixture('llama-mqa-headdim'));
    expect(spec).toMatchObject({
      family: 'llama',
      L: 2,
      D: 64,
      H: 8,
      G: 1,
      K: 16,
      F: 96,
      V: 112,
      tiedEmbeddings: false,
    });
    expect(spec.layers.map(({ scale }) => scale)).toEqual([0.25, 0.25]);
    expect(spec.globals['head.weight']).toEqual({ tensor: 'lm_head.weight' });
    expect(spec.layers[1]?.weights['k.weight']).toEqual({ tensor: 'model.layers.1.self_attn.k_proj.weight' });
    expect(spec.layers[1]?.weights['k.bias']).toBeUndefined();
  });

  it('reads a role as it is stored, whole and by rows', async () => {
    const checkpoint = await fixture('llama-gqa');
    const weights = new CheckpointWeights(checkpoint, resolveModel(checkpoint));
    const stored = await checkpoint.readFloat32('model.embed_tokens.weight');
    const rows = await weights.readRows('embed.tokens', null, 5, 8);
    expect(rows).toMatchObject({ rows: 3, columns: 64 });
    expect(rows.data).toEqual(stored.slice(5 * 64, 8 * 64));
    expect(await weights.read('final.norm.weight', null)).toMatchObject({ rows: 64, columns: 1 });
    await expect(weights.read('embed.positions', null)).rejects.toThrow(/no weight embed\.positions/);
  });
});

describe('gpt_neox', () => {
  it('takes each of q, k and v out of every head of the fused matrix', async () => {
    const checkpoint = await fixture('gpt-neox');
    const weights = new CheckpointWeights(checkpoint, resolveModel(checkpoint));
    const stored = await checkpoint.readFloat32('gpt_neox.layers.1.attention.query_key_value.weight');
    const bias = await checkpoint.readFloat32('gpt_neox.layers.1.attention.query_key_value.bias');
    const k = await weights.read('k.weight', 1);
    expect(k).toMatchObject({ rows: 64, columns: 64 });
    // Head h has 8 rows of q, then 8 of k, then 8 of v.
    for (const head of [0, 3, 7]) {
      expect(k.data.slice(head * 512, (head + 1) * 512)).toEqual(
        stored.slice((head * 24 + 8) * 64, (head * 24 + 16) * 64),
      );
      const v = await weights.readRows('v.bias', 1, head * 8, head * 8 + 8);
      expect(v.data).toEqual(bias.slice(head * 24 + 16, head * 24 + 24));
    }
    // Rows of several heads, beginning and ending within one.
    expect((await weights.readRows('k.weight', 1, 5, 27)).data).toEqual(k.data.slice(5 * 64, 27 * 64));
    expect((await weights.readRows('k.weight', 1, 9, 9)).data.length).toBe(0);
  });
});

describe('gpt2', () => {
  it('splits and turns the fused matrix', async () => {
    const checkpoint = await fixture('gpt2');
    const spec = resolveModel(checkpoint);
    expect(spec).toMatchObject({ L: 2, D: 64, H: 8, G: 8, K: 8, F: 256, V: 112, tiedEmbeddings: true });
    expect(spec.formatHasKvHeads).toBe(false);
    const weights = new CheckpointWeights(checkpoint, spec);
    const stored = await checkpoint.readFloat32('transformer.h.1.attn.c_attn.weight');
    const v = await weights.read('v.weight', 1);
    expect(v).toMatchObject({ rows: 64, columns: 64 });
    for (const [out, column] of [
      [0, 0],
      [3, 17],
      [63, 63],
    ] as const) {
      expect(v.data[out * 64 + column]).toBe(stored[column * 192 + 128 + out]);
    }
    const k = await weights.read('k.weight', 1);
    expect((await weights.readRows('k.weight', 1, 8, 16)).data).toEqual(k.data.slice(8 * 64, 16 * 64));
    const bias = await checkpoint.readFloat32('transformer.h.1.attn.c_attn.bias');
    expect((await weights.read('k.bias', 1)).data).toEqual(bias.slice(64, 128));
  });
});

/** A fixture's spec with fields of its config replaced (undefined: taken out) and tensors added. */
async function altered(
  name: string,
  fields: Record<string, unknown>,
  shapes: Record<string, number[]> = {},
): Promise<ModelSpec> {
  const base = await fixture(name);
  return resolveModel(memoryCheckpoint(base, shapes, { ...base.config, ...fields }));
}

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

describe('windows', () => {
  const windows = (spec: ModelSpec): (number | undefined)[] => spec.layers.map(({ window }) => window);

  it('are on every layer of Mistral, unless the config says null', async () => {
    expect(windows(await altered('mistral-swa', {}))).toEqual([9, 9]);
    expect(windows(await altered('mistral-swa', { sliding_window: null }))).toEqual([undefined, undefined]);
  });
  it('are on the upper layers of Qwen, if it uses them', async () => {
    const fields = { sliding_window: 7, max_window_layers: 1, layer_types: undefined };
    expect(windows(await altered('qwen2', fields))).toEqual([undefined, undefined]);
    expect(windows(await altered('qwen2', { ...fields, use_sliding_window: true }))).toEqual([undefined, 7]);
  });
  it('follow layer_types, or the order of the family without them', async () => {
    expect(windows(await altered('gemma2', {}))).toEqual([8, undefined]);
    expect(windows(await altered('gemma2', { layer_types: undefined }))).toEqual([8, undefined]);
    const types = ['full_attention', 'sliding_attention'];
    expect(windows(await altered('gemma2', { layer_types: types }))).toEqual([undefined, 8]);
    const six = [8, 8, 8, 8, 8, undefined, 8];
    expect(windows(await altered('gemma3', { layer_types: undefined }))).toEqual(six);
    await expect(altered('gemma2', { layer_types: ['full_attention', 'sideways'] })).rejects.toThrow(/layer_types/);
  });
});

describe('positions', () => {
  it('of Gemma 3 have a base for windows and one for the rest, as transformers 4 spells them too', async () => {
    const five = {
      full_attention: { rope_theta: 5e5, factor: 8, rope_type: 'linear' },
      sliding_attention: { rope_theta: 2e4 },
    };
    const four = { rope_theta: 5e5, rope_local_base_freq: 2e4, rope_scaling: { factor: 8, rope_type: 'linear' } };
    const spec = await altered('gemma3', { rope_parameters: five });
    expect(await altered('gemma3', { rope_parameters: undefined, ...four })).toEqual(spec);
    const second = [0, 5].map((layer) => {
      const position = positionOf(spec, layer);
      return position.kind === 'rotary' ? position.inverseFrequencies[1] : undefined;
    });
    expect(second[0]).toBeCloseTo(2e4 ** (-1 / 8), 6);
    expect(second[1]).toBeCloseTo(5e5 ** (-1 / 8) / 8, 6);
    expect(spec.positionText).toBe('rotary, base 500000, linear scaling 8x; in windows base 20000');
  });
  it('are unknown to every fourth layer of SmolLM3', async () => {
    const spec = await altered('smollm3', { no_rope_layers: undefined });
    expect(spec.layers.map((_, layer) => positionOf(spec, layer).kind)).toEqual(['rotary', 'rotary', 'rotary', 'none']);
    expect(spec.positionText).toBe('rotary, base 2000000; none on 1 of 4 layers');
    await expect(altered('smollm3', { no_rope_layers: [1, 2] })).rejects.toThrow(/no_rope_layers.*4 of 0 and 1/);
  });
  it('by slopes fall by halves for 8 heads, and between those of 8 and 16 for 12', () => {
    expect(alibiSlopes(8)).toEqual([1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 256]);
    const expected = [1, 2, 3, 4, 5, 6, 7, 8]
      .map((power) => 2 ** -power)
      .concat([0.5, 1.5, 2.5, 3.5].map((power) => 2 ** -power));
    alibiSlopes(12).forEach((slope, head) => expect(slope).toBeCloseTo(expected[head] ?? NaN, 6));
  });
  it('of OPT begin after two rows', async () => {
    const checkpoint = await fixture('opt');
    const weights = new CheckpointWeights(checkpoint, resolveModel(checkpoint));
    const stored = await checkpoint.readFloat32('model.decoder.embed_positions.weight');
    expect((await weights.readRows('embed.positions', null, 0, 2)).data).toEqual(stored.slice(2 * 64, 4 * 64));
  });
});

describe('query and key norms', () => {
  it('belong to all heads, to each, or to all of them together', async () => {
    expect((await altered('qwen3', {})).queryKeyNorm).toMatchObject({ kind: 'rms', over: 'head', shared: true });
    expect((await altered('olmo2', {})).queryKeyNorm).toMatchObject({ kind: 'rms', over: 'heads', shared: false });
    const gains = [0, 1].flatMap((layer): [string, number[]][] => [
      [`model.layers.${layer}.self_attn.q_norm.weight`, [8, 8]],
      [`model.layers.${layer}.self_attn.k_norm.weight`, [2, 8]],
    ]);
    const cohere = await altered('cohere', { use_qk_norm: true }, Object.fromEntries(gains));
    expect(cohere.queryKeyNorm).toMatchObject({ kind: 'layer', over: 'head', shared: false });
    expect(isPerKvHead(cohere, 'k.norm.weight')).toBe(true);
    expect(isPerKvHead(await altered('qwen3', {}), 'k.norm.weight')).toBe(false);
  });
  it('with weights of their own are pooled with their heads', async () => {
    const checkpoint = await fixture('olmo2');
    const source = new CheckpointWeights(checkpoint, resolveModel(checkpoint));
    const gains = (await source.read('k.norm.weight', 1)).data;
    for (const merge of ['mean', 'medoid']) {
      const converted = await convertAs(source, { G: 1, grouping: 'contiguous', merge });
      const { data } = await converted.read('k.norm.weight', 1);
      expect(data.length).toBe(8);
      data.forEach((gain, row) => expect(gain).toBeCloseTo(((gains[row] ?? NaN) + (gains[8 + row] ?? NaN)) / 2, 6));
    }
  });
});

describe('falcon', () => {
  const sizes = { num_attention_heads: 8, num_kv_heads: 2, ffn_hidden_size: 256 };

  it('finds groups of queries with their keys and values in the new layout', async () => {
    const norms = [0, 1].flatMap((layer): [string, number[]][] =>
      ['ln_attn', 'ln_mlp'].flatMap((name): [string, number[]][] => [
        [`transformer.h.${layer}.${name}.weight`, [64]],
        [`transformer.h.${layer}.${name}.bias`, [64]],
      ]),
    );
    const qkv = [0, 1].map((layer): [string, number[]] => [
      `transformer.h.${layer}.self_attention.query_key_value.weight`,
      [96, 64],
    ]);
    const shapes = Object.fromEntries([...norms, ...qkv]);
    const old = await fixture('falcon-mqa');
    const kept = [...old.tensors.values()].filter(({ name }) => !/input_layernorm|query_key_value/.test(name));
    const all = { ...Object.fromEntries(kept.map(({ name, shape }) => [name, shape])), ...shapes };
    const config = { ...old.config, ...sizes, new_decoder_architecture: true };
    const spec = resolveModel(memoryCheckpoint(null, all, config));
    expect(spec).toMatchObject({ G: 2, residual: 'parallel', formatHasKvHeads: true, kvHeadsField: 'num_kv_heads' });
    // A group is 4 query heads of 8 rows, one of keys, one of values: 48 rows.
    const outputs = (role: LayerRole) => spec.layers[1]?.weights[role]?.outputs;
    expect(outputs('q.weight')).toEqual({ offset: 0, count: 64, units: 2 });
    expect(outputs('k.weight')).toEqual({ offset: 32, count: 16, units: 2 });
    expect(outputs('v.weight')).toEqual({ offset: 40, count: 16, units: 2 });
    expect(spec.layers[0]?.weights['mlp.norm.weight']?.tensor).toBe('transformer.h.0.ln_mlp.weight');
  });
  it('has one KV head in the old layout, whatever num_kv_heads says', async () => {
    const spec = await altered('falcon-mqa', {});
    expect(spec).toMatchObject({ G: 1, formatHasKvHeads: false });
    expect(spec.layers[0]?.weights['v.weight']?.outputs).toEqual({ offset: 72, count: 8 });
  });
});

describe('gemma', () => {
  it('stores what its norm weights have above 1', async () => {
    const checkpoint = await fixture('gemma');
    const weights = new CheckpointWeights(checkpoint, resolveModel(checkpoint));
    const stored = await checkpoint.readFloat32('model.norm.weight');
    expect((await weights.read('final.norm.weight', null)).data).toEqual(stored.map((value) => value + 1));
  });
  it('means its approximation where it says gelu', async () => {
    const activation = async (fields: Record<string, unknown>) => (await altered('gemma', fields)).mlp.activation;
    expect(await activation({ hidden_act: 'gelu' })).toBe('gelu-tanh');
    expect(await activation({ hidden_act: 'gelu', hidden_activation: 'gelu' })).toBe('gelu');
    expect(await activation({ hidden_act: 'silu' })).toBe('silu');
  });
  it('has caps where the config says so, or says nothing', async () => {
    expect((await altered('gemma2', {})).softcaps).toEqual({ scores: 50, logits: 30 });
    expect((await altered('gemma2', { attn_logit_softcapping: null })).softcaps).toEqual({ logits: 30 });
    expect((await altered('gemma3', {})).softcaps).toEqual({});
  });
  it('is refused where it sees later tokens', async () => {
    await expect(altered('gemma3', { use_bidirectional_attention: true })).rejects.toThrow(/bidirectional/);
  });
});

describe('mixtures', () => {
  it('choose the largest logits and weigh them by their softmax', () => {
    const total = Math.exp(3) + Math.exp(2);
    expect(chooseExperts([1, 3, 2, 2], 2)).toEqual([
      { expert: 1, weight: 1 / (1 + Math.exp(-1)) },
      { expert: 2, weight: Math.exp(-1) / (1 + Math.exp(-1)) },
    ]);
    expect(chooseExperts([1, 3, 2, 2], 2)[0]?.weight).toBeCloseTo(Math.exp(3) / total, 12);
    expect(chooseExperts([0, 0, 0], 1)).toEqual([{ expert: 0, weight: 1 }]);
  });
  it('take turns in the outputs of gpt-oss', async () => {
    const checkpoint = await fixture('gpt-oss');
    const weights = new CheckpointWeights(checkpoint, resolveModel(checkpoint));
    const stored = await checkpoint.readFloat32('model.layers.1.mlp.experts.gate_up_proj');
    const bias = await checkpoint.readFloat32('model.layers.1.mlp.experts.gate_up_proj_bias');
    const up = await weights.read('experts.2.up.weight', 1);
    expect(up).toMatchObject({ rows: 96, columns: 64 });
    // [4, 64, 192]: the second of each pair.
    expect(up.data[5 * 64 + 7]).toBe(stored[(2 * 64 + 7) * 192 + 2 * 5 + 1]);
    expect((await weights.read('experts.3.gate.bias', 1)).data[9]).toBe(bias[3 * 192 + 18]);
    expect(weights.has('experts.3.gate.bias', 1)).toBe(true);
    expect(weights.has('experts.4.gate.bias', 1)).toBe(false);
  });
});

describe('a weight that no role stands for', () => {
  it('is refused, whatever it would do', async () => {
    const norms = { 'model.layers.1.self_attn.q_layernorm.norms.0.weight': [8] };
    await expect(altered('stablelm', { qk_layernorm: true }, norms)).rejects.toMatchObject({
      code: 'checkpoint-unsupported',
      detail: { tensor: 'model.layers.1.self_attn.q_layernorm.norms.0.weight' },
    });
  });
  it('is none where it belongs to a layer beyond the last, or is a buffer', async () => {
    const shapes = { 'model.layers.2.mlp.up_proj.weight': [96, 64], 'model.layers.0.rotary_emb.inv_freq': [4] };
    expect((await altered('llama-mha', {}, shapes)).L).toBe(2);
  });
  it('has a role in a Phi with normalised queries and keys', async () => {
    const norms = [0, 1].flatMap((layer) =>
      ['q', 'k'].flatMap((head) =>
        ['weight', 'bias'].map(
          (part) => [`model.layers.${layer}.self_attn.${head}_layernorm.${part}`, [8]] as [string, number[]],
        ),
      ),
    );
    const spec = await altered('phi', { qk_layernorm: true }, Object.fromEntries(norms));
    expect(spec.queryKeyNorm).toEqual({ kind: 'layer', epsilon: 1e-5, over: 'head', shared: true });
    expect(spec.layers[1]?.weights['k.norm.bias']?.tensor).toBe('model.layers.1.self_attn.k_layernorm.bias');
  });
});

it('an unknown family is told with what is supported', () => {
  const unknown = memoryCheckpoint(null, {}, { model_type: 'martian' });
  expect(() => resolveModel(unknown)).toThrow(/known: Llama, .*GPT-2.*found model_type martian/);
});

describe('t5 configs', () => {
  it('fill the encoder, and two attentions for each layer of the decoder', async () => {
    const spec = resolveModel(await fixture('t5'));
    expect(spec).toMatchObject({
      ...{ L: 6, D: 64, H: 8, G: 8, K: 8, F: 96, V: 112 },
      mlp: { kind: 'plain', activation: 'relu' },
      position: { kind: 'buckets', buckets: 16, maxDistance: 24 },
      outputScale: 0.125,
      decoderStart: 0,
      endTokens: [1],
      maxPositions: null,
      formatHasKvHeads: false,
    });
    expect(spec.layers.map(({ name, attention, mlp, grouped }) => [name, attention, mlp, grouped])).toEqual([
      ['encoder.0', 'full', true, false],
      ['encoder.1', 'full', true, false],
      ['decoder.0', 'causal', false, true],
      ['cross.0', 'cross', true, true],
      ['decoder.1', 'causal', false, true],
      ['cross.1', 'cross', true, true],
    ]);
    expect(spec.layers[5]).toMatchObject({ title: 'decoder 1 · cross', scale: 1, position: { kind: 'none' } });
    expect(spec.layers[5]?.weights['k.weight']).toEqual({ tensor: 'decoder.block.1.layer.1.EncDecAttention.k.weight' });
    expect(spec.layers[4]?.weights['down.weight']).toBeUndefined();
  });

  it('tell the gate and the activation', async () => {
    const spec = await altered('t5-v1_1', {});
    expect(spec).toMatchObject({ K: 12, mlp: { kind: 'gated', activation: 'gelu-tanh' } });
    expect(spec.layers[0]?.weights['gate.weight']?.tensor).toMatch(/encoder\.block\.0\.layer\.1.*wi_0/);
    expect((await altered('t5-v1_1', { feed_forward_proj: 'gated-silu' })).mlp.activation).toBe('silu');
    await expect(altered('t5', { feed_forward_proj: 'maxout' })).rejects.toThrow(/feed_forward_proj.*relu.*maxout/);
    await expect(altered('t5', { feed_forward_proj: 'gated-relu' })).rejects.toThrow(/wi_0.*no such tensor/);
  });

  it.each([
    // transformers 5 writes the scale, and ties always.
    { fields: {}, stored: false, scaled: true, tied: true },
    { fields: { scale_decoder_outputs: false }, stored: false, scaled: false, tied: true },
    { fields: { scale_decoder_outputs: false }, stored: true, scaled: false, tied: false },
    // transformers 4 has one field for both; a stored head is a copy where it is tied.
    { fields: { scale_decoder_outputs: undefined }, stored: true, scaled: true, tied: true },
    {
      fields: { scale_decoder_outputs: undefined, tie_word_embeddings: undefined },
      stored: false,
      scaled: true,
      tied: true,
    },
    {
      fields: { scale_decoder_outputs: undefined, tie_word_embeddings: false },
      stored: true,
      scaled: false,
      tied: false,
    },
  ])('scale the output and tie the head: $fields, a head stored: $stored', async ({ fields, stored, scaled, tied }) => {
    const spec = await altered('t5', fields, stored ? { 'lm_head.weight': [112, 64] } : {});
    expect(spec.outputScale).toBe(scaled ? 0.125 : undefined);
    expect(spec.tiedEmbeddings).toBe(tied);
    expect(spec.globals['head.weight']?.tensor).toBe(tied ? 'shared.weight' : 'lm_head.weight');
  });

  it('count the layers of both stacks, and refuse what does not fit', async () => {
    expect((await altered('t5', { num_decoder_layers: 1 })).layers.map(({ name }) => name)).toEqual([
      ...['encoder.0', 'encoder.1'],
      ...['decoder.0', 'cross.0'],
    ]);
    expect((await altered('t5', { num_decoder_layers: undefined })).L).toBe(6);
    await expect(altered('t5', { relative_attention_num_buckets: 32 })).rejects.toThrow(
      /relative_attention_bias.*\[32, 8\]/,
    );
    await expect(altered('t5', { relative_attention_max_distance: 8 })).rejects.toThrow(/max_distance.*more than 8/);
    expect((await altered('t5', { decoder_start_token_id: undefined, pad_token_id: 3 })).decoderStart).toBe(3);
  });
});
