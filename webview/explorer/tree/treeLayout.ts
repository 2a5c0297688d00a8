/**
 * Where the joints of a tree of likeness lie, above its leaves. Pure geometry, in pixels.
 */
import type { Branch } from './linkage';

/** Two parts and the bracket that joins them. */
export interface JointPlace {
  branch: Branch;
  parts: readonly [Branch, Branch];
  height: number;
  /** The middle of the bracket's top. */
  x: number;
  y: number;
  /** SVG path: from the left part up, across, and down to the right part. */
  path: string;
  /** The first and the last leaf below. */
  left: number;
  right: number;
}

/** Joints, every one before those below it: where areas overlap, the smallest lies on top. */
export function layoutTree(
  root: Branch,
  leafX: (head: number) => number,
  heightY: (height: number) => number,
  leafY: number,
): JointPlace[] {
  const places: JointPlace[] = [];
  /** Places what is below and gives back where the branch itself is held. */
  const hold = (branch: Branch): { x: number; y: number } => {
    const { parts, height } = branch;
    if (parts === null || height === null) return { x: leafX(branch.leaves[0] ?? 0), y: leafY };
    const y = heightY(height);
    const place = places.length;
    const left = hold(parts[0]);
    const right = hold(parts[1]);
    const x = (left.x + right.x) / 2;
    const path = `M${round(left.x)},${round(left.y)}V${round(y)}H${round(right.x)}V${round(right.y)}`;
    const [first = 0, last = first] = [branch.leaves[0], branch.leaves.at(-1)].map((leaf) => leafX(leaf ?? 0));
    places.splice(place, 0, { branch, parts, height, x, y, path, left: first, right: last });
    return { x, y };
  };
  hold(root);
  return places;
}

/** The joint that one moves to from another with an arrow key: up, down, or to the next on a side; the same where there is none. */
export function neighbourJoint(joints: readonly JointPlace[], from: number, key: string): number {
  const current = joints[from];
  if (current === undefined) return from;
  const candidates = joints.filter((joint) => {
    if (key === 'ArrowUp') return joint.parts.includes(current.branch);
    if (key === 'ArrowDown') return current.parts.includes(joint.branch);
    return key === 'ArrowRight' ? joint.x > current.x : joint.x < current.x;
  });
  const [nearest] = candidates.sort((a, b) => Math.abs(a.x - current.x) - Math.abs(b.x - current.x));
  return nearest === undefined ? from : joints.indexOf(nearest);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
