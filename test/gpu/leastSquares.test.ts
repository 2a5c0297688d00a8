/**
 * The fits of calibrated merges on small random layers, against float64: what they compute on the GPU is what the formulas
 * say, they make their own error smaller, and they reach its least value.
 */
import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { attendedMoment } from '../../src/gqa/calibrated/attendedMoment';
import { fitAttention, usualAttentionSettings } from '../../src/gqa/calibrated/attention';
import { uploadHeadRows } from '../../src/gqa/calibrated/headRows';
import { LayerText, type Sharing, type TextMaps } from '../../src/gqa/calibrated/layerText';
import {
  attentionOutput,
  fitOutputs,
  headOutputs,
  usualOutputSettings,
  type OutputFit,
} from '../../src/gqa/calibrated/outputs';
import { fitScores, usualScoreSettings, type ScoreTarget } from '../../src/gqa/calibrated/scores';
import { keyGauge } from '../../src/gqa/solve/gauge';
import type { LayerHeads } from '../../src/gqa/solve/layerHeads';
import { attentionShape } from '../../src/model/project';
import type { PositionSpec } from '../../src/model/spec';
import { quietTask } from '../../src/protocol/tasks';
import { makeSpec } from '../unit/gqa/memorySource';
import { relativeL2 } from './support/compare';
import { settleAfterAll, testContext } from './support/device';
import {
  attentionOutputOf,
  headOutputsOf,
  scoreError,
  scoresOf,
  softmax,
  type ReferenceLayer,
} from './support/layerReference';
import { randoms } from './support/reference';

const frequencies = Float32Array.from([0.9, 0.4, 0.1]);
const rotary = (layout: 'half' | 'interleaved', rotaryDim: number): PositionSpec => ({
  kind: 'rotary',
  layout,
  rotaryDim,
  inverseFrequencies: frequencies.slice(0, rotaryDim / 2),
  scale: 1,
});

/** H 4, K 6, D 10; G heads of the original in `groups`. */
const cases = [
  { name: 'partial rotary, biases, unequal groups', position: rotary('half', 4), G: 4, W: 11, groups: [0, 1, 0, 0] },
  { name: 'interleaved rotary, grouped queries', position: rotary('interleaved', 6), G: 2, W: 10, groups: [0, 0] },
  { name: 'no rotary', position: { kind: 'none' } as const, G: 4, W: 10, groups: [1, 0, 0, 1] },
];

const [H, K, D, T, N] = [4, 6, 10, 16, 96];

async function makeCase({ position, G, W, groups }: (typeof cases)[number]) {
  const context = await testContext();
  const spec = makeSpec({ L: 1, D, H, G, K, position });
  // Inputs of unequal size in their directions, as real ones are.
  const x = randoms(1, N * D).map((value, index) => value * (1 + (index % D)));
  const doubles = (seed: number, count: number): Float64Array => Float64Array.from(randoms(seed, count));
  const heads = (count: number, seed: number): LayerHeads => ({
    sizes: { D, H, G: count, K },
    W,
    q: doubles(seed, H * K * W).map((value) => value / 3),
    k: doubles(seed + 1, count * K * W).map((value) => value / 3),
    v: doubles(seed + 2, count * K * W),
    o: doubles(seed + 3, D * H * K),
  });
  const kvHeadOfHead = Array.from({ length: H }, (_, head) => Math.floor(head / (H / G)));
  const groupOfHead = kvHeadOfHead.map((kvHead) => groups[kvHead] ?? NaN);
  const shape = attentionShape(spec, 0, { S: T, T, past: 0 }, null, undefined);
  const attention = () => Promise.resolve({ shape, destroy: () => undefined });
  const text = new LayerText({ context, x, N, T, attention }, spec, 0, kvHeadOfHead, W);
  const gauge = keyGauge(spec, 0);
  const layer: ReferenceLayer = { x, T, H, K, D, W, scale: K ** -0.5, planes: gauge.planes, frequencies };
  const shared = Math.max(...groups) + 1;
  const [original, converted] = [heads(G, 10), heads(shared, 20)];
  return { text, gauge, layer, original, converted, kvHeadOfHead, groupOfHead, G, shared };
}

type Case = Awaited<ReturnType<typeof makeCase>>;

async function mapsOf({ text }: Case, { q, k, W }: LayerHeads, sharing: Sharing): Promise<ScoreTarget> {
  const weights = [
    uploadHeadRows(text.context, q, { heads: H, K, W }),
    uploadHeadRows(text.context, k, { heads: sharing.G, K, W }),
  ] as const;
  const projected = text.projectBoth(...weights, sharing);
  return { ...projected, G: sharing.G, maps: await text.maps(projected, sharing, quietTask.signal) };
}

