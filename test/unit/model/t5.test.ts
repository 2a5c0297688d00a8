/** T5: the spec of an encoder-decoder, and configs that are refused. */
import { describe, expect, it } from 'vitest';
import { resolveModel } from '../../../src/model/resolve';
import { useAltered } from './useFixtures';

const { fixture, altered } = useAltered();

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
