/** Forward passes against transformers' goldens: logits, attention, hidden states, greedy continuation. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { quietTask } from '../../src/protocol/tasks';
import { GpuWeights } from '../../src/model/gpuWeights';
import { continueGreedily } from '../../src/model/greedy';
import { keepRun } from '../../src/model/keptRun';
import { readFinalHidden, readLogits } from '../../src/model/logits';
import { unpad } from '../../src/model/unpad';
import { readMaps } from '../../src/model/maps';
import { isEncoderOnly } from '../../src/protocol/layers';
import { maxDifference, relativeL2 } from './support/compare';
import { settleAfterAll, testContext } from './support/device';
import { decoderFixtures, fixtures, Golden, openModel, sample } from './support/golden';

describe.each([...decoderFixtures, 'novels-llama'])('forward pass of %s', (name) => {
  settleAfterAll();

  it('equals the goldens', async () => {
    const context = await testContext();
    const { source } = await openModel(name === 'novels-llama' ? sample : join(fixtures, name));
    const golden = await Golden.open(join(fixtures, name, 'golden.safetensors'));
    const ids = await golden.ids('input_ids');
    const weights = new GpuWeights(context, 1 << 30);
    const run = await keepRun(context, weights, source, ids, quietTask);
    const { L, H, D } = source.spec;
    const heads = Array.from({ length: H }, (_, head) => head);

    expect(relativeL2(await readLogits(context, weights, run, quietTask), await golden.floats('logits'))).toBeLessThan(
      1e-4,
    );
    for (let layer = 0; layer < L; layer++) {
      const maps = await readMaps(context, weights, run, layer, heads, [0, run.S], quietTask);
      // The sample's maps are stored in half precision: half a unit in the last place near 1 is 2.4e-4.
      const tolerance = golden.dtype(`attn.${layer}`) === 'F16' ? 1e-4 + 2 ** -12 : 1e-4;
      expect(maxDifference(maps, await golden.floats(`attn.${layer}`))).toBeLessThan(tolerance);
      const input = run.inputs[layer];
      if (input && golden.has(`hidden.${layer}`)) {
        const hidden = unpad(await context.readFloat32(input), run.S, D);
        expect(relativeL2(hidden, await golden.floats(`hidden.${layer}`))).toBeLessThan(1e-4);
      }
    }
    if (golden.has(`hidden.${L}`)) {
      const last = await readFinalHidden(context, weights, run, quietTask);
      expect(relativeL2(last, await golden.floats(`hidden.${L}`))).toBeLessThan(1e-4);
    }
    if (isEncoderOnly(source.spec)) {
      await expect(continueGreedily(context, weights, run, 1, quietTask)).rejects.toThrow(/encoder.*continue/i);
    } else {
      const greedy = await golden.ids('greedy');
      const continued = await continueGreedily(context, weights, run, greedy.length - ids.length, quietTask);
      expect([...ids, ...continued]).toEqual(greedy);
    }
    run.destroy();
  });
});
