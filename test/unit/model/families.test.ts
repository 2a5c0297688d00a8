/** Families: specs of the fixtures, and weights by role against the stored tensors. */
import { afterAll, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoint/checkpoint';
import { openCheckpoint } from '../../../src/checkpoint/openCheckpoint';
import { resolveModel } from '../../../src/model/resolve';
import { CheckpointWeights } from '../../../src/model/weights';

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
    expect(spec.attentionScale).toEqual([0.25, 0.25]);
    expect(spec.globals['head.weight']).toEqual({ tensor: 'lm_head.weight' });
    expect(spec.layers[1]?.['k.weight']).toEqual({ tensor: 'model.layers.1.self_attn.k_proj.weight' });
    expect(spec.layers[1]?.['k.bias']).toBeUndefined();
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