/** [H, K·W] rows of one head changed by a step along a random direction. */
function stepped(weights: Float64Array, direction: Float64Array, step: number): Float64Array {
  return weights.map((value, index) => value + step * (direction[index] ?? NaN));
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('a layer on a text', () => {
  settleAfterAll();

  it.each(cases)('attends as the formulas say: $name', async (chosen) => {
    const built = await makeCase(chosen);
    const { text, layer, original, kvHeadOfHead, G } = built;
    const own = text.sharing(kvHeadOfHead, G);
    const { maps } = await mapsOf(built, original, own);
    const seen = headOutputs(text, maps, own, original.v);
    const output = attentionOutput(text, seen, original.o);
    const reference = scoresOf(layer, original, kvHeadOfHead).map((rows) => rows.map(softmax));
    const expected = attentionOutputOf(layer, headOutputsOf(layer, reference, original.v, kvHeadOfHead), original.o);
    const found = await text.context.readFloat32(output);
    const unpadded = Float32Array.from({ length: N * D }, (_, i) => found[Math.floor(i / D) * 12 + (i % D)] ?? NaN);
    expect(relativeL2(unpadded, expected)).toBeLessThan(1e-5);

    // What heads attend to, over all windows: there are no more than are looked at.
    const moment = await attendedMoment(text, maps, quietTask.signal);
    const { W } = layer;
    const wanted = new Float64Array(W * W);
    reference.forEach((rows) =>
      rows.forEach((row, m) => {
        const z = new Float64Array(W);
        row.forEach((p, index) => {
          for (let d = 0; d < W; d++)
            z[d] = (z[d] ?? NaN) + p * (d < D ? (layer.x[(m - (m % T) + index) * D + d] ?? NaN) : 1);
        });
        for (let i = 0; i < W * W; i++) {
          wanted[i] = (wanted[i] ?? NaN) + ((z[Math.floor(i / W)] ?? NaN) * (z[i % W] ?? NaN)) / (N * H);
        }
      }),
    );
    expect(relativeL2(moment, wanted)).toBeLessThan(1e-5);
    text.destroy();
  });
});

describe('fitted scores', () => {
  it.each(cases)('come nearer every round, and each side to its least error: $name', async (chosen) => {
    const built = await makeCase(chosen);
    const { text, gauge, layer, original, converted, kvHeadOfHead, groupOfHead, G, shared } = built;
    const target = await mapsOf(built, original, text.sharing(kvHeadOfHead, G));
    const sharing = text.sharing(groupOfHead, shared);
    const originalScores = scoresOf(layer, original, kvHeadOfHead);
    const { share } = usualScoreSettings;
    const error = (heads: LayerHeads): number =>
      sum(scoreError(originalScores, scoresOf(layer, heads, groupOfHead), share));

    const fit = (rounds: number, steps: number, ridge: number) =>
      fitScores(text, target, sharing, gauge, converted, { rounds, steps, ridge, share }, quietTask);
    const errors = [error(converted)];
    for (const rounds of [1, 2, 4]) errors.push(error(await fit(rounds, 10, usualScoreSettings.ridge)));
    for (let i = 1; i < errors.length; i++) expect(errors[i]).toBeLessThan(errors[i - 1] ?? NaN);
    expect(errors[1]).toBeLessThan(0.3 * (errors[0] ?? NaN));

    // After one round of many steps, k is at the least error for the q of the end: no direction leads down. A key's bias changes no
    // attention where it is not turned: a ridge holds what nothing decides.
    const solved = await fit(1, 60, 1e-6);
    for (const seed of [50, 51, 52]) {
      const direction = Float64Array.from(randoms(seed, converted.k.length));
      const slope = (heads: LayerHeads): number => {
        const [up, down] = [1e-4, -1e-4].map((step) => error({ ...heads, k: stepped(heads.k, direction, step) }));
        return ((up ?? NaN) - (down ?? NaN)) / 2e-4;
      };
      const before = slope({ ...solved, k: converted.k });
      expect(Math.abs(slope(solved))).toBeLessThan(2e-2 * Math.abs(before));
    }
    text.destroy();
  });

  it('stay where they are when they are right', async () => {
    const [, grouped] = cases;
    if (!grouped) throw new Error('no case');
    const built = await makeCase(grouped);
    const { text, gauge, original, kvHeadOfHead, G } = built;
    const own = text.sharing(kvHeadOfHead, G);
    const target = await mapsOf(built, original, own);
    const fitted = await fitScores(text, target, own, gauge, original, usualScoreSettings, quietTask);
    expect(relativeL2(fitted.q, original.q)).toBeLessThan(1e-5);
    expect(relativeL2(fitted.k, original.k)).toBeLessThan(1e-5);
    text.destroy();
  });
});

async function outputFit(chosen: (typeof cases)[number]) {
  const built = await makeCase(chosen);
  const { text, layer, original, converted, kvHeadOfHead, groupOfHead, G, shared } = built;
  const own = text.sharing(kvHeadOfHead, G);
  const originalMaps: TextMaps = (await mapsOf(built, original, own)).maps;
  const target = attentionOutput(text, headOutputs(text, originalMaps, own, original.v), original.o);
  const sharing = text.sharing(groupOfHead, shared);
  const { maps } = await mapsOf(built, converted, sharing);
  const attended = await attendedMoment(text, maps, quietTask.signal);
  const fit: OutputFit = { text, target, maps, attended, sharing, settings: usualOutputSettings };

  const reference = (heads: LayerHeads, readers: readonly number[]): number[][][] =>
    scoresOf(layer, heads, readers).map((rows) => rows.map(softmax));
  const originalReference = reference(original, kvHeadOfHead);
  const Y = attentionOutputOf(layer, headOutputsOf(layer, originalReference, original.v, kvHeadOfHead), original.o);
  const convertedMaps = reference(converted, groupOfHead);
  const F = (v: Float64Array): Float64Array => headOutputsOf(layer, convertedMaps, v, groupOfHead);
  const error = ({ v, o }: LayerHeads): number =>
    sum([...attentionOutputOf(layer, F(v), o)].map((value, index) => (value - (Y[index] ?? NaN)) ** 2));
  return { ...built, fit, Y, F, error };
}

describe('fitted outputs', () => {
  it.each(cases)('have the W_O of the normal equations: $name', async (chosen) => {
    const { text, fit, Y, F, converted } = await outputFit(chosen);
    const settings = { ...usualOutputSettings, turns: 0 };
    const { o } = await fitOutputs({ ...fit, settings }, converted, quietTask);
    const features = Matrix.from1DArray(N, H * K, F(converted.v));
    const squares = features.transpose().mmul(features).div(N);
    const lambda = (settings.outputRidge * squares.trace()) / (H * K);
    const right = features
      .transpose()
      .mmul(Matrix.from1DArray(N, D, Y))
      .div(N);
    right.add(
      Matrix.from1DArray(D, H * K, converted.o)
        .transpose()
        .mul(lambda),
    );
    const expected = new CholeskyDecomposition(squares.add(Matrix.eye(H * K).mul(lambda))).solve(right);
    expect(relativeL2(o, expected.transpose().to1DArray())).toBeLessThan(1e-3);
    text.destroy();
  });

  it.each(cases)('come nearer every turn, and W_V to its least error: $name', async (chosen) => {
    const { text, fit, converted, error } = await outputFit(chosen);
    const run = (turns: number, changes = {}) =>
      fitOutputs({ ...fit, settings: { ...usualOutputSettings, ...changes, turns } }, converted, quietTask);
    const errors = [error(converted)];
    for (const turns of [0, 1, 4]) errors.push(error(await run(turns)));
    for (let i = 1; i < errors.length; i++) expect(errors[i]).toBeLessThan((errors[i - 1] ?? NaN) * (1 + 1e-6));
    expect(errors[3]).toBeLessThan(0.9 * (errors[1] ?? NaN));

    // W_O held where it is by a ridge without end: W_V alone is solved for, and no direction leads down.
    const solved = await run(1, { outputRidge: 1e9, steps: 60, valueRidge: 1e-6 });
    for (const seed of [60, 61, 62]) {
      const direction = Float64Array.from(randoms(seed, converted.v.length));
      const slope = (heads: LayerHeads): number => {
        const [up, down] = [1e-3, -1e-3].map((step) => error({ ...heads, v: stepped(heads.v, direction, step) }));
        return ((up ?? NaN) - (down ?? NaN)) / 2e-3;
      };
      expect(Math.abs(slope(solved))).toBeLessThan(2e-2 * Math.abs(slope(converted)));
    }
    text.destroy();
  });
});

describe('fitted attention', () => {
  it.each(cases)('brings the output nearer with every step: $name', async (chosen) => {
    const { text, fit, gauge, Y, layer, converted, groupOfHead } = await outputFit(chosen);
    const { target, sharing } = fit;
    const error = (heads: LayerHeads): number => {
      const maps = scoresOf(layer, heads, groupOfHead).map((rows) => rows.map(softmax));
      const output = attentionOutputOf(layer, headOutputsOf(layer, maps, heads.v, groupOfHead), heads.o);
      return sum([...output].map((value, index) => (value - (Y[index] ?? NaN)) ** 2));
    };
    // From where W_V and W_O are best: what is left is the scores' to mend.
    let heads = await fitOutputs(fit, converted, quietTask);
    const errors = [error(heads)];
    for (let round = 0; round < 3; round++) {
      heads = await fitAttention(text, target, sharing, gauge, heads, usualAttentionSettings, quietTask);
      errors.push(error(heads));
    }
    for (let i = 1; i < errors.length; i++) expect(errors[i]).toBeLessThan(errors[i - 1] ?? NaN);
    expect(errors[3]).toBeLessThan(0.8 * (errors[0] ?? NaN));
    text.destroy();
  });

  it('stays where it is when it is right', async () => {
    const [, grouped] = cases;
    if (!grouped) throw new Error('no case');
    const built = await makeCase(grouped);
    const { text, gauge, original, kvHeadOfHead, G } = built;
    const own = text.sharing(kvHeadOfHead, G);
    const { maps } = await mapsOf(built, original, own);
    const target = attentionOutput(text, headOutputs(text, maps, own, original.v), original.o);
    const fitted = await fitAttention(text, target, own, gauge, original, usualAttentionSettings, quietTask);
    expect(relativeL2(fitted.q, original.q)).toBeLessThan(1e-5);
    expect(relativeL2(fitted.k, original.k)).toBeLessThan(1e-5);
    text.destroy();
  });
});
