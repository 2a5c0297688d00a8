/** Exports opened again: the files hold everything that the conversion changed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GpuWeights } from '../../src/model/gpuWeights';
import { logitDistance } from '../../src/model/sameFunction';
import { quietTask } from '../../src/protocol/tasks';
import { convertAs } from '../support/conversions';
import { exportAs } from '../support/exports';
import { settleAfterAll, testContext } from './support/device';
import { fixtures, Golden, openModel } from './support/golden';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gqa-lens-exports-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('an export, opened again,', () => {
  settleAfterAll();

  const cases = ['llama-mha', 'gpt2', 'gpt-neox', 't5', 't5-v1_1'].flatMap((name) =>
    ['mean', 'pca', 'aligned-renormalised'].map((merge) => ({ name, merge, grouping: 'contiguous' })),
  );
  cases.push({ name: 't5', merge: 'pca', grouping: 'strided' });

  it.each(cases)('computes what $name by $merge, $grouping, computes in memory', async ({ name, merge, grouping }) => {
    const context = await testContext();
    const { checkpoint, source } = await openModel(join(fixtures, name));
    const converted = await convertAs(source, { G: 2, grouping, merge });
    const outFolder = join(folder, `${name}-${merge}-${grouping}`);
    await exportAs({ checkpoint, source: converted, original: source, outFolder });
    const { source: written } = await openModel(outFolder);
    const tokens = await (await Golden.open(join(fixtures, name, 'golden.safetensors'))).tokens();
    const weights = new GpuWeights(context, 1 << 30);
    expect(await logitDistance(context, weights, converted, written, tokens, quietTask)).toBeLessThan(1e-6);
    // The merge does change the model: the files are not those of the original.
    expect(await logitDistance(context, weights, source, written, tokens, quietTask)).toBeGreaterThan(1e-3);
  });

  it.each(['gpt2', 'opt'])('computes the same where %s with one KV head is written as GPTBigCode', async (name) => {
    const context = await testContext();
    const { checkpoint, source } = await openModel(join(fixtures, name));
    const converted = await convertAs(source, { G: 1, grouping: 'contiguous', merge: 'pca' });
    const outFolder = join(folder, `${name}-equivalent`);
    await exportAs({ checkpoint, source: converted, original: source, outFolder, format: 'equivalent' });
    const { source: written } = await openModel(outFolder);
    expect(written.spec).toMatchObject({ family: 'gpt_bigcode', G: 1, H: source.spec.H });
    const tokens = await (await Golden.open(join(fixtures, name, 'golden.safetensors'))).tokens();
    const weights = new GpuWeights(context, 1 << 30);
    expect(await logitDistance(context, weights, converted, written, tokens, quietTask)).toBeLessThan(1e-6);
    expect(await logitDistance(context, weights, source, written, tokens, quietTask)).toBeGreaterThan(1e-3);
  });
});
