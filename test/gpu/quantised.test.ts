/** A model with FP8 and int8 weights runs on stored number × scale: near the goldens of the model that it was made from. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { GpuWeights } from '../../src/model/gpuWeights';
import { keepRun } from '../../src/model/keptRun';
import { readLogits } from '../../src/model/logits';
import { quietTask } from '../../src/protocol/tasks';
import { writeQuantised } from '../support/quantised';
import { relativeL2 } from './support/compare';
import { settleAfterAll, testContext } from './support/device';
import { fixtures, Golden, openModel } from './support/golden';

settleAfterAll();

it('logits of a quantised Llama differ from the goldens by the rounding of its weights', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gqa-lens-test-'));
  try {
    await writeQuantised(join(fixtures, 'llama-mha'), folder);
    const context = await testContext();
    const { source } = await openModel(folder);
    const golden = await Golden.open(join(fixtures, 'llama-mha', 'golden.safetensors'));
    const weights = new GpuWeights(context, 1 << 30);
    const run = await keepRun(context, weights, source, await golden.ids('input_ids'), quietTask);
    const difference = relativeL2(await readLogits(context, weights, run, quietTask), await golden.floats('logits'));
    // E4M3 has 4 significant bits: 2^-4 at most a weight, far less of a sum. Without scales it would be above 1.
    expect(difference).toBeLessThan(0.06);
    expect(difference).toBeGreaterThan(1e-4);
    run.destroy();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
