/**
 * Merges on the trained sample, on text that they were not solved on: none gets worse unnoticed. The losses of the whole
 * validation text are in BENCHMARKS.md.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { calibrationWindows } from '../../src/engine/calibrationText';
import { ModelRegistry, type OpenedModel } from '../../src/engine/models';
import { textWindows } from '../../src/engine/textFile';
import { uploadHeadRows } from '../../src/gqa/calibrated/headRows';
import { LayerText, type Sharing } from '../../src/gqa/calibrated/layerText';
import { attentionOutput, headOutputs } from '../../src/gqa/calibrated/outputs';
import { merges, type SourceLayer } from '../../src/gqa/merge';
import { findMethod } from '../../src/gqa/registry';
import { readLayerHeads, type LayerHeads } from '../../src/gqa/solve/layerHeads';
import { calibrate, type Calibration } from '../../src/model/calibration';
import { GpuWeights } from '../../src/model/gpuWeights';
import { keepRun } from '../../src/model/keptRun';
import { reduceRows } from '../../src/model/rowNumbers';
import { groupOfHead } from '../../src/model/specFacts';
import type { WeightSource } from '../../src/model/weightSource';
import { decoderTokens } from '../../src/model/tokens';
import { quietTask } from '../../src/protocol/tasks';
import type { Tokens } from '../../src/protocol/tokens';
import { convertAs } from '../support/conversions';
import { relativeL2 } from './support/compare';
import { settleAfterAll, testContext } from './support/device';
import { fixtures, sample } from './support/golden';

let model: OpenedModel;
/** Two windows of 512 tokens of the reference study's validation text. */
let heldOut: Tokens[];
let weights: GpuWeights;

beforeAll(async () => {
  model = await new ModelRegistry().open(sample, quietTask);
  heldOut = textWindows(model, readFileSync(join(fixtures, 'novels-llama', 'valid.txt'), 'utf8'), 2, 512);
  weights = new GpuWeights(await testContext(), 1 << 30);
});

async function lossOf(source: WeightSource): Promise<number> {
  const context = await testContext();
  let sum = 0;
  for (const tokens of heldOut) {
    const run = await keepRun(context, weights, source, tokens, quietTask);
    const ids = decoderTokens(tokens);
    const targets = Uint32Array.from([...ids.slice(1), 0]);
    const { logSumExp, targetLogit } = await reduceRows(context, weights, run, targets, quietTask);
    const losses = logSumExp.slice(0, -1).map((value, s) => value - (targetLogit[s] ?? NaN));
    sum += losses.reduce((total, value) => total + value, 0) / losses.length / heldOut.length;
    run.destroy();
  }
  weights.drop(source);
  return sum;
}

describe('merges that need no text', () => {
  settleAfterAll();

  it.each([
    { merge: 'aligned-renormalised', grouping: 'contiguous', least: 4.4, most: 4.58 },
    { merge: 'pca', grouping: 'contiguous', least: 4.3, most: 4.44 },
    { merge: 'pca', grouping: 'similarity', least: 4.0, most: 4.13 },
  ])('reach their loss with two groups: $merge, $grouping', async ({ merge, grouping, least, most }) => {
    const loss = await lossOf(await convertAs(model.runnable.source, { G: 2, grouping, merge }));
    expect(loss).toBeGreaterThan(least);
    expect(loss).toBeLessThan(most);
  });
});

describe('merges that are solved on a text', () => {
  settleAfterAll();
  const [layer, G] = [2, 2];
  /** 2048 tokens of the excerpt, the first 512 of them, and 512 of the validation text. */
  let solvedOn: Record<'all' | 'few' | 'heldOut', Calibration>;

  beforeAll(async () => {
    const context = await testContext();
    const windows = await calibrationWindows(model, { file: null, tokens: 2048 });
    const on = (tokens: readonly Tokens[]): Promise<Calibration> =>
      calibrate(context, weights, model.runnable.source, tokens, '', quietTask);
    solvedOn = {
      all: await on(windows),
      few: await on(windows.slice(0, 1)),
      heldOut: await on(heldOut.slice(0, 1)),
    };
  });

  function sourceLayer(): SourceLayer {
    const { source, spec } = model.runnable;
    const groupOfKvHead = Array.from({ length: spec.G }, (_, head) => Math.floor((head * G) / spec.G));
    return {
      ...{ weights: source, spec, layer, G, groupOfKvHead },
      has: (role) => source.has(role, layer),
      read: (role, signal) => source.read(role, layer, signal),
    };
  }

  /** [N, D] the layer's attention output on a text. */
  async function outputOf(
    calibration: Calibration,
    heads: LayerHeads,
    sharingOf: (text: LayerText) => Sharing,
  ): Promise<Float32Array> {
    const { spec } = model.runnable;
    const text = new LayerText(calibration.layer(layer), spec, layer, groupOfHead(spec, layer), heads.W);
    const sharing = sharingOf(text);
    const { q, k, v, o, W } = heads;
    const { context } = text;
    const rows = [
      uploadHeadRows(context, q, { heads: spec.H, K: spec.K, W }),
      uploadHeadRows(context, k, { heads: sharing.G, K: spec.K, W }),
    ] as const;
    const maps = await text.maps(text.projectBoth(...rows, sharing), sharing, quietTask.signal);
    const output = await context.readFloat32(attentionOutput(text, headOutputs(text, maps, sharing, v), o));
    for (const { buffer } of rows) buffer.destroy();
    text.destroy();
    return output;
  }

  /** Distance of the merged layer's attention output from the original's, relative to it. */
  async function distance(merge: string, on: Calibration, measuredOn: Calibration): Promise<number> {
    const source = sourceLayer();
    const { spec } = source;
    const original = await readLayerHeads(source);
    const own = groupOfHead(spec, layer);
    const method = findMethod(merges, merge, 'merge');
    if (method.kind !== 'solve') throw new Error(`${merge} is not solved`);
    const solved = await method.solve(source, on.layer(layer), quietTask);
    const data = (role: 'q' | 'k' | 'v' | 'o'): Float64Array => Float64Array.from(solved[`${role}.weight`]?.data ?? []);
    const sizes = { ...original.sizes, G };
    const heads = { ...original, sizes, q: data('q'), k: data('k'), v: data('v'), o: data('o') };
    const groups = own.map((head) => source.groupOfKvHead[head] ?? NaN);
    const expected = await outputOf(measuredOn, original, (text) => text.sharing(own, spec.G, null));
    return relativeL2(await outputOf(measuredOn, heads, (text) => text.sharing(groups, G, null)), expected);
  }

  it.each([
    { merge: 'pca', most: 0.83 },
    { merge: 'pca-text', most: 0.71 },
    { merge: 'pca-refit', most: 0.685 },
  ])('bring a layer near its output on other text: $merge', async ({ merge, most }) => {
    expect(await distance(merge, solvedOn.all, solvedOn.heldOut)).toBeLessThan(most);
  });

  // So few tokens say nothing of other text, but all of how far least squares get.
  it.each([
    { merge: 'pca-text', most: 0.67 },
    { merge: 'pca-refit', most: 0.33 },
    { merge: 'score-als', most: 0.12 },
    { merge: 'attention-als', most: 0.082 },
  ])('bring a layer near its output on their own text: $merge', async ({ merge, most }) => {
    expect(await distance(merge, solvedOn.few, solvedOn.few)).toBeLessThan(most);
  });
});
