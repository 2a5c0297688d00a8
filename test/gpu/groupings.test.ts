/** Groups of any heads and sizes, run directly: against the same model with every group's head written out for its readers. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { convert } from '../../src/gqa/convert';
import type { Grouping } from '../../src/gqa/grouping';
import { mean } from '../../src/gqa/merges/pool';
import { contiguous } from '../../src/gqa/permute';
import { continueGreedily } from '../../src/model/greedy';
import { GpuWeights } from '../../src/model/gpuWeights';
import { keepRun } from '../../src/model/keptRun';
import { readLogits } from '../../src/model/logits';
import { readMaps } from '../../src/model/maps';
import { logitDistance } from '../../src/model/sameFunction';
import { groupOfHead } from '../../src/model/specFacts';
import type { Role } from '../../src/model/roles';
import type { Weight, WeightSource } from '../../src/model/weightSource';
import { quietTask } from '../../src/protocol/tasks';
import { exportAs } from '../support/exports';
import { maxDifference, relativeL2 } from './support/compare';
import { settleAfterAll, testContext } from './support/device';
import { fixtures, openModel } from './support/golden';

/** The multi-head model that computes what a grouped one does: each query head has its group's K and V as its own. */
function writtenOut(source: WeightSource): WeightSource {
  const { spec } = source;
  const own = Array.from({ length: spec.H }, (_, head) => head);
  const read = async (role: Role, layer: number | null): Promise<Weight> => {
    const weight = await source.read(role, layer);
    if (layer === null || !/^[kv]\./.test(role)) return weight;
    const block = weight.data.length / spec.G;
    const data = new Float32Array(spec.H * block);
    groupOfHead(spec, layer).forEach((group, head) =>
      data.set(weight.data.subarray(group * block, (group + 1) * block), head * block),
    );
    return { data, rows: spec.H * spec.K, columns: weight.columns };
  };
  return {
    spec: { ...spec, G: spec.H, groupOfHead: Array.from({ length: spec.L }, () => own) },
    has: (role, layer) => source.has(role, layer),
    read,
    readRows: (role, layer, start, end) => source.readRows(role, layer, start, end),
  };
}

describe('groups of any heads', () => {
  settleAfterAll();

  it.each([
    { name: 'llama-mha', groups: [3, 1, 0, 2, 2, 3, 1, 0] },
    { name: 'llama-mha', groups: [0, 2, 2, 0, 2, 1, 2, 2] },
    { name: 'gpt2', groups: [0, 1, 0, 1, 0, 1, 0, 1] },
  ])('$name with heads in $groups', async ({ name, groups }) => {
    const context = await testContext();
    const { source } = await openModel(join(fixtures, name));
    const { L, H } = source.spec;
    const groupOfKvHead = Array.from({ length: L }, (_, layer) => (layer % 2 ? groups : groups.toReversed()));
    const grouping = { G: Math.max(...groups) + 1, groupOfKvHead };
    const converted = await convert(source, grouping, mean, { calibration: null, task: quietTask });
    const weights = new GpuWeights(context, 1 << 30);
    const ids = [5, 17, 3, 44, 8, 21];
    const run = await keepRun(context, weights, converted, ids, quietTask);
    const expected = await keepRun(context, weights, writtenOut(converted), ids, quietTask);
    const logits = [
      await readLogits(context, weights, run, quietTask),
      await readLogits(context, weights, expected, quietTask),
    ] as const;
    expect(relativeL2(...logits)).toBeLessThan(1e-5);
    const heads = Array.from({ length: H }, (_, head) => H - 1 - head);
    for (let layer = 0; layer < L; layer++) {
      const read = (of: typeof run): Promise<Float32Array> =>
        readMaps(context, weights, of, layer, heads, [1, ids.length], quietTask);
      expect(maxDifference(await read(run), await read(expected))).toBeLessThan(1e-5);
    }
    const greedy = (of: typeof run): Promise<number[]> => continueGreedily(context, weights, of, 4, quietTask);
    expect(await greedy(run)).toEqual(await greedy(expected));
    run.destroy();
    expected.destroy();
  });
});

