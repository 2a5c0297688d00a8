/** The structure editor's page without a browser: which rows the table has, where heads are drawn, what is said. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packNames } from '../../../src/protocol/packedNames';
import type { CheckpointStructure, HeadLayout, TensorColumns } from '../../../src/protocol/structure';
import { layoutHeadBlocks } from '../../../webview/structure/headBlocks';
import { elementCount, layerPrefix, TensorList } from '../../../webview/structure/tensorList';
import { restoreUi, usualUi } from '../../../webview/structure/ui';
import { factsOf, layoutSentence, layoutTitle, shapeText } from '../../../webview/structure/words';

interface Tensor {
  name: string;
  dtype: string;
  shape: number[];
  role: string;
}

/** Every tensor is a kind of its own here. */
function columnsOf(tensors: readonly Tensor[]): TensorColumns {
  return {
    names: packNames(tensors.map(({ name }) => name)),
    kinds: tensors.map(({ dtype, shape, role }) => {
      return { dtype, shape, role, file: 'f', bytes: elementCount(shape) * (dtype === 'F32' ? 4 : 2) };
    }),
    kindOf: Uint32Array.from(tensors.keys()),
  };
}

const tensor = (name: string, shape = [4], dtype = 'F32', role = ''): Tensor => ({ name, shape, dtype, role });
const tensors = [
  tensor('embed.weight', [10, 4]),
  tensor('layers.1.k_proj.weight', [4, 4], 'BF16', 'k.weight'),
  tensor('layers.1.q_proj.weight', [8, 4], 'BF16', 'q.weight'),
  tensor('layers.2.q_proj.weight', [8, 4], 'BF16', 'q.weight'),
  tensor('layers.2.q_proj.bias', [8], 'F32', 'q.bias'),
  tensor('layers.12.norm.weight', [4], 'F32'),
];
const list = new TensorList(columnsOf(tensors));

/** Names of tensors and, in brackets, of groups. */
function shown(choices: Partial<typeof usualUi>): string[] {
  const { rows, groups } = list.rows({ ...usualUi, ...choices });
  return Array.from(rows, (row) => (row < 0 ? `[${groups.get(-1 - row)?.name ?? ''}]` : (tensors[row]?.name ?? '')));
}

