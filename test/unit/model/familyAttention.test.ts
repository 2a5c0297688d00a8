/** What attention is told by a config: windows, positions, norms of queries and keys. */
import { describe, expect, it } from 'vitest';
import { resolveModel } from '../../../src/model/resolve';
import { CheckpointWeights } from '../../../src/model/weights';
import { alibiSlopes } from '../../../src/model/families/slopes';
import { isPerKvHead, positionOf } from '../../../src/model/specFacts';
import type { ModelSpec } from '../../../src/model/spec';
import { convertAs } from '../../support/conversions';
import { useAltered } from './useFixtures';

const { fixture, altered } = useAltered();

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
