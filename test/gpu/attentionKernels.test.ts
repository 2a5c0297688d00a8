/** Grouped attention against float64, with what masks, biases and caps it: odd heads, unequal groups, caches with a past. */
import { describe, expect, it } from 'vitest';
import type { Span } from '../../src/gpu/context';
import { attend, attentionMaps, type AttentionShape } from '../../src/gpu/operations/attention';
import { uploadChosenHeads, uploadHeadGroups } from '../../src/gpu/operations/headGroups';
import { maxDifference, relativeL2 } from './support/compare';
import { settleAfterAll, testContext } from './support/device';
import { adjacentGroups, groupedAttention, padRows, randoms, unpadRows } from './support/reference';

/** Attention without a bias. */
const causal = { causal: true, bias: null };

/** Holds outputs and maps of the kernels against a reference; q [S, H, K], k and v [T, G, K]. */
async function expectAttention(
  inputs: readonly [Float32Array, Float32Array, Float32Array],
  shape: AttentionShape,
  readers: readonly number[],
  G: number,
  expected: { outputs: readonly number[]; maps: readonly number[] },
): Promise<void> {
  const context = await testContext();
  const { S, T, K } = shape;
  const H = readers.length;
  const upload = (data: Float32Array): Span => context.upload(padRows(data, K), 'x');
  const [q, k, v] = inputs;
  const [queries, keys, values] = [upload(q), upload(k), upload(v)];
  const out = context.storage(queries.size / 4, 'out');
  const maps = context.storage(H * S * T, 'maps');
  const heads = Array.from({ length: H }, (_, head) => head);
  const batch = context.batch();
  attend(context, batch, queries, keys, values, out, uploadHeadGroups(context, readers, G), shape);
  const chosen = uploadChosenHeads(context, heads, readers, G);
  attentionMaps(context, batch, queries, keys, chosen, maps, { row0: 0, rows: S }, shape);
  batch.submit();
  expect(relativeL2(unpadRows(await context.readFloat32(out), K), expected.outputs)).toBeLessThan(1e-5);
  expect(maxDifference(await context.readFloat32(maps), expected.maps)).toBeLessThan(1e-6);
}

