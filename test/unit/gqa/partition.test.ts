// The search for groups: exact against all divisions written out, and exchanges that leave nothing to gain.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countDivisions, divide, type SetCost } from '../../../src/gqa/groupings/partition';
import { pace } from '../../../src/gqa/pace';
import { quietTask } from '../../../src/protocol/tasks';
import { divisions } from './divisions';

const breathe = pace(quietTask);

/** Costs of pairs, drawn at random; a set costs its pairs and, so that it is no mere sum, their largest. */
const pairCosts = (n: number): fc.Arbitrary<SetCost> =>
  fc
    .array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: n * n, maxLength: n * n })
    .map((numbers) => (members) => {
      const pairs = members.flatMap((a) => members.filter((b) => b > a).map((b) => numbers[a * n + b] ?? 0));
      return pairs.reduce((sum, pair) => sum + pair, 0) + Math.max(0, ...pairs);
    });

async function total(groups: readonly number[], cost: SetCost): Promise<number> {
  let sum = 0;
  for (let group = 0; group < Math.max(...groups) + 1; group++) {
    sum += await cost(groups.flatMap((own, head) => (own === group ? [head] : [])));
  }
  return sum;
}

const shapes = [
  [4, 2],
  [6, 3],
  [6, 2],
  [8, 4],
  [8, 2],
  [5, 5],
  [4, 1],
] as const;

describe('divisions into equal groups', () => {
  it.each(shapes)('of %d heads into %d are counted right', (n, G) => {
    expect(countDivisions(n, G)).toBe(divisions(n, G).length);
  });

  it('are 105 and 35 for 8 heads', () => {
    expect([countDivisions(8, 4), countDivisions(8, 2)]).toEqual([105, 35]);
  });

  it.each(shapes)('of %d heads into %d: the cheapest is found', async (n, G) => {
    await fc.assert(
      fc.asyncProperty(pairCosts(n), async (cost) => {
        const all = await Promise.all(divisions(n, G).map((groups) => total(groups, cost)));
        expect(await total(await divide(n, G, cost, breathe), cost)).toBeCloseTo(Math.min(...all), 10);
      }),
      { numRuns: 20 },
    );
  });

  it.each(shapes)('of %d heads into %d, searched without trying all: equal, and no exchange helps', async (n, G) => {
    await fc.assert(
      fc.asyncProperty(pairCosts(n), async (cost) => {
        const found = await divide(n, G, cost, breathe, 0);
        for (let group = 0; group < G; group++) expect(found.filter((own) => own === group)).toHaveLength(n / G);
        const reached = await total(found, cost);
        for (let a = 0; a < n; a++) {
          for (let b = 0; b < a; b++) {
            const swapped = found.map((own, head) =>
              head === a ? (found[b] ?? own) : head === b ? (found[a] ?? own) : own,
            );
            expect(await total(swapped, cost)).toBeGreaterThanOrEqual(reached - 1e-10);
          }
        }
      }),
      { numRuns: 10 },
    );
  });

  it('that stand out are found among too many to try', async () => {
    // 4 groups of 4 among 2 627 625 divisions: heads of one remainder belong together.
    const cost: SetCost = (members) =>
      members.reduce((sum, a) => sum + members.filter((b) => b % 4 !== a % 4).length, 0);
    expect(countDivisions(16, 4)).toBe(2_627_625);
    expect(await divide(16, 4, cost, breathe)).toEqual(Array.from({ length: 16 }, (_, head) => head % 4));
  });

  it('asks for the cost of a set once', async () => {
    const asked: string[] = [];
    await divide(
      6,
      3,
      (members) => {
        asked.push(members.join(' '));
        return members[0] ?? 0;
      },
      breathe,
    );
    expect(new Set(asked).size).toBe(asked.length);
  });
});
