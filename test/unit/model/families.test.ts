/** Families: specs of the fixtures, and weights by role against the stored tensors. */
import { afterAll, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoint/checkpoint';
import { openCheckpoint } from '../../../src/checkpoint/openCheckpoint';
import { resolveModel } from '../../../src/model/resolve';
import { CheckpointWeights } from '../../../src/model/weights';
import type { ModelSpec } from '../../../src/model/spec';
import { isObject } from '../../../src/checkpoint/json';
import { decoderFixtures } from '../../support/fixtures';
import { memoryCheckpoint } from './memoryCheckpoint';

const opened: Checkpoint[] = [];
async function fixture(name: string): Promise<Checkpoint> {
  const checkpoint = await openCheckpoint(`test/fixtures/${name}`);
  opened.push(checkpoint);
  return checkpoint;
}
afterAll(() => Promise.all(opened.map((checkpoint) => checkpoint.close())));

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
  it.each(decoderFixtures)('of %s mean the same in the spelling of transformers 4', async (name) => {
    const checkpoint = await fixture(name);
    const five = resolveModel(checkpoint);
    const four = await altered(name, { dtype: undefined, torch_dtype: 'float32', ...oldRotary(checkpoint.config) });
    expect(four).toEqual(five);
  });
});

/** The rotary fields as transformers 4 wrote them. */
function oldRotary({ rope_parameters: parameters }: Checkpoint['config']): Record<string, unknown> {
  if (!isObject(parameters)) return {};
  const { rope_theta: theta, partial_rotary_factor: share, ...scaling } = parameters;
  return {
    rope_parameters: undefined,
    rope_theta: theta,
    rope_scaling: scaling.rope_type === 'default' ? null : scaling,
    ...(share === undefined ? {} : { partial_rotary_factor: share }),
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

it('an unknown family is told with what is supported', () => {
  const unknown = memoryCheckpoint(null, {}, { model_type: 'martian' });
  expect(() => resolveModel(unknown)).toThrow(/expected model_type llama or gpt2 or .*found model_type martian/);
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
