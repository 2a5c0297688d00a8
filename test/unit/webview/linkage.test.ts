/** The tree of likeness: against one drawn by hand, and against what average linkage means. */
import { describe, expect, it } from 'vitest';
import {
  averageLinkage,
  blockMeans,
  cutHeight,
  cutTree,
  groupsOfCut,
  joints,
  type Alike,
  type Branch,
} from '../../../webview/explorer/tree/linkage';

/** A symmetric matrix of numbers that nobody chose. */
function matrixOf(n: number, seed: number): Float64Array {
  const matrix = new Float64Array(n * n);
  let state = seed;
  for (let row = 0; row < n; row++) {
    for (let column = 0; column <= row; column++) {
      state = (state * 1664525 + 1013904223) % 2 ** 32;
      matrix[row * n + column] = matrix[column * n + row] = row === column ? 1 : state / 2 ** 32;
    }
  }
  return matrix;
}

/** Sets of heads that are joined, as "0 3 4 · height". */
function shape(root: Branch): string[] {
  const sorted = (leaves: readonly number[]): string => [...leaves].sort((a, b) => a - b).join(' ');
  return joints(root).map(({ leaves, height }) => `${sorted(leaves)} · ${height.toFixed(3)}`);
}

/** Distances of five things as a textbook has them: 0 1 meet first, then 2 4, then 3 joins those, then all. */
const textbook = [
  [0, 2, 6, 10, 9],
  [2, 0, 5, 9, 8],
  [6, 5, 0, 4, 3],
  [10, 9, 4, 0, 4.5],
  [9, 8, 3, 4.5, 0],
].flat();

describe('average linkage', () => {
  it('joins by hand-made distances as one does by hand', () => {
    // {2 4} and 3: (4 + 4.5) / 2; {0 1} and {2 3 4}: (6 + 10 + 9 + 5 + 9 + 8) / 6.
    expect(shape(averageLinkage(textbook, 5, 'low')).sort()).toEqual([
      '0 1 2 3 4 · 7.833',
      '0 1 · 2.000',
      '2 3 4 · 4.250',
      '2 4 · 3.000',
    ]);
  });

  it('takes similarities the other way round', () => {
    const similar = textbook.map((distance) => 1 - distance / 10);
    expect(shape(averageLinkage(similar, 5, 'high')).sort()).toEqual([
      '0 1 2 3 4 · 0.217',
      '0 1 · 0.800',
      '2 3 4 · 0.575',
      '2 4 · 0.700',
    ]);
  });

  it.each([
    { n: 1, alike: 'high' },
    { n: 2, alike: 'low' },
    { n: 13, alike: 'high' },
    { n: 32, alike: 'low' },
  ] satisfies { n: number; alike: Alike }[])(
    'gives the mean over all pairs as height: $n heads, $alike',
    ({ n, alike }) => {
      const matrix = matrixOf(n, n);
      const root = averageLinkage(matrix, n, alike);
      expect([...root.leaves].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, head) => head));
      expect(joints(root)).toHaveLength(n - 1);
      for (const { height, parts, leaves } of joints(root)) {
        const [left, right] = parts;
        const pairs = left.leaves.flatMap((a) => right.leaves.map((b) => matrix[a * n + b] ?? NaN));
        expect(height).toBeCloseTo(pairs.reduce((sum, value) => sum + value, 0) / pairs.length, 9);
        expect(leaves).toEqual([...left.leaves, ...right.leaves]);
        // No joint lies beyond the one above it: cophenetic distances are ultrametric.
        for (const part of parts) {
          if (part.height === null) continue;
          if (alike === 'high') expect(part.height).toBeGreaterThanOrEqual(height);
          else expect(part.height).toBeLessThanOrEqual(height);
        }
      }
    },
  );

  it('does not depend on how heads are numbered', () => {
    const n = 9;
    const matrix = matrixOf(n, 3);
    const order = [4, 7, 1, 0, 8, 2, 6, 3, 5];
    const renumbered = order.flatMap((row) => order.map((column) => matrix[row * n + column] ?? 0));
    const named = joints(averageLinkage(renumbered, n, 'high')).map(({ leaves, ...joint }) => ({
      ...joint,
      leaves: leaves.map((place) => order[place] ?? -1),
    }));
    const sets = (branches: readonly { leaves: number[] }[]): string[] =>
      branches.map(({ leaves }) => [...leaves].sort((a, b) => a - b).join(' ')).sort();
    expect(sets(named)).toEqual(sets(joints(averageLinkage(matrix, n, 'high'))));
  });

  it('turns branches so that leaves that meet are alike', () => {
    // On a line, the order of the leaves is the order on the line, or its reverse.
    const places = [5, 0.1, 3.2, 9, 1.4, 3.9];
    const distances = places.flatMap((a) => places.map((b) => Math.abs(a - b)));
    const met = averageLinkage(distances, 6, 'low').leaves.map((leaf) => places[leaf] ?? 0);
    const sorted = [...places].sort((a, b) => a - b);
    expect([sorted, [...sorted].reverse()]).toContainEqual(met);
  });

  it('stands numbers that are none', () => {
    const matrix = matrixOf(4, 1).fill(NaN);
    expect(joints(averageLinkage(matrix, 4, 'high'))).toHaveLength(3);
  });
});

describe('a cut', () => {
  it.each([1, 2, 3, 6, 11, 12])('leaves %i branches, whose pairs are more alike than any that it parts', (count) => {
    const n = 12;
    const root = averageLinkage(matrixOf(n, 8), n, 'high');
    const branches = cutTree(root, count, 'high');
    expect(branches).toHaveLength(count);
    expect(branches.flatMap(({ leaves }) => leaves)).toEqual(root.leaves);
    const height = cutHeight(root, count, 'high');
    if (count === 1 || count === n) return;
    const kept = branches.flatMap((branch) => joints(branch).map((joint) => joint.height));
    const parted = joints(root)
      .map((joint) => joint.height)
      .filter((own) => !kept.includes(own));
    expect(Math.min(...kept)).toBeGreaterThan(height ?? NaN);
    expect(Math.max(...parted)).toBeLessThan(height ?? NaN);
  });

  it('has no height where nothing is parted or nothing is left', () => {
    const root = averageLinkage(textbook, 5, 'low');
    expect([1, 5, 6].map((count) => cutHeight(root, count, 'low'))).toEqual([null, null, null]);
    expect(cutHeight(root, 2, 'low')).toBeCloseTo((7.8333 + 4.25) / 2, 3);
    expect(cutTree(root, 9, 'low')).toHaveLength(5);
  });

  it('numbers groups by their smallest heads', () => {
    const root = averageLinkage(textbook, 5, 'low');
    expect(groupsOfCut(cutTree(root, 2, 'low'))).toEqual([0, 0, 1, 1, 1]);
    expect(groupsOfCut(cutTree(root, 3, 'low'))).toEqual([0, 0, 1, 2, 1]);
    expect(groupsOfCut(cutTree(root, 1, 'low'))).toEqual([0, 0, 0, 0, 0]);
  });
});

describe('KV heads by their query heads', () => {
  it('have the mean over the pairs of a block', () => {
    const means = blockMeans([1, 0.5, 0.1, 0.2, 0.5, 1, 0.3, 0.4, 0.1, 0.3, 1, 0.6, 0.2, 0.4, 0.6, 1], 4, 2);
    [0.75, 0.25, 0.25, 0.8].forEach((value, place) => expect(means[place]).toBeCloseTo(value, 12));
  });
});
