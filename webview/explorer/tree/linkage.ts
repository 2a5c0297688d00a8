/**
 * The tree of likeness of a layer's heads: average linkage on a matrix of similarities or distances, its cuts, and the order
 * of its leaves. Pure arithmetic; heights are in the measure's own numbers, so that an axis can show them.
 * Sources: Sokal & Michener 1958 (average linkage, UPGMA); Gruvaeus & Wainer 1972 (order of the leaves).
 */

/** A branch: one head, or two branches that were joined. */
export interface Branch {
  /** Its leaves in the order shown. */
  leaves: number[];
  /** Mean likeness of the pairs across the two parts; of a leaf, null. */
  height: number | null;
  parts: readonly [Branch, Branch] | null;
}

/** Which numbers mean alike: similarities fall while joining goes on, distances rise. */
export type Alike = 'high' | 'low';

/**
 * Joins the two most alike branches again and again until one is left. Between branches counts the mean over all pairs of
 * their heads, so heights never turn back: a branch is at least as alike within as it is to the next.
 * @param matrix [n, n] symmetric; its diagonal is not read
 * @returns the root; n must be 1 or more
 */
export function averageLinkage(matrix: ArrayLike<number>, n: number, alike: Alike): Branch {
  const sign = alike === 'high' ? -1 : 1;
  // Distances between branches, by the places of their first heads.
  const distance = Float64Array.from(matrix, (value) => sign * value);
  const at = (a: number, b: number): number => distance[a * n + b] ?? 0;
  const branches = new Map<number, Branch>();
  for (let head = 0; head < n; head++) branches.set(head, { leaves: [head], height: null, parts: null });
  while (branches.size > 1) {
    const places = [...branches.keys()];
    const [first, second] = closest(places, at);
    const [a, b] = [branches.get(first), branches.get(second)];
    if (a === undefined || b === undefined) throw new Error(`There are no branches ${first} and ${second}`);
    const height = sign * at(first, second);
    for (const other of places) {
      const mean =
        (a.leaves.length * at(first, other) + b.leaves.length * at(second, other)) /
        (a.leaves.length + b.leaves.length);
      distance[first * n + other] = distance[other * n + first] = mean;
    }
    branches.delete(second);
    branches.set(
      first,
      join(a, b, height, (x, y) => sign * (matrix[x * n + y] ?? 0)),
    );
  }
  const [root] = branches.values();
  if (root === undefined) throw new Error('A tree needs a head');
  return root;
}

/** The two places that are least apart. */
function closest(places: readonly number[], at: (a: number, b: number) => number): [number, number] {
  let [first, second] = [places[0] ?? 0, places[1] ?? 0];
  places.forEach((a, index) => {
    for (let other = index + 1; other < places.length; other++) {
      const b = places[other] ?? 0;
      if (at(a, b) < at(first, second)) [first, second] = [a, b];
    }
  });
  return [first, second];
}

/** Puts two branches beside each other, turned so that the two leaves that meet are as alike as can be. */
function join(a: Branch, b: Branch, height: number, distance: (x: number, y: number) => number): Branch {
  const ways: [Branch, Branch][] = [
    [a, b],
    [turned(a), b],
    [a, turned(b)],
    [turned(a), turned(b)],
  ];
  const gap = ([left, right]: [Branch, Branch]): number => distance(left.leaves.at(-1) ?? 0, right.leaves[0] ?? 0);
  const parts = ways.reduce((best, way) => (gap(way) < gap(best) ? way : best));
  return { leaves: [...parts[0].leaves, ...parts[1].leaves], height, parts };
}

function turned(branch: Branch): Branch {
  if (branch.parts === null) return branch;
  const [left, right] = branch.parts;
  return { ...branch, leaves: [...branch.leaves].reverse(), parts: [turned(right), turned(left)] };
}

/** All branches with two parts, every branch after those it is made of. */
export function joints(branch: Branch): (Branch & { height: number; parts: readonly [Branch, Branch] })[] {
  if (branch.parts === null || branch.height === null) return [];
  const { height, parts } = branch;
  return [...joints(parts[0]), ...joints(parts[1]), { ...branch, height, parts }];
}

/** The branches that are left when the tree is cut so that there are `count`, in the order of their leaves. */
export function cutTree(root: Branch, count: number, alike: Alike): Branch[] {
  const sign = alike === 'high' ? -1 : 1;
  let branches = [root];
  while (branches.length < count) {
    const open = branches.filter(({ height }) => height !== null);
    if (open.length === 0) break;
    const loosest = open.reduce((most, branch) =>
      sign * (branch.height ?? 0) > sign * (most.height ?? 0) ? branch : most,
    );
    branches = branches.flatMap((branch) => (branch === loosest ? (branch.parts ?? [branch]) : [branch]));
  }
  return branches;
}

/** Where a cut into `count` branches lies: between the last joint that it leaves and the first that it undoes. */
export function cutHeight(root: Branch, count: number, alike: Alike): number | null {
  const sign = alike === 'high' ? -1 : 1;
  const heights = joints(root)
    .map(({ height }) => height)
    .sort((a, b) => sign * (b - a));
  // heights[0] is the root's, which a cut into two undoes.
  const undone = heights[count - 2];
  if (undone === undefined) return null;
  const left = heights[count - 1];
  return left === undefined ? null : (undone + left) / 2;
}

/** [n] group of each head under a cut, numbered in the order of the groups' smallest heads. */
export function groupsOfCut(branches: readonly Branch[]): number[] {
  const ordered = branches.map(({ leaves }) => leaves).sort((a, b) => Math.min(...a) - Math.min(...b));
  const groups: number[] = [];
  ordered.forEach((leaves, group) => leaves.forEach((head) => (groups[head] = group)));
  return groups;
}

/**
 * Means over blocks: how alike KV heads are by what is known of the query heads that read each.
 * @param matrix [n, n]
 * @param R rows a block; n is a multiple of it
 * @returns [n / R, n / R]
 */
export function blockMeans(matrix: ArrayLike<number>, n: number, R: number): Float64Array {
  const blocks = n / R;
  const means = new Float64Array(blocks * blocks);
  for (let row = 0; row < n; row++) {
    for (let column = 0; column < n; column++) {
      const place = Math.floor(row / R) * blocks + Math.floor(column / R);
      means[place] = (means[place] ?? 0) + (matrix[row * n + column] ?? 0) / (R * R);
    }
  }
  return means;
}
