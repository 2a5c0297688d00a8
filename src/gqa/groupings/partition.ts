/**
 * The cheapest division of heads into groups of equal size, where each set of heads has a cost.
 * Role: the search, exact while there are few divisions. What a set of heads costs is the caller's business.
 */

import type { Breathe } from '../pace';

/** Divisions up to which all of them are tried (METHODS, "Grouping"). */
const mostTried = 200_000;

/** The cost of a set of heads, in ascending order; it is asked once a set. Total cost is the sum over groups. */
export type SetCost = (members: readonly number[]) => number | Promise<number>;

interface Division {
  groups: number[][];
  total: number;
}

/** The number of ways to divide n heads into G groups of equal size. */
export function countDivisions(n: number, G: number): number {
  const size = n / G;
  let count = 1;
  // The first head that is left chooses size - 1 companions among the others, group after group.
  for (let left = n; left > 0; left -= size) count *= binomial(left - 1, size - 1);
  return count;
}

/** How many sets of n / G heads `divide` asks the cost of, about. */
export function setsToTry(n: number, G: number): number {
  const size = n / G;
  // Exchanges: some rounds, in each of which a head may go to any other's place.
  return countDivisions(n, G) < mostTried ? binomial(n, size) : 4 * n * n;
}

function binomial(n: number, k: number): number {
  let result = 1;
  for (let i = 1; i <= k; i++) result = (result * (n - k + i)) / i;
  return Math.round(result);
}

/**
 * Divides heads 0..n-1 into G groups of equal size: the cheapest of all divisions while there are fewer than 200 000, else
 * one that no exchange of two heads makes cheaper.
 * @returns [n] the group of each head; groups are numbered by their first head
 */
export async function divide(
  n: number,
  G: number,
  cost: SetCost,
  breathe: Breathe,
  mostExact = mostTried,
): Promise<number[]> {
  const known = new Map<string, number>();
  const remembered = async (members: readonly number[]): Promise<number> => {
    await breathe();
    const key = members.join(' ');
    const found = known.get(key) ?? (await cost(members));
    known.set(key, found);
    return found;
  };
  const all = Array.from({ length: n }, (_, head) => head);
  const groups =
    countDivisions(n, G) < mostExact
      ? ((await cheapest(all, n / G, remembered, Infinity))?.groups ?? [])
      : await exchange(await gather(all, n / G, remembered), remembered);
  const result = new Array<number>(n).fill(0);
  groups
    .sort(([a = 0], [b = 0]) => a - b)
    .forEach((members, group) => members.forEach((head) => (result[head] = group)));
  return result;
}

/** The cheapest division of the heads that are left; null when none costs less than `limit`. */
async function cheapest(
  left: readonly number[],
  size: number,
  cost: (members: readonly number[]) => Promise<number>,
  limit: number,
): Promise<Division | null> {
  const [first] = left;
  if (first === undefined) return { groups: [], total: 0 };
  let best: Division | null = null;
  let least = limit;
  for (const companions of subsets(left.slice(1), size - 1)) {
    const members = [first, ...companions];
    const own = await cost(members);
    if (own >= least) continue;
    const others = await cheapest(
      left.filter((head) => !members.includes(head)),
      size,
      cost,
      least - own,
    );
    if (others === null) continue;
    least = own + others.total;
    best = { groups: [members, ...others.groups], total: least };
  }
  return best;
}

/** All subsets of `count` heads, each in the order of `heads`. */
function* subsets(heads: readonly number[], count: number): Generator<number[]> {
  if (count === 0) {
    yield [];
    return;
  }
  for (let index = 0; index + count <= heads.length; index++) {
    const head = heads[index] ?? 0;
    for (const rest of subsets(heads.slice(index + 1), count - 1)) yield [head, ...rest];
  }
}

/** Groups gathered one after the other: the cheapest pair, then whoever adds least, until the group is full. */
async function gather(
  all: readonly number[],
  size: number,
  cost: (members: readonly number[]) => Promise<number>,
): Promise<number[][]> {
  const groups: number[][] = [];
  let left = [...all];
  while (left.length > 0) {
    let group = left.length === size ? left : await smallest(subsets(left, Math.min(2, size)), cost);
    while (group.length < size) {
      const joined = left.filter((head) => !group.includes(head)).map((head) => ascending([...group, head]));
      group = await smallest(joined, cost);
    }
    groups.push(group);
    left = left.filter((head) => !group.includes(head));
  }
  return groups;
}

/** Exchanges two heads of different groups, the best exchange first, until none helps. */
async function exchange(
  groups: number[][],
  cost: (members: readonly number[]) => Promise<number>,
): Promise<number[][]> {
  for (;;) {
    let best = { gain: 0, a: 0, b: 0, newA: [] as number[], newB: [] as number[] };
    for (const [a, groupA] of groups.entries()) {
      for (const [b, groupB] of groups.entries()) {
        if (b <= a) continue;
        const before = (await cost(groupA)) + (await cost(groupB));
        for (const headA of groupA) {
          for (const headB of groupB) {
            const newA = ascending(groupA.map((head) => (head === headA ? headB : head)));
            const newB = ascending(groupB.map((head) => (head === headB ? headA : head)));
            const gain = before - (await cost(newA)) - (await cost(newB));
            if (gain > best.gain) best = { gain, a, b, newA, newB };
          }
        }
      }
    }
    // Rounding must not exchange two heads to and fro.
    if (best.gain <= 1e-12) return groups;
    groups[best.a] = best.newA;
    groups[best.b] = best.newB;
  }
}

async function smallest(
  sets: Iterable<number[]>,
  cost: (members: readonly number[]) => Promise<number>,
): Promise<number[]> {
  let best: number[] = [];
  let least = Infinity;
  for (const members of sets) {
    const own = await cost(members);
    if (own < least) [best, least] = [members, own];
  }
  return best;
}

function ascending(heads: number[]): number[] {
  return heads.sort((a, b) => a - b);
}
