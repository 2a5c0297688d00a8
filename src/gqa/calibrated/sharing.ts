/**
 * Between one block a group and one block a query head.
 * Role: repeats shared weights for the heads that read them, and sums what those heads say back.
 */

/** [G·size] to [H·size]: each query head gets its group's block. */
export function repeatForHeads(shared: Float64Array, groupOfHead: readonly number[], G: number): Float64Array {
  const size = shared.length / G;
  const result = new Float64Array(groupOfHead.length * size);
  groupOfHead.forEach((group, head) => result.set(shared.subarray(group * size, (group + 1) * size), head * size));
  return result;
}

/** [H·size] to [G·size]: the sum over the heads of each group. */
export function sumOverHeads(perHead: Float64Array, groupOfHead: readonly number[], G: number): Float64Array {
  const size = perHead.length / groupOfHead.length;
  const result = new Float64Array(G * size);
  groupOfHead.forEach((group, head) => {
    for (let index = 0; index < size; index++) {
      result[group * size + index] = (result[group * size + index] ?? 0) + (perHead[head * size + index] ?? 0);
    }
  });
  return result;
}