describe('the rows of the table', () => {
  it('stand under their layers, but for a tensor that is alone in its own', () => {
    expect(shown({})).toEqual([
      'embed.weight',
      ...['[layers.1]', 'layers.1.k_proj.weight', 'layers.1.q_proj.weight'],
      ...['[layers.2]', 'layers.2.q_proj.weight', 'layers.2.q_proj.bias'],
      'layers.12.norm.weight',
    ]);
  });

  it.each([
    ['q_proj weight', ['layers.1.q_proj.weight', 'layers.2.q_proj.weight']],
    ['2', ['layers.2.q_proj.weight', 'layers.2.q_proj.bias']],
    ['1 K_PROJ', ['layers.1.k_proj.weight']],
    ['q.bias', ['layers.2.q_proj.bias']],
    ['layers.1', ['layers.1.k_proj.weight', 'layers.1.q_proj.weight', 'layers.12.norm.weight']],
    ['nothing', []],
  ])('that "%s" finds have all of its words, numbers being layers', (filter, expected) => {
    expect(shown({ filter, grouped: false })).toEqual(expected);
  });

  it('of one element type', () => {
    expect(shown({ dtype: 'BF16', grouped: false })).toHaveLength(3);
    expect(list.rows({ ...usualUi, dtype: 'BF16' })).toMatchObject({ tensors: 3, bytes: (16 + 32 + 32) * 2 });
    expect(list.dtypes()).toEqual([
      { dtype: 'F32', count: 3 },
      { dtype: 'BF16', count: 3 },
    ]);
  });

  it('fold, and are shown unfolded while something is searched for', () => {
    const folded = { folded: true, foldedOtherwise: ['layers.2'] };
    expect(shown(folded)).toEqual([
      'embed.weight',
      '[layers.1]',
      ...['[layers.2]', 'layers.2.q_proj.weight', 'layers.2.q_proj.bias'],
      'layers.12.norm.weight',
    ]);
    expect(shown({ ...folded, filter: 'k_proj' })).toEqual(['[layers.1]', 'layers.1.k_proj.weight']);
  });

  it('are sorted within layers, and layers by their sizes', () => {
    expect(shown({ sortBy: 'bytes', sortDescending: true })).toEqual([
      'embed.weight',
      ...['[layers.1]', 'layers.1.q_proj.weight', 'layers.1.k_proj.weight'],
      ...['[layers.2]', 'layers.2.q_proj.weight', 'layers.2.q_proj.bias'],
      'layers.12.norm.weight',
    ]);
  });

  it('of any file are each listed once, in the order that was asked for', () => {
    const names = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 40 });
    fc.assert(
      fc.property(
        names,
        fc.constantFrom('name', 'dtype', 'shape', 'bytes', 'role'),
        fc.boolean(),
        (sizes, sortBy, down) => {
          const made = sizes.map((size, place) =>
            tensor(`t.${place % 5}.${place}`, [size], size % 2 ? 'F32' : 'BF16', `r${size % 3}`),
          );
          const columns = columnsOf(made);
          const rows = new TensorList(columns).rows({ ...usualUi, sortBy, sortDescending: down, grouped: false }).rows;
          expect([...rows].sort((a, b) => a - b)).toEqual(made.map((_, place) => place));
          const key = (place: number): number | string => {
            const { dtype, shape, role } = made[place] ?? tensor('');
            return { name: place, dtype, shape: elementCount(shape), bytes: columns.kinds[place]?.bytes ?? 0, role }[
              sortBy
            ];
          };
          for (let row = 1; row < rows.length; row++) {
            const [before, after] = [key(rows[row - 1] ?? 0), key(rows[row] ?? 0)];
            expect(down ? before >= after : before <= after).toBe(true);
          }
          const grouped = new TensorList(columns).rows({ ...usualUi, sortBy, sortDescending: down }).rows;
          expect([...grouped.filter((row) => row >= 0)].sort((a, b) => a - b)).toEqual(made.map((_, place) => place));
        },
      ),
      { numRuns: 50 },
    );
  });

  it.each([
    ['model.layers.3.mlp.up_proj.weight', 'model.layers.3'],
    ['blk.12.attn_q.weight', 'blk.12'],
    ['encoder.block.0.layer.1.x', 'encoder.block.0'],
    ['0.weight', '0'],
    ['lm_head.weight', null],
    ['layer3.weight', null],
    ['layers.3', null],
  ])('%s stands under %s', (name, prefix) => {
    expect(layerPrefix(name)).toBe(prefix);
  });
});

