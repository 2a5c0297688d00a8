/** Where the joints of a tree lie, and how keys go through them. */
import { describe, expect, it } from 'vitest';
import { averageLinkage } from '../../../webview/explorer/tree/linkage';
import { layoutTree, neighbourJoint } from '../../../webview/explorer/tree/treeLayout';

// {0 1} at 1, {2 3} at 2, {0 1 2 3} at 9: leaves stand at 0, 10, 20, 30.
const distances = [0, 1, 9, 9, 1, 0, 9, 9, 9, 9, 0, 2, 9, 9, 2, 0];
const root = averageLinkage(distances, 4, 'low');
const x = (leaf: number): number => 10 * root.leaves.indexOf(leaf);
const joints = layoutTree(root, x, (height) => 100 - 10 * height, 100);
const headsOf = (place: number): string => [...(joints[place]?.branch.leaves ?? [])].sort().join('');

describe('the joints of a tree', () => {
  it('stand over the middle of their parts, at their height', () => {
    expect(joints.map(({ x, y, left, right }) => [x, y, left, right])).toEqual([
      [15, 10, 0, 30],
      [5, 90, 0, 10],
      [25, 80, 20, 30],
    ]);
    expect(joints.map(({ path }) => path)).toEqual(['M5,90V10H25V80', 'M0,100V90H10V100', 'M20,100V80H30V100']);
  });

  it('are reached by arrow keys, which stop at the ends', () => {
    expect(headsOf(0)).toBe('0123');
    const [low, high] = [neighbourJoint(joints, 0, 'ArrowLeft'), neighbourJoint(joints, 0, 'ArrowRight')];
    expect([headsOf(low), headsOf(high)].sort()).toEqual(['01', '23']);
    expect(neighbourJoint(joints, low, 'ArrowUp')).toBe(0);
    expect(neighbourJoint(joints, low, 'ArrowDown')).toBe(low);
    expect(neighbourJoint(joints, low, 'ArrowLeft')).toBe(low);
    expect(neighbourJoint(joints, high, 'ArrowLeft')).toBe(0);
    expect([low, high]).toContain(neighbourJoint(joints, 0, 'ArrowDown'));
  });
});
