/**
 * Merges that look at each of k and v by itself and combine the row blocks of a group's heads: mean and first.
 * Role: two entries of the merge registry. Biases pool the same way as their matrices.
 */
import { isPerKvHead } from '../../model/specFacts';
import type { Weight } from '../../model/weightSource';
import type { MergedLayer, PoolingMerge, SourceLayer } from '../merge';

/** The roles that may have one row block a KV head. */
const pooledRoles = (['k', 'v', 'k.norm'] as const).flatMap((name) => [`${name}.weight`, `${name}.bias`] as const);

/** Combines the blocks of a group's members (each K·columns numbers) into `target`. */
type Combine = (members: readonly Float32Array[], target: Float32Array) => void;

/** Mean in float64, so that the result does not depend on the order of the members. */
const combineMean: Combine = (members, target) => {
  for (let index = 0; index < target.length; index += 1) {
    let sum = 0;
    for (const member of members) sum += member[index] ?? 0;
    target[index] = sum / members.length;
  }
};

const combineFirst: Combine = (members, target) => {
  const [firstMember] = members;
  if (firstMember !== undefined) target.set(firstMember);
};

/**
 * Pools a weight of one row block a head.
 * @param weight [heads·K, columns]
 * @param groupOfKvHead [heads]
 * @returns [G·K, columns]
 */
function poolHeads(weight: Weight, groupOfKvHead: readonly number[], G: number, combine: Combine): Weight {
  const block = weight.data.length / groupOfKvHead.length;
  const data = new Float32Array(G * block);
  for (let group = 0; group < G; group += 1) {
    const members = groupOfKvHead.flatMap((headGroup, head) =>
      headGroup === group ? [weight.data.subarray(head * block, (head + 1) * block)] : [],
    );
    combine(members, data.subarray(group * block, (group + 1) * block));
  }
  return { data, rows: (weight.rows / groupOfKvHead.length) * G, columns: weight.columns };
}

/** The gains of keys that are normalised, where each head has its own: what merges leave them that look at projections. */
export function poolKeyNorms(source: SourceLayer): MergedLayer {
  const { 'k.norm.weight': weight, 'k.norm.bias': bias } = poolLayer(source, combineMean);
  return { ...(weight && { 'k.norm.weight': weight }), ...(bias && { 'k.norm.bias': bias }) };
}

function poolLayer(source: SourceLayer, combine: Combine): MergedLayer {
  const merged: MergedLayer = {};
  for (const role of pooledRoles) {
    if (!source.has(role) || !isPerKvHead(source.spec, role)) continue;
    merged[role] = async (signal) =>
      poolHeads(await source.read(role, signal), source.groupOfKvHead, source.G, combine);
  }
  return merged;
}

/** Mean pooling, the paper's choice. */
export const mean: PoolingMerge = {
  kind: 'pool',
  id: 'mean',
  title: 'Mean',
  description: "Mean of the members' K and V projections. Needs no data; heads in different bases shrink each other.",
  source: 'Ainslie et al. 2023, section 2.1',
  pool: (source) => poolLayer(source, combineMean),
};

/** The first member stands for its group. */
export const first: PoolingMerge = {
  kind: 'pool',
  id: 'first',
  title: 'First head',
  description: 'The K and V projections of the first member. Needs no data; the other members lose theirs.',
  source: 'Ainslie et al. 2023, figure 4',
  pool: (source) => poolLayer(source, combineFirst),
};
