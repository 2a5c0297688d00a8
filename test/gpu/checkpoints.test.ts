/** Two checkpoints on the same tokens: an exported conversion is that conversion, and other shapes compare what corresponds. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineCore } from '../../src/engine/core';
import { toErrorValue } from '../../src/protocol/errors';
import type { RunSummary } from '../../src/protocol/runs';
import { quietTask } from '../../src/protocol/tasks';
import { fixtures } from './support/golden';

const core = new EngineCore({ adapter: 'auto', weightBudget: 1 << 30 });
const ids = Array.from({ length: 9 }, (_, s) => (s * 7) % 90);
const conversion = { G: 2, grouping: 'contiguous', merge: 'mean' };
let folder = '';
let original = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gqa-lens-checkpoints-'));
  ({ modelId: original } = await core.open(join(fixtures, 'llama-mha'), quietTask));
});
afterAll(async () => {
  core.destroy();
  await rm(folder, { recursive: true });
});

const run = (modelId: string): Promise<RunSummary> =>
  core.run({ modelId, input: { kind: 'ids', ids }, conversion: null, maxTokens: 99 }, quietTask);

/** The original's weights under another config. */
async function variant(name: string, change: Record<string, unknown>): Promise<string> {
  const path = join(folder, name);
  await cp(join(fixtures, 'llama-mha'), path, { recursive: true });
  const config = JSON.parse(await readFile(join(path, 'config.json'), 'utf8')) as Record<string, unknown>;
  await writeFile(join(path, 'config.json'), JSON.stringify({ ...config, ...change }));
  return (await core.open(path, quietTask)).modelId;
}

describe('a second checkpoint', () => {
  it('that is an exported conversion measures as the conversion in memory', async () => {
    const out = join(folder, 'exported');
    const request = { modelId: original, conversion, folder: out, format: 'same', overwrite: false } as const;
    await core.exportConversion({ ...request, dtype: null, measure: null }, quietTask);
    const { modelId } = await core.open(out, quietTask);
    const a = { modelId: original, conversion: null };
    const shared = { a, windows: [ids], detail: true, timedTokens: 0 };
    const found = await core.measure({ ...shared, b: { modelId, conversion: null } }, quietTask);
    const expected = await core.measure({ ...shared, b: { modelId: original, conversion } }, quietTask);
    expect(found.klMean).toBeCloseTo(expected.klMean, 6);
    expect(found.b.loss).toBeCloseTo(expected.b.loss ?? NaN, 6);
    found.layers?.forEach((layer, index) => {
      const other = expected.layers?.[index];
      expect(layer.residualCosine).toBeCloseTo(other?.residualCosine ?? NaN, 6);
      layer.jensenShannon?.forEach((value, head) => expect(value).toBeCloseTo(other?.jensenShannon?.[head] ?? NaN, 6));
    });
    const [one, two] = [await run(original), await run(modelId)];
    expect((await core.compare(one.runId, two.runId, quietTask)).klMean).toBeCloseTo(expected.klMean, 6);
  });

  it('with other heads is compared in all but its maps, with fewer layers in its predictions', async () => {
    const heads = await variant('heads', { num_attention_heads: 4, num_key_value_heads: 4, head_dim: 16 });
    const request = { a: { modelId: original, conversion: null }, windows: [ids], detail: true, timedTokens: 0 };
    const measured = await core.measure({ ...request, b: { modelId: heads, conversion: null } }, quietTask);
    expect(measured.layers).toHaveLength(2);
    for (const { jensenShannon, residualCosine } of measured.layers ?? []) {
      expect(jensenShannon).toBeNull();
      expect(Math.abs(residualCosine ?? NaN)).toBeLessThanOrEqual(1);
    }
    const layers = await variant('layers', { num_hidden_layers: 1 });
    const b = { modelId: layers, conversion: null };
    const shorter = await core.measure({ ...request, b }, quietTask);
    expect(shorter.layers).toBeNull();
    expect(shorter.klMean).toBeGreaterThan(0);
    const [one, two] = [await run(original), await run(heads)];
    expect((await core.compare(one.runId, two.runId, quietTask)).klMean).toBeGreaterThan(0);
    const refused = await core.headDivergence(one.runId, two.runId, 0, quietTask).catch(toErrorValue);
    expect(refused).toMatchObject({
      code: 'input-invalid',
      detail: { expected: '2 layers of 8 query heads, as in llama-mha', found: '2 layers of 4 in heads' },
    });
  });
});
