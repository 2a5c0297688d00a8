/** Heads of a branch are put into one group of their own. */
import { describe, expect, it } from 'vitest';
import { gatherHeads } from '../../../webview/explorer/assignment/gather';

const name = (head: number): string => `Q${head}`;
/** Heads are alike that are near each other. */
const near = (a: number, b: number): number => -Math.abs(a - b);
const gather = (groups: number[], heads: number[], G: number) => gatherHeads([[9], groups], 1, heads, G, near, name);

describe('gathering heads', () => {
  it('joins them in the group that most are in; others leave for the most alike group', () => {
    expect(gather([0, 0, 1, 0, 1, 2, 2, 2], [0, 1, 2], 3)).toEqual({
      groups: [[9], [0, 0, 0, 1, 1, 2, 2, 2]],
      said: 'Q0, Q1, Q2 share KV 0 now; Q3 went to KV 1.',
    });
  });

  it('gives a group that lost all its heads those that leave', () => {
    expect(gather([0, 0, 1, 1], [0, 2, 3], 2)).toEqual({
      groups: [[9], [1, 0, 1, 1]],
      said: 'Q0, Q2, Q3 share KV 1 now.',
    });
    expect(gather([0, 0, 0, 1], [0, 3], 2).groups?.[1]).toEqual([0, 1, 1, 0]);
  });

  it('parts the head that fits least when two whole groups become one', () => {
    expect(gather([0, 0, 1, 1, 2, 2, 2, 2], [0, 1, 2, 3], 3)).toEqual({
      groups: [[9], [0, 0, 0, 0, 1, 2, 2, 2]],
      said: 'Q0, Q1, Q2, Q3 share KV 0 now; Q4 went to KV 1.',
    });
  });

  it('says why it cannot, and when nothing is to be done', () => {
    expect(gather([0, 0, 1, 1], [0, 1, 2, 3], 2)).toEqual({
      groups: null,
      said: '0 of 4 heads are left for 1 other groups: choose fewer KV heads, or a smaller branch.',
    });
    expect(gather([0, 1, 2, 2], [0, 1, 2], 3).said).toMatch(/^1 of 4 heads are left for 2 other groups/);
    expect(gather([0, 0, 1, 1], [1, 0], 2)).toEqual({ groups: null, said: 'These are the groups already.' });
  });

  it('always leaves the heads alone in their group and no group empty', () => {
    const n = 7;
    for (let seed = 1; seed < 200; seed++) {
      const G = 2 + (seed % 4);
      const groups = Array.from({ length: n }, (_, head) => (head < G ? head : (seed * (head + 3)) % G));
      const heads = Array.from({ length: n }, (_, head) => head).filter((head) => (seed >> head) % 2 === 1);
      if (heads.length === 0) continue;
      const edit = gather(groups, heads, G);
      const result = edit.groups?.[1] ?? groups;
      if (n - heads.length < G - 1) {
        expect(edit.groups).toBeNull();
        continue;
      }
      expect([...new Set(result)].sort()).toEqual(Array.from({ length: G }, (_, group) => group));
      const target = result[heads[0] ?? 0];
      expect(result.flatMap((group, head) => (group === target ? [head] : []))).toEqual(heads);
    }
  });
});
