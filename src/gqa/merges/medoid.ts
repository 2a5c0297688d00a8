/**
 * Medoid: the member that is nearest to the others stands for its group, with both K and V.
 * Role: one entry of the merge registry.
 */
import type { SolvedLayer, SolvingMerge, SourceLayer } from '../merge';
import { membersOf } from '../solve/layerHeads';

const roles = ['k.weight', 'k.bias', 'v.weight', 'v.bias'] as const;

export const medoid: SolvingMerge = {
  kind: 'solve',
  id: 'medoid',
  title: 'Medoid',
  description: 'The K and V of the member nearest to the others. Needs no data; the other members lose theirs.',
  source: 'Kaufman and Rousseeuw 1987; distance of K and V together',
  solve: async (source, _calibration, task) => pick(source, task.signal),
};

async function pick(source: SourceLayer, signal: AbortSignal): Promise<SolvedLayer> {
  const heads = source.groupOfKvHead.length;
  const weights = await Promise.all(
    roles.filter((role) => source.has(role)).map(async (role) => ({ role, weight: await source.read(role, signal) })),
  );
  const distance = (a: number, b: number): number =>
    weights.reduce((sum, { weight: { data } }) => {
      const block = data.length / heads;
      let squares = 0;
      let size = 0;
      for (let index = 0; index < block; index++) {
        squares += ((data[a * block + index] ?? 0) - (data[b * block + index] ?? 0)) ** 2;
      }
      for (const value of data) size += value ** 2;
      // Each projection counts by its own size: V is often smaller than K and reads as important.
      return sum + (size > 0 ? squares / size : 0);
    }, 0);
  const donors = membersOf(source.groupOfKvHead, source.G).map((members) => {
    const totals = members.map((a) => members.reduce((sum, b) => sum + distance(a, b), 0));
    return members[totals.indexOf(Math.min(...totals))] ?? 0;
  });
  const solved: SolvedLayer = {};
  for (const { role, weight } of weights) {
    const block = weight.data.length / heads;
    const data = new Float32Array(donors.length * block);
    donors.forEach((donor, group) => data.set(weight.data.subarray(donor * block, (donor + 1) * block), group * block));
    solved[role] = { data, rows: (weight.rows / heads) * donors.length, columns: weight.columns };
  }
  return solved;
}
