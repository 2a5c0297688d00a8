/** BERT: its spec, the names it goes by, what it is asked to predict. */
import { afterAll, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoint/checkpoint';
import { openCheckpoint } from '../../../src/checkpoint/openCheckpoint';
import { resolveModel } from '../../../src/model/resolve';
import { kvHeadsOf, outputStack } from '../../../src/model/specFacts';
import { summarise } from '../../../src/model/summary';
import { checkTokens, targetRows, targetsOf } from '../../../src/model/tokens';
import { memoryCheckpoint } from './memoryCheckpoint';

const opened: Checkpoint[] = [];
async function fixture(name = 'bert'): Promise<Checkpoint> {
  const checkpoint = await openCheckpoint(`test/fixtures/${name}`);
  opened.push(checkpoint);
  return checkpoint;
}
afterAll(() => Promise.all(opened.map((checkpoint) => checkpoint.close())));

/** The fixture's tensors under other names; null drops one. */
async function renamed(name: (stored: string) => string | null, fields = {}): Promise<Checkpoint> {
  const base = await fixture();
  const shapes = [...base.tensors.values()].flatMap((tensor): [string, readonly number[]][] => {
    const other = name(tensor.name);
    return other === null ? [] : [[other, tensor.shape]];
  });
  return memoryCheckpoint(null, Object.fromEntries(shapes), { ...base.config, ...fields });
}

describe('bert', () => {
  it('is an encoder whose heads are grouped, without a cache', async () => {
    const checkpoint = await fixture();
    const spec = resolveModel(checkpoint);
    expect(spec).toMatchObject({ ...{ L: 2, D: 64, H: 8, G: 8, K: 8, F: 96, V: 112 }, formatHasKvHeads: false });
    expect(spec.layers.map(({ stack, attention, grouped }) => [stack, attention, grouped])).toEqual([
      ['encoder', 'full', true],
      ['encoder', 'full', true],
    ]);
    expect(outputStack(spec)).toBe('encoder');
    expect(kvHeadsOf({ ...spec, G: 2 }, 1)).toBe(2);
    const summary = summarise(checkpoint, spec, { modelId: 'm', hasTokenizer: false, notRunnable: null });
    expect(summary).toMatchObject({ kvCacheBytesPerToken: 0, crossCacheBytesPerToken: 0, familyTitle: 'BERT' });
  });

  it('goes by the names of TensorFlow, and has parts that predict no token', async () => {
    const plain = resolveModel(await fixture());
    const old = await renamed((name) =>
      name.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta'),
    );
    const legacy = resolveModel(
      memoryCheckpoint(old, { 'bert.pooler.dense.weight': [64, 64], 'cls.seq_relationship.weight': [2, 64] }),
    );
    expect(legacy.layers[1]?.weights['mlp.stream.norm.weight']).toEqual({
      tensor: 'bert.encoder.layer.1.output.LayerNorm.gamma',
    });
    expect(legacy.globals['head.norm.bias']).toEqual({ tensor: 'cls.predictions.transform.LayerNorm.beta' });
    expect(Object.keys(legacy.globals).sort()).toEqual(Object.keys(plain.globals).sort());
  });

  it('has a vocabulary matrix of its own where it is not tied', async () => {
    const base = await fixture();
    const own = { 'cls.predictions.decoder.weight': [112, 64] };
    const untied = resolveModel(memoryCheckpoint(base, own, { ...base.config, tie_word_embeddings: false }));
    expect(untied.globals['head.weight']).toEqual({ tensor: 'cls.predictions.decoder.weight' });
    expect(untied.globals['head.bias']).toEqual({ tensor: 'cls.predictions.bias' });
    expect(resolveModel(memoryCheckpoint(base, own)).globals['head.weight']?.tensor).toMatch(/word_embeddings/);
  });

  it('is refused by name without its head, with relative positions, and as a decoder', async () => {
    const headless = await renamed((name) => (name.startsWith('cls.') ? null : name.replace(/^bert\./, '')));
    expect(() => resolveModel(headless)).toThrow(/no masked-LM head.*cls\.predictions\.transform/);
    const relative = await renamed((name) => name, { position_embedding_type: 'relative_key' });
    expect(() => resolveModel(relative)).toThrow(/position_embedding_type.*relative_key/);
    expect(() =>
      resolveModel(
        memoryCheckpoint(relative, {}, { ...relative.config, position_embedding_type: 'absolute', is_decoder: true }),
      ),
    ).toThrow(/is_decoder/);
  });
});

describe('what is asked of a model', () => {
  it('is the next token of a decoder, and the masked ones of an encoder', async () => {
    const [encoder, decoder] = [resolveModel(await fixture()), resolveModel(await fixture('gpt2'))];
    expect(targetsOf(decoder, [5, 6, 7])).toEqual([{ position: 0, token: 6 }, { position: 1, token: 7 }]); // prettier-ignore
    expect(targetsOf(encoder, [5, 6, 7])).toEqual([]);
    const masked = { masked: [5, 4, 7, 4], original: [5, 6, 7, 9] };
    const targets = targetsOf(encoder, masked);
    expect(targets).toEqual([{ position: 1, token: 6 }, { position: 3, token: 9 }]); // prettier-ignore
    expect([...targetRows(targets, 4)]).toEqual([0, 6, 0, 9]);
    expect(() => checkTokens(encoder, masked)).not.toThrow();
    expect(() => checkTokens(decoder, masked)).toThrow(/masked/);
    expect(() => checkTokens(encoder, { encoder: [1], decoder: [2] })).toThrow(/one list/);
  });
});