describe('the figure of the heads', () => {
  it('places 1 to 128 heads on any number of KV heads within the width, apart from each other', () => {
    const shapes = fc.record({
      G: fc.integer({ min: 1, max: 128 }),
      R: fc.integer({ min: 1, max: 128 }),
      width: fc.integer({ min: 60, max: 1600 }),
    });
    fc.assert(
      fc.property(
        shapes.filter(({ G, R }) => G * R <= 128),
        ({ G, R, width }) => {
          const { heads, kvHeads, radius, height } = layoutHeadBlocks(
            Array.from({ length: G * R }, (_, head) => Math.floor(head / R)),
            width,
          );
          expect(heads).toHaveLength(G * R);
          expect(kvHeads.map(({ heads: own }) => own.length)).toEqual(Array.from({ length: G }, () => R));
          for (const { x, y, group } of heads) {
            expect(x - radius).toBeGreaterThanOrEqual(0);
            expect(x + radius).toBeLessThanOrEqual(width);
            const bar = kvHeads[group] ?? { x: 0, y: 0, width: 0 };
            expect(x).toBeGreaterThan(bar.x);
            expect(x).toBeLessThan(bar.x + bar.width);
            expect(y + radius).toBeLessThanOrEqual(bar.y);
            expect(bar.y).toBeLessThan(height);
          }
          const places = heads.map(({ x, y }) => `${Math.round(x)} ${Math.round(y)}`);
          expect(new Set(places).size).toBe(places.length);
        },
      ),
    );
  });

  const layout = (groupOfHead: number[], more: Partial<HeadLayout> = {}): HeadLayout => ({
    ...{ layers: [0, 1, 2], attention: 'causal', stack: 'decoder', window: null, groupOfHead },
    ...more,
  });

  it.each([
    [[0, 1, 2], /^3 query heads, each with a KV head of its own/],
    [[0, 0, 0], /^All 3 query heads share one KV head/],
    [[0, 0, 1, 1], /^4 query heads on 2 KV heads: 2 share each/],
    [[0, 0, 0, 1], /1 to 3 share each/],
    [[0], /^One query head/],
  ])('is said in a sentence: %j', (groups, sentence) => {
    expect(layoutSentence(layout(groups))).toMatch(sentence);
  });

  it('names the layers that are alike, and what they see', () => {
    const layers = (stack: 'encoder' | 'decoder') =>
      ({ title: '', name: '', stack, attention: 'causal', grouped: true }) as const;
    const one = { ...summary, layers: [layers('decoder')] };
    expect(layoutTitle(layout([0], { layers: [0, 2, 3], window: 4096 }), one)).toBe(
      'Layers 0, 2–3 · window of 4\u202f096',
    );
    const both = { ...summary, layers: [layers('encoder'), layers('decoder')] };
    expect(layoutTitle(layout([0], { attention: 'cross' }), both)).toBe('Decoder, cross-attention: 3 layers');
  });
});

const summary: CheckpointStructure['summary'] = {
  ...{ name: 'm', path: '/m', family: 'unknown', familyTitle: 'unknown' },
  ...{ L: 0, D: 0, H: 0, G: 0, K: 0, F: 0, V: 0, layers: [], parameters: 0, dtypes: {}, dtype: 'none' },
  ...{ bytesOnDisk: 10, tiedEmbeddings: false, position: 'unknown', features: [], maxPositions: null },
  ...{ hasTokenizer: false, kvCacheBytesPerToken: 0, crossCacheBytesPerToken: 0, groupChoices: [] },
  notRunnable: 'There is no config.json beside the file.',
};

describe('the facts', () => {
  it('of a file alone end with what is not known', () => {
    const facts = factsOf(summary, new TensorList(columnsOf([])));
    expect(facts.at(-1)).toEqual({
      label: 'Not known',
      value: 'Family, Parameters, Layers, Hidden size, Heads, Positions, KV cache, Vocabulary',
    });
    expect(facts.map(({ value }) => value).join()).not.toMatch(/NaN|undefined|null/);
  });

  it('offer token ids in the place of a tokenizer only where the model can run', () => {
    const tokenizer = (notRunnable: string | null): string | undefined =>
      factsOf({ ...summary, hasTokenizer: false, notRunnable }, new TensorList(columnsOf([]))).find(
        ({ label }) => label === 'Tokenizer',
      )?.value;
    expect([tokenizer(null), tokenizer('no family')]).toEqual(['none: token ids can be run', 'none']);
  });

  it.each([
    [[], 'scalar'],
    [[3], '3'],
    [[2, 3], '2 × 3'],
  ])('a shape %j is %s', (shape, text) => {
    expect(shapeText(shape)).toBe(text);
  });
});

describe('what the page kept', () => {
  it('comes back whole, and loses what is damaged', () => {
    const kept = {
      ...usualUi,
      filter: 'q',
      sortBy: 'bytes',
      folded: true,
      foldedOtherwise: ['a'],
      scrollTop: 7,
      selected: 'w',
    };
    expect(restoreUi(kept)).toEqual(kept);
    expect(restoreUi({ ...kept, sortBy: 'colour', scrollTop: 'x', foldedOtherwise: [1, 'b'], filter: null })).toEqual({
      ...kept,
      ...{ sortBy: 'name', scrollTop: 0, foldedOtherwise: ['b'], filter: '' },
    });
    for (const damaged of [undefined, null, 7, 'x', []]) expect(restoreUi(damaged)).toEqual(usualUi);
  });
});
