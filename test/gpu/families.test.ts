/** What must hold in every family: alignment changes nothing, and an exported conversion is what it was in memory. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { convert } from '../../src/gqa/convert';
import { merges } from '../../src/gqa/merge';
import { findMethod } from '../../src/gqa/registry';
import { keyGaugeForbiddenBy } from '../../src/gqa/solve/gauge';
import { GpuWeights } from '../../src/model/gpuWeights';
import { logitDistance } from '../../src/model/sameFunction';
import type { WeightSource } from '../../src/model/weightSource';
import { quietTask } from '../../src/protocol/tasks';
import { convertAs, groupingOf } from '../support/conversions';
import { exportAs } from '../support/exports';
import { settleAfterAll, testContext } from './support/device';
import { decoderFixtures, fixtures, Golden, openModel, type Fixture } from './support/golden';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gqa-lens-families-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** A fixture with its golden's tokens and a measure of how far other weights are from it. */
async function open(
  name: string,
): Promise<Fixture & { distance: (a: WeightSource, b: WeightSource) => Promise<number> }> {
  const context = await testContext();
  const fixture = await openModel(join(fixtures, name));
  const ids = await (await Golden.open(join(fixtures, name, 'golden.safetensors'))).ids('input_ids');
  const weights = new GpuWeights(context, 1 << 30);
  return { ...fixture, distance: (a, b) => logitDistance(context, weights, a, b, ids, quietTask) };
}

describe.each(decoderFixtures)('%s', (name) => {
  settleAfterAll();

  it('computes the same with aligned heads', async () => {
    const { source, distance } = await open(name);
    const grouping = await groupingOf(source, { G: 1, grouping: 'contiguous' });
    const turnedSources: WeightSource[] = [];
    const check = (aligned: WeightSource): Promise<void> => {
      turnedSources.push(aligned);
      return Promise.resolve();
    };
    const aligned = findMethod(merges, 'aligned', 'merge');
    const converted = await convert(source, grouping, aligned, { calibration: null, check, task: quietTask });
    if (source.spec.G === 1) {
      // One KV head has nothing to be turned towards.
      expect(converted).toBe(source);
      return;
    }
    const [turned] = turnedSources;
    if (!turned) throw new Error('nothing was turned');
    expect(await distance(source, turned)).toBeLessThan(1e-4);
    const changed = async (role: 'k.weight' | 'v.weight'): Promise<boolean> => {
      const before = await source.read(role, 1);
      const after = await turned.read(role, 1);
      return before.data.some((value, index) => Math.abs(value - (after.data[index] ?? NaN)) > 1e-3);
    };
    expect(await changed('v.weight')).toBe(true);
    expect(await changed('k.weight')).toBe(keyGaugeForbiddenBy(source.spec) === null);
  });

  it('computes the same after its conversion was exported', async () => {
    const { checkpoint, source, distance } = await open(name);
    const { G } = source.spec;
    const converted = await convertAs(source, { G: Math.max(1, G / 2), grouping: 'contiguous', merge: 'mean' });
    const outFolder = join(folder, name);
    await exportAs({ checkpoint, source: converted, original: source, outFolder });
    const { source: written } = await openModel(outFolder);
    expect(written.spec.G).toBe(source.spec.formatHasKvHeads ? converted.spec.G : G);
    expect(await distance(converted, written)).toBeLessThan(1e-6);
    if (G > 1) expect(await distance(source, written)).toBeGreaterThan(1e-3);
  });
});