describe('groups put in order', () => {
  settleAfterAll();
  let folder: string;
  let exports = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gqa-lens-groupings-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const ids = [5, 17, 3, 44, 8, 21];

  /** In each layer 8 heads in any order, cut into groups of equal size. */
  const equalGroups = fc.constantFrom(1, 2, 4, 8).chain((G) =>
    fc
      .array(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8, maxLength: 8 }), {
        minLength: 2,
        maxLength: 2,
      })
      .map((orders): Grouping => ({ G, groupOfKvHead: orders.map((order) => order.map((place) => place % G)) })),
  );

  async function exported(
    name: string,
    grouping: Grouping,
  ): Promise<{ converted: WeightSource; opened: WeightSource }> {
    const { checkpoint, source } = await openModel(join(fixtures, name));
    const converted = await convert(source, grouping, mean, { calibration: null, task: quietTask });
    const outFolder = join(folder, String((exports += 1)));
    await exportAs({ checkpoint, source: converted, original: source, outFolder });
    return { converted, opened: (await openModel(outFolder)).source };
  }

  it('keep the logits: in memory, and exported and loaded', { timeout: 60_000 }, async () => {
    const context = await testContext();
    const weights = new GpuWeights(context, 1 << 30);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('llama-mha', 'gpt2'), equalGroups, async (name, grouping) => {
        const { converted, opened } = await exported(name, grouping);
        const ordered = contiguous(converted);
        expect(ordered.spec.groupOfHead).toBeUndefined();
        expect(opened.spec.groupOfHead).toBeUndefined();
        expect(opened.spec.G).toBe(name === 'gpt2' ? 8 : grouping.G);
        expect(await logitDistance(context, weights, converted, ordered, ids, quietTask)).toBeLessThan(1e-5);
        expect(await logitDistance(context, weights, converted, opened, ids, quietTask)).toBeLessThan(1e-5);
        // As many groups as heads: the mean of one head is that head, in whatever order.
        const original = grouping.G === 8 ? (await openModel(join(fixtures, name))).source : converted;
        expect(await logitDistance(context, weights, original, opened, ids, quietTask)).toBeLessThan(1e-5);
        for (const source of [converted, ordered, opened]) weights.drop(source);
      }),
      { numRuns: 12, seed: 5 },
    );
  });

  /** Every fixture of a decoder with KV heads to share. Position biases by place among the heads cannot be moved. */
  const families = [
    ...['cohere', 'gemma2', 'gpt-neox', 'gpt-oss', 'gptj', 'granite', 'llama-gqa', 'mistral-swa'],
    ...['mixtral', 'olmo2', 'opt', 'phi', 'phi3', 'qwen2', 'qwen3', 'smollm3', 'stablelm', 'starcoder2'],
  ];

  it.each(families)('keep the logits of %s, with its norms, sinks, biases and windows', async (name) => {
    const context = await testContext();
    const weights = new GpuWeights(context, 1 << 30);
    const { source } = await openModel(join(fixtures, name));
    const { G: n, L } = source.spec;
    expect(n).toBeGreaterThan(1);
    const G = n > 2 ? n / 2 : n;
    // Of 8 heads in 4 groups: 0 1 2 3 0 1 2 3; of 2 in 2: 1 0.
    const groups = Array.from({ length: n }, (_, head) => (n > 2 ? head % G : 1 - head));
    const groupOfKvHead = Array.from({ length: L }, (_, layer) => (layer % 2 ? groups : groups.toReversed()));
    const grouping = { G, groupOfKvHead };
    const converted = await convert(source, grouping, mean, { calibration: null, task: quietTask });
    const ordered = contiguous(converted);
    expect(converted.spec.groupOfHead).toBeDefined();
    expect(await logitDistance(context, weights, converted, ordered, ids, quietTask)).toBeLessThan(1e-4);
    expect(await logitDistance(context, weights, converted, source, ids, quietTask)).toBeGreaterThan(n > 2 ? 1e-3 : -1);
    for (const used of [source, converted, ordered]) weights.drop(used);
  });

  it('are refused by name where a position bias belongs to a place among the heads', async () => {
    const { source } = await openModel(join(fixtures, 'bloom'));
    const { L, G: n } = source.spec;
    const groupOfKvHead = Array.from({ length: L }, () => Array.from({ length: n }, (_, head) => head % 2));
    const converted = await convert(source, { G: 2, groupOfKvHead }, mean, { calibration: null, task: quietTask });
    expect(() => contiguous(converted)).toThrow(/cannot change places.*each place among the heads has its own/);
  });

  const unequal: Grouping = {
    G: 2,
    groupOfKvHead: [
      [0, 0, 0, 1, 1, 1, 1, 1],
      [0, 1, 0, 1, 0, 1, 0, 1],
    ],
  };

  it('are refused by name where a format knows equal groups only', async () => {
    await expect(exported('llama-mha', unequal)).rejects.toThrow(
      /groups of different sizes \(expected 4 query heads in each of 2 groups.*layer 0 with groups of 3, 5/,
    );
  });

  it('may be unequal where each head is stored in its own place', async () => {
    const context = await testContext();
    const weights = new GpuWeights(context, 1 << 30);
    const { converted, opened } = await exported('gpt2', unequal);
    expect(await logitDistance(context, weights, converted, opened, ids, quietTask)).toBeLessThan(1e-5);
  });
});
