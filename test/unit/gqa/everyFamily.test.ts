/** Merges and similarities in every family: finite, of the right shape, and nothing turned that may not be. */
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoint/checkpoint';
import { openCheckpoint } from '../../../src/checkpoint/openCheckpoint';
import { merges } from '../../../src/gqa/merge';
import { layerSimilarity, similarities } from '../../../src/gqa/similarity';
import { keyGaugeForbiddenBy } from '../../../src/gqa/solve/gauge';
import { resolveModel } from '../../../src/model/resolve';
import { isPerKvHead } from '../../../src/model/specFacts';
import type { LayerRole } from '../../../src/model/roles';
import { CheckpointWeights } from '../../../src/model/weights';
import { quietTask } from '../../../src/protocol/tasks';
import { convertAs, similarityJobOf } from '../../support/conversions';
import { decoderFixtures, fixtures } from '../../support/fixtures';

const opened: Checkpoint[] = [];
afterAll(() => Promise.all(opened.map((checkpoint) => checkpoint.close())));

const roles: readonly LayerRole[] = [
  ...(['q.weight', 'q.bias', 'k.weight', 'k.bias', 'k.norm.weight', 'v.weight', 'v.bias', 'o.weight'] as const),
];

describe.each(decoderFixtures)('%s', (name) => {
  const open = async (): Promise<CheckpointWeights> => {
    const checkpoint = await openCheckpoint(join(fixtures, name));
    opened.push(checkpoint);
    return new CheckpointWeights(checkpoint, resolveModel(checkpoint));
  };

  it('can be merged by everything that needs no text', async () => {
    const source = await open();
    const { G, H, K } = source.spec;
    const mean = await convertAs(source, { G: 1, grouping: 'contiguous', merge: 'mean' });
    for (const { id } of merges.filter(({ needsText = false }) => !needsText)) {
      const converted = await convertAs(source, { G: 1, grouping: 'contiguous', merge: id });
      for (const role of roles.filter((candidate) => source.has(candidate, 1))) {
        const before = await source.read(role, 1);
        const { data } = await converted.read(role, 1);
        const size = isPerKvHead(source.spec, role) ? before.data.length / G : before.data.length;
        expect({ id, role, size: data.length, finite: data.every(Number.isFinite) }).toEqual({
          ...{ id, role, size },
          finite: true,
        });
        expect(data.some((value) => value !== 0)).toBe(true);
      }
      if (keyGaugeForbiddenBy(source.spec) === null || !/aligned|pca/.test(id)) continue;
      expect((await converted.read('q.weight', 0)).data.length).toBe(H * K * source.spec.D);
      expect((await converted.read('q.weight', 0)).data).toEqual((await source.read('q.weight', 0)).data);
      // Renormalised or not, the key is along the mean.
      const [key, average] = [await converted.read('k.weight', 0), await mean.read('k.weight', 0)];
      const ratio = (key.data[0] ?? NaN) / (average.data[0] ?? NaN);
      key.data.forEach((value, at) => expect(value).toBeCloseTo(ratio * (average.data[at] ?? NaN), 5));
    }
  });

  it('can be compared by everything that looks at weights', async () => {
    const source = await open();
    const conversion = { G: 1, grouping: 'contiguous', merge: 'mean' };
    for (const { id } of similarities.filter(({ kind }) => kind === 'heads')) {
      for (const target of ['k', 'v'] as const) {
        const job = await similarityJobOf(source, { layer: 1, target, measure: id, conversion });
        const { matrix, toPooled, floor, pooledFloor } = await layerSimilarity(job, quietTask);
        const numbers = [...matrix, ...toPooled, pooledFloor, ...(source.spec.G > 1 ? [floor] : [])];
        expect({ id, target, finite: numbers.every(Number.isFinite) }).toEqual({ id, target, finite: true });
      }
    }
  });
});
