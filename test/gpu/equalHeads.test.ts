/** Merging heads that are equal already changes nothing, whatever the merge, the groups and the family. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { convert } from '../../src/gqa/convert';
import { merges } from '../../src/gqa/merge';
import { findMethod } from '../../src/gqa/registry';
import { calibrate } from '../../src/model/calibration';
import { GpuWeights } from '../../src/model/gpuWeights';
import { logitDistance } from '../../src/model/sameFunction';
import { isPerKvHead } from '../../src/model/specFacts';
import type { Role } from '../../src/model/roles';
import type { Weight, WeightSource } from '../../src/model/weightSource';
import { quietTask } from '../../src/protocol/tasks';
import { settleAfterAll, testContext } from './support/device';
import { fixtures, openModel } from './support/golden';
import { randoms } from './support/reference';

/** A model whose KV heads are those of the first member of their group. */
function equalised(source: WeightSource, groups: readonly number[]): WeightSource {
  const read = async (role: Role, layer: number | null): Promise<Weight> => {
    const weight = await source.read(role, layer);
    if (layer === null || !isPerKvHead(source.spec, role)) return weight;
    const block = weight.data.length / groups.length;
    const data = new Float32Array(weight.data.length);
    groups.forEach((group, head) => {
      const first = groups.indexOf(group);
      data.set(weight.data.subarray(first * block, (first + 1) * block), head * block);
    });
    return { ...weight, data };
  };
  return {
    spec: source.spec,
    has: (role, layer) => source.has(role, layer),
    read,
    readRows: (role, layer, start, end) => source.readRows(role, layer, start, end),
  };
}

function randomTokens(seed: number, count: number, V: number): number[] {
  return [...randoms(seed, count)].map((value) => Math.floor(((value + 1) / 2) * V));
}

const cases = [
  { name: 'llama-mha', groups: [0, 1, 0, 2, 1, 0, 2, 0], what: 'rotary' },
  { name: 'gpt2', groups: [1, 0, 0, 1, 1, 0, 1, 0], what: 'no rotary embeddings, biases' },
  { name: 'gpt-neox', groups: [0, 0, 1, 1, 0, 0, 1, 1], what: 'partly rotary, biases' },
  { name: 'olmo2', groups: [0, 0], what: 'qk-norm' },
];

describe.each(cases)('equal heads of $name ($what)', ({ name, groups }) => {
  settleAfterAll();

  // Random heads are not those of the model.
  const methods = merges.filter(({ id }) => id !== 'random');

  it.each(methods)('stay what they are by $id', async (merge) => {
    const context = await testContext();
    const weights = new GpuWeights(context, 1 << 30);
    const source = equalised((await openModel(join(fixtures, name))).source, groups);
    const { L, G, V } = source.spec;
    expect(G).toBe(groups.length);
    const grouping = { G: Math.max(...groups) + 1, groupOfKvHead: Array.from({ length: L }, () => groups) };
    const tokens = (seed: number, count: number): number[] => randomTokens(seed, count, V);
    const windows = [1, 2, 3].map((seed) => tokens(seed, 64));
    const calibration = merge.needsText
      ? await calibrate(context, weights, source, windows, 'random tokens', quietTask)
      : null;
    const converted = await convert(source, grouping, merge, { calibration, task: quietTask });
    // Least squares stop within their rounding.
    const tolerance = merge.needsText ? 3e-3 : 1e-4;
    const distance = await logitDistance(context, weights, source, converted, tokens(4, 24), quietTask);
    expect(distance).toBeLessThan(tolerance);
    for (const used of [source, converted]) weights.drop(used);
  });
});

describe('keys that may not be turned', () => {
  settleAfterAll();

  it('are pooled, and values fitted on a text come nearer than pooled ones', async () => {
    const context = await testContext();
    const weights = new GpuWeights(context, 1 << 30);
    const { source } = await openModel(join(fixtures, 'qwen3'));
    const { L, G, V } = source.spec;
    const windows = [1, 2, 3].map((seed) => randomTokens(seed, 64, V));
    const calibration = await calibrate(context, weights, source, windows, 'random tokens', quietTask);
    const grouping = { G: 1, groupOfKvHead: Array.from({ length: L }, () => new Array<number>(G).fill(0)) };
    const converted = (id: string): Promise<WeightSource> =>
      convert(source, grouping, findMethod(merges, id, 'merge'), { calibration, task: quietTask });
    const pooled = await converted('mean');
    const [text = []] = windows;
    const distance = (other: WeightSource): Promise<number> =>
      logitDistance(context, weights, source, other, text, quietTask);
    const lost = await distance(pooled);
    for (const id of ['pca-refit', 'pca-als', 'score-als']) {
      const fitted = await converted(id);
      expect((await fitted.read('k.weight', 0)).data).toEqual((await pooled.read('k.weight', 0)).data);
      expect(await fitted.read('q.weight', 0)).toEqual(await source.read('q.weight', 0));
      expect(await distance(fitted)).toBeLessThan(0.9 * lost);
    }
  });
});
