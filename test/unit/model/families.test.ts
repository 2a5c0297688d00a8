/** Families: specs of the fixtures, and weights by role against the stored tensors. */
import { describe, expect, it } from 'vitest';
import { resolveModel } from '../../../src/model/resolve';
import { CheckpointWeights } from '../../../src/model/weights';
import { chooseExperts } from '../../../src/model/experts';
import type { LayerRole } from '../../../src/model/roles';
import { memoryCheckpoint } from './memoryCheckpoint';
import { useAltered } from './useFixtures';

const { fixture, altered } = useAltered();

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
