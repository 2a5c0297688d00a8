/**
 * Random heads, as if K and V were trained anew: the paper's lower end of comparison.
 * Role: one entry of the merge registry. Seeded by layer, role and group, so that every run gets the same heads.
 */
import type { LayerRole } from '../../model/roles';
import type { Weight } from '../../model/weightSource';
import type { MergedLayer, PoolingMerge, SourceLayer } from '../merge';
import { gaussianRandom } from '../random';

const roles: readonly LayerRole[] = ['k.weight', 'k.bias', 'v.weight', 'v.bias'];

export const random: PoolingMerge = {
  kind: 'pool',
  id: 'random',
  title: 'Random',
  description:
    'Gaussian K and V of the same size as the members, seeded. Keeps nothing: the floor that others must beat.',
  source: 'Ainslie et al. 2023, figure 4',
  pool: (source) => {
    const merged: MergedLayer = {};
    roles.forEach((role, place) => {
      if (source.has(role)) merged[role] = async (signal) => draw(source, await source.read(role, signal), place);
    });
    return merged;
  },
};

function draw({ layer, G, groupOfKvHead }: SourceLayer, weight: Weight, place: number): Weight {
  const block = weight.data.length / groupOfKvHead.length;
  const rootMeanSquare = Math.sqrt(weight.data.reduce((sum, value) => sum + value ** 2, 0) / weight.data.length);
  const data = new Float32Array(G * block);
  for (let group = 0; group < G; group++) {
    const next = gaussianRandom((layer * roles.length + place) * 4096 + group);
    for (let index = group * block; index < (group + 1) * block; index++) data[index] = next() * rootMeanSquare;
  }
  return { data, rows: (weight.rows / groupOfKvHead.length) * G, columns: weight.columns };
}
