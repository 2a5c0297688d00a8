// Groupings as values: who shares with whom, and which numbers of groups are refused.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkGrouping,
  contiguousGrouping,
  groupChoices,
  groupingView,
  identityGrouping,
  isContiguous,
  isIdentity,
} from '../../../src/gqa/grouping';
import type { Grouping } from '../../../src/gqa/grouping';
import { kvHeadsOf } from '../../../src/model/specFacts';
import { GqaLensError } from '../../../src/protocol/errors';
import { groupingOf } from '../../support/conversions';
import { makeSpec, randomSource } from './memorySource';

const contiguous = (L: number, heads: number, G: number, grouping = 'contiguous'): Promise<Grouping> =>
  groupingOf(randomSource(makeSpec({ L, H: heads, G: heads, K: 2, D: 1 })), { G, grouping });

describe('makeGrouping', () => {
  it('lets adjacent heads share', async () => {
    expect(await contiguous(2, 8, 2)).toEqual({
      G: 2,
      groupOfKvHead: [
        [0, 0, 0, 0, 1, 1, 1, 1],
        [0, 0, 0, 0, 1, 1, 1, 1],
      ],
    });
  });

  it('lets every G-th head share', async () => {
    expect((await contiguous(1, 8, 2, 'strided')).groupOfKvHead).toEqual([[0, 1, 0, 1, 0, 1, 0, 1]]);
  });

  it('takes the groups that somebody has chosen, equal or not, and says what is wrong with others', async () => {
    const source = randomSource(makeSpec({ L: 2, H: 4, G: 4, K: 2, D: 1 }));
    const manual = (assignment?: number[][], G = 2): Promise<Grouping> =>
      groupingOf(source, { G, grouping: 'manual', ...(assignment ? { assignment } : {}) });
    const unequal = [
      [0, 1, 1, 1],
      [1, 0, 0, 1],
    ];
    expect(await manual(unequal)).toEqual({ G: 2, groupOfKvHead: unequal });
    const three = [
      [0, 1, 2, 2],
      [2, 2, 0, 1],
    ];
    expect((await manual(three, 3)).groupOfKvHead).toEqual(three);
    await expect(manual()).rejects.toThrow(/needs an assignment/);
    await expect(manual([[0, 0, 1, 1]])).rejects.toThrow(/expected 2 layers; found 1 layers/);
    await expect(manual([...unequal, ...unequal])).rejects.toThrow(/found 4 layers/);
    await expect(
      manual([
        [0, 0, 1, 1],
        [0, 0, 0, 0],
      ]),
    ).rejects.toThrow(/none of them empty; found layer 1: 0, 0, 0, 0/);
    await expect(
      manual([
        [0, 0, 1, 2],
        [0, 0, 1, 1],
      ]),
    ).rejects.toThrow(/found layer 0: 0, 0, 1, 2/);
    await expect(manual(unequal, 5)).rejects.toThrow(/expected G from 1 to 4/);
  });

  it('accepts exactly the divisors, and every group then has as many members', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 96 }), fc.integer({ min: 1, max: 96 }), async (sourceG, G) => {
        const allowed = groupChoices(sourceG).includes(G);
        expect(allowed).toBe(sourceG % G === 0);
        if (!allowed) {
          await expect(contiguous(1, sourceG, G)).rejects.toThrow(GqaLensError);
          return;
        }
        const [groups] = (await contiguous(1, sourceG, G)).groupOfKvHead;
        for (let group = 0; group < G; group += 1) {
          expect(groups?.filter((other) => other === group)).toHaveLength(sourceG / G);
        }
      }),
    );
  });

  it.each([0, -1, 3, 1.5, 16, NaN])('refuses %d groups of 8 heads and lists what is possible', async (G) => {
    await expect(contiguous(1, 8, G)).rejects.toThrow(/expected G one of 8, 4, 2, 1/);
  });

  it('names the groupings when the id is unknown', async () => {
    await expect(contiguous(1, 8, 2, 'zigzag')).rejects.toThrow(/no grouping called "zigzag".*contiguous/);
  });
});

describe('layers whose heads are not grouped', () => {
  const [encoder, decoder] = makeSpec({}).layers;
  const spec = makeSpec({ L: 2, H: 8, G: 8 });
  if (encoder && decoder) spec.layers = [{ ...encoder, stack: 'encoder', grouped: false }, decoder];
  const own = [0, 1, 2, 3, 4, 5, 6, 7];

  it('keep every head, whatever the method says', async () => {
    const grouping = await groupingOf(randomSource(spec), { G: 2, grouping: 'contiguous' });
    expect(grouping).toEqual({ G: 2, groupOfKvHead: [own, [0, 0, 0, 0, 1, 1, 1, 1]] });
    expect([isIdentity(grouping), isContiguous(grouping)]).toEqual([false, true]);
    expect(groupingView(spec, grouping).groupOfHead).toEqual(grouping.groupOfKvHead);
    expect(identityGrouping({ ...spec, G: 2 }).groupOfKvHead).toEqual([own, [0, 1]]);
  });

  it('have as many KV heads as query heads', () => {
    const grouped = { ...spec, G: 2 };
    expect([kvHeadsOf(grouped, 0), kvHeadsOf(grouped, 1)]).toEqual([8, 2]);
    expect(() => kvHeadsOf(grouped, 2)).toThrow(RangeError);
  });

  it('must not be pooled', () => {
    const [half] = contiguousGrouping(1, 8, 2).groupOfKvHead;
    expect(() => checkGrouping({ G: 2, groupOfKvHead: [half ?? [], half ?? []] }, spec)).toThrow(GqaLensError);
  });
});

describe('groupingView', () => {
  it('spells out the group of each query head of a model that is grouped already', () => {
    const view = groupingView({ H: 8 }, contiguousGrouping(1, 4, 2));
    expect(view).toEqual({ G: 2, groupOfHead: [[0, 0, 0, 0, 1, 1, 1, 1]], groupOfKvHead: [[0, 0, 1, 1]] });
  });

  it('agrees with floor(h / R) for every shape', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        (G, a, b) => {
          const H = G * a * b;
          const view = groupingView({ H }, contiguousGrouping(1, G * a, G));
          expect(view.groupOfHead[0]).toEqual(Array.from({ length: H }, (_, head) => Math.floor(head / (H / G))));
        },
      ),
    );
  });
});

describe('isIdentity and isContiguous', () => {
  it('tell a checkpoint as it is from a pooled one', () => {
    expect(isIdentity(identityGrouping(makeSpec({ L: 3, H: 8, G: 4 })))).toBe(true);
    expect(isIdentity(contiguousGrouping(3, 4, 2))).toBe(false);
    expect(isIdentity({ G: 2, groupOfKvHead: [[1, 0]] })).toBe(false);
  });

  it('find groups whose members are not adjacent', () => {
    expect(isContiguous(contiguousGrouping(2, 6, 3))).toBe(true);
    expect(
      isContiguous({
        G: 2,
        groupOfKvHead: [
          [0, 0, 1, 1],
          [0, 1, 0, 1],
        ],
      }),
    ).toBe(false);
  });
});
