/** Summaries of models that run and of models that do not. */
import { describe, expect, it } from 'vitest';
import { openCheckpoint } from '../../../src/checkpoint/openCheckpoint';
import { resolveModel } from '../../../src/model/resolve';
import { summarise } from '../../../src/model/summary';
import { memoryCheckpoint } from './memoryCheckpoint';

const context = { modelId: 'm1', hasTokenizer: true, notRunnable: null };

describe('summarise', () => {
  it('tells the sample', async () => {
    const checkpoint = await openCheckpoint('media/sample');
    const summary = summarise(checkpoint, resolveModel(checkpoint), context);
    await checkpoint.close();
    expect(summary).toMatchObject({
      modelId: 'm1',
      name: 'sample',
      family: 'llama',
      familyTitle: 'Llama',
      ...{ L: 6, D: 256, H: 8, G: 8, K: 32, F: 704, V: 4096 },
      // 4096·256 embeddings, 6 layers of 4·256² + 3·256·704 + 2·256, and the last norm; the head is tied.
      parameters: 4096 * 256 + 6 * (4 * 256 ** 2 + 3 * 256 * 704 + 2 * 256) + 256,
      dtype: 'BF16',
      tiedEmbeddings: true,
      position: 'rotary, base 10000',
      maxPositions: 512,
      kvCacheBytesPerToken: 2 * 6 * 8 * 32 * 2,
      groupChoices: [8, 4, 2, 1],
      notRunnable: null,
    });
    expect(summary.dtypes).toEqual({ BF16: summary.parameters });
  });

  it.each([
    ['gemma2', ['window of 8 tokens on 1 of 2 layers', 'soft caps: scores 50, logits 30', 'factors: embeddings 8']],
    ['gpt-oss', ['window of 8 tokens on 1 of 2 layers', 'attention sinks', '4 experts, 2 a token']],
    ['mistral-swa', ['window of 9 tokens']],
    ['olmo2', ['qk-norm over all heads']],
    ['granite', ['factors: embeddings 12, residuals 0.22, logits 0.125']],
    ['gpt-neox', ['attention and MLP in parallel']],
    ['llama-mha', []],
  ])('tells what %s has besides', async (name, features) => {
    const checkpoint = await openCheckpoint(`test/fixtures/${name}`);
    expect(summarise(checkpoint, resolveModel(checkpoint), context).features).toEqual(features);
    await checkpoint.close();
  });

  it('counts neither stored masks nor a stored copy of a tied head', async () => {
    const checkpoint = await openCheckpoint('test/fixtures/gpt2');
    const plain = summarise(checkpoint, resolveModel(checkpoint), context);
    const extended = memoryCheckpoint(checkpoint, {
      'transformer.h.0.attn.bias': [1, 1, 128, 128],
      'lm_head.weight': [112, 64],
    });
    const summary = summarise(extended, resolveModel(extended), context);
    await checkpoint.close();
    expect(summary.parameters).toBe(plain.parameters);
    expect(plain.parameters).toBe((112 + 128) * 64 + 2 * (12 * 64 ** 2 + 13 * 64) + 2 * 64);
    expect(plain.kvCacheBytesPerToken).toBe(2 * 2 * 8 * 8 * 4);
  });

  it('tells the sizes of an unknown family and why it does not run', async () => {
    const checkpoint = await openCheckpoint('test/fixtures/qwen3');
    const unknown = memoryCheckpoint(checkpoint, {}, { ...checkpoint.config, model_type: 'martian' });
    const summary = summarise(unknown, null, context);
    await checkpoint.close();
    expect(summary).toMatchObject({
      family: 'martian',
      L: 2,
      D: 64,
      H: 8,
      G: 2,
      K: 16,
      F: 96,
      V: 112,
      groupChoices: [],
    });
    expect(summary.notRunnable).toContain('"martian" cannot be run yet');
    expect(summary.parameters).toBeGreaterThan(60_000);
  });

  it('says that a file alone has no config', () => {
    const summary = summarise(memoryCheckpoint(null, { a: [2, 3] }), null, context);
    expect(summary).toMatchObject({
      family: 'unknown',
      L: 0,
      G: 0,
      parameters: 6,
      dtype: 'F32',
      kvCacheBytesPerToken: 0,
    });
    expect(summary.notRunnable).toContain('no config.json');
  });
});
