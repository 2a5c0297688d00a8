/** A model read from pytorch_model.bin runs as the goldens say. */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { GpuWeights } from '../../src/model/gpuWeights';
import { keepRun } from '../../src/model/keptRun';
import { readLogits } from '../../src/model/logits';
import { quietTask } from '../../src/protocol/tasks';
import { relativeL2 } from './support/compare';
import { settleAfterAll, testContext } from './support/device';
import { fixtures, Golden, openModel } from './support/golden';

settleAfterAll();

it.each(['gpt2', 'opt'])('logits of pytorch_model.bin of %s equal the goldens', async (name) => {
  const folder = await mkdtemp(join(tmpdir(), 'gqa-lens-test-'));
  try {
    for (const file of ['config.json', 'pytorch_model.bin']) {
      await copyFile(join(fixtures, name, file), join(folder, file));
    }
    const context = await testContext();
    const { source } = await openModel(folder);
    const golden = await Golden.open(join(fixtures, name, 'golden.safetensors'));
    const weights = new GpuWeights(context, 1 << 30);
    const run = await keepRun(context, weights, source, await golden.ids('input_ids'), quietTask);
    const logits = await readLogits(context, weights, run, quietTask);
    expect(relativeL2(logits, await golden.floats('logits'))).toBeLessThan(1e-4);
    run.destroy();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
