/** Conversions in memory against goldens that transformers made from pooled, repeated heads. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GpuWeights } from '../../src/model/gpuWeights';
import { keepRun } from '../../src/model/keptRun';
import { readLogits } from '../../src/model/logits';
import { readMaps } from '../../src/model/maps';
import { quietTask } from '../../src/protocol/tasks';
import { convertAs } from '../support/conversions';
import { maxDifference, relativeL2 } from './support/compare';
import { settleAfterAll, testContext } from './support/device';
import { fixtures, Golden, openModel } from './support/golden';

const cases = ['llama-mha', 'gpt2'].flatMap((name) =>
  ['mean', 'first'].flatMap((merge) => [8, 4, 2, 1].map((G) => ({ name, merge, G }))),
);

describe('pooled heads', () => {
  settleAfterAll();

  it.each(cases)('$name with G $G by $merge equals the golden', async ({ name, merge, G }) => {
    const context = await testContext();
    const { source } = await openModel(join(fixtures, name));
    const golden = await Golden.open(join(fixtures, name, 'golden-conversions.safetensors'));
    const ids = await (await Golden.open(join(fixtures, name, 'golden.safetensors'))).ids('input_ids');
    const converted = await convertAs(source, { G, grouping: 'contiguous', merge });
    const weights = new GpuWeights(context, 1 << 30);
    const run = await keepRun(context, weights, converted, ids, quietTask);
    const { L, H, K } = converted.spec;

    expect(converted.spec.G).toBe(G);
    // The point of grouping: the cache really has G heads.
    expect(run.caches[0]?.keys.size).toBe(ids.length * G * K * 4);
    const logits = await readLogits(context, weights, run, quietTask);
    expect(relativeL2(logits, await golden.floats(`${merge}.${G}.logits`))).toBeLessThan(1e-4);
    const heads = Array.from({ length: H }, (_, head) => head);
    for (let layer = 0; layer < L; layer++) {
      const maps = await readMaps(context, weights, run, layer, heads, [0, run.S], quietTask);
      expect(maxDifference(maps, await golden.floats(`${merge}.${G}.attn.${layer}`))).toBeLessThan(1e-4);
    }
    run.destroy();
  });
});