describe('grouped attention', () => {
  settleAfterAll();

  it.each([
    { S: 9, past: 0, H: 6, G: 6, K: 8, groupOfHead: null },
    { S: 9, past: 0, H: 6, G: 2, K: 5, groupOfHead: null },
    { S: 70, past: 0, H: 4, G: 1, K: 80, groupOfHead: null },
    { S: 1, past: 37, H: 8, G: 2, K: 16, groupOfHead: null },
    { S: 5, past: 3, H: 71, G: 1, K: 64, groupOfHead: null },
    { S: 4, past: 0, H: 2, G: 1, K: 256, groupOfHead: null },
    { S: 9, past: 0, H: 6, G: 3, K: 8, groupOfHead: [2, 0, 1, 1, 2, 0] },
    { S: 21, past: 2, H: 7, G: 3, K: 8, groupOfHead: [1, 1, 0, 1, 1, 2, 1] },
    { S: 1, past: 80, H: 9, G: 4, K: 5, groupOfHead: [3, 0, 3, 0, 1, 3, 2, 0, 3] },
    // A group that nobody reads.
    { S: 3, past: 0, H: 2, G: 2, K: 4, groupOfHead: [1, 1] },
  ])('S $S after $past, H $H, G $G, K $K, groups $groupOfHead', async ({ S, past, H, G, K, groupOfHead }) => {
    const T = past + S;
    const shape = { S, T, past, H, G, K, scale: 3 / Math.sqrt(K), ...causal };
    const readers = groupOfHead ?? adjacentGroups(shape);
    const [q, k, v] = [randoms(9, S * H * K), randoms(10, T * G * K), randoms(11, T * G * K)];
    const expected = groupedAttention(q, k, v, shape, readers);
    await expectAttention([q, k, v], shape, readers, G, expected);
  });

  it.each([
    { S: 9, T: 9, past: 0, causal: true, biased: true },
    { S: 3, T: 70, past: 67, causal: true, biased: true },
    { S: 66, T: 66, past: 0, causal: false, biased: true },
    { S: 5, T: 130, past: 0, causal: false, biased: false },
    { S: 70, T: 3, past: 0, causal: false, biased: false },
  ])('S $S on T $T after $past, causal $causal, biased by distance $biased', async ({ S, T, past, causal, biased }) => {
    const context = await testContext();
    const [H, G, K] = [6, 2, 8];
    const [zero, width] = [past + S - 1, past + S + T];
    const table = randoms(17, H * width).map((value) => 2 * value);
    const bias = biased ? { span: context.upload(table, 'bias'), zero, width } : null;
    const shape = { S, T, past, K, scale: 1, causal, bias };
    const [q, k, v] = [randoms(18, S * H * K), randoms(19, T * G * K), randoms(20, T * G * K)];
    const expected = groupedAttention(q, k, v, {
      ...{ S, T, past, H, G, K, scale: 1, causal },
      bias: (head, distance) => (biased ? (table[head * width + distance + zero] ?? NaN) : 0),
    });
    await expectAttention([q, k, v], shape, adjacentGroups({ H, G }), G, expected);
  });

  it.each([
    // The combinations that families have: each takes llvmpipe seconds to compile.
    { S: 9, past: 0, window: 1, softcap: undefined, sunk: false },
    { S: 150, past: 0, window: 70, softcap: undefined, sunk: false },
    { S: 1, past: 200, window: 9, softcap: undefined, sunk: true },
    { S: 70, past: 3, window: 8, softcap: undefined, sunk: true },
    { S: 66, past: 0, window: undefined, softcap: undefined, sunk: true },
    { S: 9, past: 2, window: 64, softcap: 1.5, sunk: false },
    { S: 66, past: 0, window: undefined, softcap: 0.5, sunk: false },
  ])('S $S after $past, window $window, softcap $softcap, sinks $sunk', async ({ S, past, window, softcap, sunk }) => {
    const context = await testContext();
    const [H, G, K, T] = [6, 2, 16, past + S];
    const [q, k, v] = [randoms(21, S * H * K), randoms(22, T * G * K), randoms(23, T * G * K)];
    const sinks = randoms(24, H).map((value) => 3 * value);
    const common = { S, T, past, K, scale: 1.5, causal: true };
    const own = { ...(window ? { window } : {}), ...(softcap ? { softcap } : {}) };
    const expected = groupedAttention(q, k, v, { ...common, H, G, ...own, ...(sunk ? { sinks } : {}) });
    const shape = { ...common, ...own, bias: null, sinks: sunk ? context.upload(sinks, 'sinks') : undefined };
    await expectAttention([q, k, v], shape, adjacentGroups({ H, G }), G, expected);
  });

  it('recomputes a block of rows of chosen heads', async () => {
    const context = await testContext();
    const shape = { S: 11, T: 11, past: 0, H: 4, G: 2, K: 8, scale: 1, ...causal };
    const readers = [0, 1, 1, 0];
    const [q, k] = [randoms(12, 11 * 4 * 8), randoms(13, 11 * 2 * 8)];
    const { maps: all } = groupedAttention(q, k, k, shape, readers);
    const maps = context.storage(2 * 3 * 11, 'maps');
    const heads = uploadChosenHeads(context, [3, 1], readers, 2);
    const batch = context.batch();
    const [queries, keys] = [context.upload(q, 'q'), context.upload(k, 'k')];
    attentionMaps(context, batch, queries, keys, heads, maps, { row0: 5, rows: 3 }, shape);
    batch.submit();
    const expected = [3, 1].flatMap((head) => all.slice((head * 11 + 5) * 11, (head * 11 + 8) * 11));
    expect(maxDifference(await context.readFloat32(maps), expected)).toBeLessThan(1e-6);
  });

  it('stays finite where scores are far below and above what exp can hold', async () => {
    const context = await testContext();
    const shape = { S: 6, T: 6, past: 0, H: 2, G: 1, K: 4, scale: 400, ...causal };
    const [q, k, v] = [randoms(14, 48), randoms(15, 24), randoms(16, 24)];
    const out = context.storage(48, 'out');
    const batch = context.batch();
    const groups = uploadHeadGroups(context, [0, 0], 1);
    attend(context, batch, context.upload(q, 'q'), context.upload(k, 'k'), context.upload(v, 'v'), out, groups, shape);
    batch.submit();
    const { outputs } = groupedAttention(q, k, v, shape);
    expect(maxDifference(await context.readFloat32(out), outputs)).toBeLessThan(1e-3);
  });
});
