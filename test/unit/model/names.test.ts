/** Names of tensors as they vary in the wild: every family finds the same weights under them. */
import { existsSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoint/checkpoint';
import { resolveModel } from '../../../src/model/resolve';
import type { ModelSpec } from '../../../src/model/spec';
import { memoryCheckpoint } from './memoryCheckpoint';
import { useFixtures } from './useFixtures';

const names = readdirSync('test/fixtures').filter((name) => existsSync(`test/fixtures/${name}/config.json`));

const fixture = useFixtures();

type Rename = (name: string) => string;

function renamed(
  base: Checkpoint,
  rename: Rename,
  more: Record<string, number[]> = {},
  config = base.config,
): Checkpoint {
  const shapes = [...base.tensors.values()].map(({ name, shape }): [string, readonly number[]] => [
    rename(name),
    shape,
  ]);
  return memoryCheckpoint(null, { ...Object.fromEntries(shapes), ...more }, config);
}

/** A spec whose references go to renamed tensors. */
function under(spec: ModelSpec, rename: Rename): unknown {
  return JSON.parse(
    JSON.stringify(spec, (key, value: unknown) => (key === 'tensor' ? rename(value as string) : value)),
  );
}

const plain = (spec: ModelSpec): unknown => under(spec, (name) => name);

/** What savers do to every name. */
const wrappers: Record<string, Rename> = {
  DataParallel: (name) => `module.${name}`,
  compiled: (name) => `_orig_mod.${name}`,
  'compiled layer by layer': (name) => name.replace(/\.(\d+)\./, '.$1._orig_mod.'),
  'within another model': (name) => `language_model.${name}`,
  'within the model of another one': (name) => `model.language_model.${name}`,
  "TensorFlow's": (name) =>
    name
      .replace(/((?:norm|ln_\w+|LayerNorm)\.)weight$/i, '$1gamma')
      .replace(/((?:norm|ln_\w+|LayerNorm)\.)bias$/i, '$1beta'),
};

it('has all fixtures to look at', () => {
  expect(names.length).toBeGreaterThanOrEqual(29);
});

describe.each(names)('%s', (name) => {
  it('finds the same weights whatever savers put around its names, and beside them', async () => {
    const base = await fixture(name);
    const spec = resolveModel(base);
    const layer = [...base.tensors.keys()].find((own) => own.includes('.0.'))?.replace(/\.0\..*$/, '.0.') ?? '';
    // Buffers that older versions have stored: causal masks, their value, rotary frequencies.
    const buffers = { 'attn.bias': [1, 1, 128, 128], 'attn.masked_bias': [], 'attention.masked_bias': [], 'self_attn.rotary_emb.inv_freq': [4] }; // prettier-ignore
    fc.assert(
      fc.property(fc.subarray(Object.entries(wrappers)), fc.subarray(Object.entries(buffers)), (chosen, stored) => {
        const rename: Rename = (own) => chosen.reduce((made, [, wrap]) => wrap(made), own);
        const more = Object.fromEntries(stored.map(([own, shape]) => [rename(layer + own), shape]));
        expect(plain(resolveModel(renamed(base, rename, more)))).toEqual(under(spec, rename));
      }),
      { numRuns: 12, examples: Object.entries(wrappers).map((wrap) => [[wrap], Object.entries(buffers)]) },
    );
  });
});

describe('a language model within a larger one', () => {
  const tower = { 'vision_tower.vision_model.encoder.layers.0.self_attn.k_proj.weight': [32, 32], 'multi_modal_projector.linear.weight': [64, 32] }; // prettier-ignore

  it.each([
    ['gemma3', 'language_model.model.', (own: string) => `language_model.${own}`],
    ['gemma3', 'model.language_model.', (own: string) => own.replace(/^model\./, 'model.language_model.')],
    ['llama-gqa', 'language_model.model.', (own: string) => `language_model.${own}`],
    ['llama-gqa', 'model.language_model.', (own: string) => own.replace(/^model\./, 'model.language_model.')],
    ['mistral-swa', 'model.language_model.', (own: string) => own.replace(/^model\./, 'model.language_model.')],
  ] as const)('is found in %s under %s, and the rest is left out and said so', async (name, prefix, rename) => {
    const base = await fixture(name);
    const config = { model_type: 'larger', architectures: ['LargerForConditionalGeneration'], text_config: base.config, vision_config: { hidden_size: 32 } }; // prettier-ignore
    const { within, ...spec } = resolveModel(renamed(base, rename, tower, config));
    expect(within).toEqual({ field: 'text_config', besides: '2 tensors of multi_modal_projector, vision_tower' });
    expect(spec.layers[1]?.weights['q.weight']?.tensor).toBe(`${prefix}layers.1.self_attn.q_proj.weight`);
    expect(plain(spec)).toEqual(under(resolveModel(base), rename));
  });

  it('takes from around it whether its head is tied, and what Gemma 3 has where nothing is said', async () => {
    const base = await fixture('llama-mha');
    const part = { ...base.config, tie_word_embeddings: undefined };
    const tied = resolveModel(memoryCheckpoint(base, {}, { text_config: part, tie_word_embeddings: true }));
    expect(tied.tiedEmbeddings).toBe(true);
    expect(resolveModel(memoryCheckpoint(base, {}, { text_config: part })).tiedEmbeddings).toBe(false);
    // As google/gemma-3-4b-it has it, which leaves out heads, head size and vocabulary.
    const text = { model_type: 'gemma3_text', hidden_size: 2560, intermediate_size: 10240, num_hidden_layers: 1, rope_scaling: { factor: 8, rope_type: 'linear' }, sliding_window: 1024 }; // prettier-ignore
    const at = 'language_model.model.layers.0.';
    const gemma = resolveModel(
      memoryCheckpoint(
        null,
        {
          'language_model.model.embed_tokens.weight': [262_208, 2560],
          'language_model.model.norm.weight': [2560],
          ...Object.fromEntries(['input_layernorm', 'post_attention_layernorm', 'pre_feedforward_layernorm', 'post_feedforward_layernorm'].map((norm) => [`${at}${norm}.weight`, [2560]])), // prettier-ignore
          ...Object.fromEntries(['q', 'k'].map((of) => [`${at}self_attn.${of}_norm.weight`, [256]])),
          [`${at}self_attn.q_proj.weight`]: [2048, 2560],
          [`${at}self_attn.k_proj.weight`]: [1024, 2560],
          [`${at}self_attn.v_proj.weight`]: [1024, 2560],
          [`${at}self_attn.o_proj.weight`]: [2560, 2048],
          [`${at}mlp.gate_proj.weight`]: [10_240, 2560],
          [`${at}mlp.up_proj.weight`]: [10_240, 2560],
          [`${at}mlp.down_proj.weight`]: [2560, 10_240],
        },
        { model_type: 'gemma3', text_config: text, vision_config: {} },
      ),
    );
    expect(gemma).toMatchObject({
      H: 8,
      G: 4,
      K: 256,
      V: 262_208,
      tiedEmbeddings: true,
      within: { besides: 'nothing' },
    });
    expect(gemma.layers[0]).toMatchObject({ window: 1024, scale: 1 / 16 });
  });

  it('is not run where it sees later tokens, or is of no known family', async () => {
    const base = await fixture('gemma');
    const within = (fields: object) => memoryCheckpoint(base, {}, { text_config: base.config, ...fields });
    expect(() => resolveModel(within({ model_type: 'paligemma' }))).toThrow(/"paligemma" cannot be run/);
    expect(() => resolveModel(within({ text_config: { ...base.config, model_type: 'martian' } }))).toThrow(
      /cannot be run/,
    );
  });
});
