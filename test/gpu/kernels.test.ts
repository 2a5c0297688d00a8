/** Kernels against float64 references on sizes that no fixture has: odd heads, split matrices, caches with a past. */
import { describe, expect, it } from 'vitest';
import type { Span } from '../../src/gpu/context';
import { attend, attentionMaps } from '../../src/gpu/operations/attention';
import { uploadChosenHeads, uploadHeadGroups } from '../../src/gpu/operations/headGroups';
import { gpuProduct } from '../../src/gpu/operations/gram';
import { linear } from '../../src/gpu/operations/linear';
import { divergeLogits, reduceLogits } from '../../src/gpu/operations/loss';
import { compareMaps, encodeWeights, measureMaps } from '../../src/gpu/operations/maps';
import { gatherRows, scatterRows } from '../../src/gpu/operations/experts';
import { activate, softcap } from '../../src/gpu/operations/mlp';
import { normalise, normaliseHeads } from '../../src/gpu/operations/norm';
import { cosines } from '../../src/gpu/operations/rows';
import { rotaryTable, rotate } from '../../src/gpu/operations/rotary';
import { cosine, entropy, jensenShannon } from '../../src/gqa/measures';
import { maxDifference, relativeL2 } from './support/compare';
import { settleAfterAll, testContext } from './support/device';
import { adjacentGroups, groupedAttention, padRows, product, randoms, unpadRows } from './support/reference';

describe('linear', () => {
  settleAfterAll();

  it.each([
    { S: 1, N: 4, C: 4 },
    { S: 7, N: 132, C: 20 },
    { S: 65, N: 260, C: 68 },
  ])(
    'multiplies $S x $C by $N rows, whole and in parts, with bias, scaled, onto what is there',
    async ({ S, N, C }) => {
      const context = await testContext();
      const [x, w, bias, before] = [randoms(1, S * C), randoms(2, N * C), randoms(3, N), randoms(4, (S + 2) * N)];
      const plain = product(x, w, S, N, C);
      const expected = [...before];
      plain.forEach((value, at) => {
        const place = at + 2 * N;
        expected[place] = (before[place] ?? 0) + 0.5 * (value + (bias[at % N] ?? 0));
      });
      const half = Math.ceil(N / 8) * 4;
      for (const cuts of [[N], half < N ? [half, N] : [N]]) {
        const parts = cuts.map((end, index) => {
          const row0 = index === 0 ? 0 : (cuts[index - 1] ?? 0);
          return { span: context.upload(w.slice(row0 * C, end * C), 'w'), row0, rows: end - row0 };
        });
        const y = context.upload(before, 'y');
        const batch = context.batch();
        const matrix = { rows: N, columns: C, parts };
        const options = { bias: context.upload(bias, 'bias'), accumulate: true, row0: 2, scale: 0.5 };
        linear(context, batch, context.upload(x, 'x'), matrix, y, S, options);
        batch.submit();
        expect(relativeL2(await context.readFloat32(y), expected)).toBeLessThan(1e-6);
      }
    },
  );
});

describe('products of matrices from the CPU', () => {
  it.each([
    { rowsA: 3, rowsB: 5, columns: 7 },
    { rowsA: 32, rowsB: 96, columns: 64 },
  ])('$rowsA x $columns by $rowsB rows', async ({ rowsA, rowsB, columns }) => {
    const context = await testContext();
    const [a, b] = [randoms(30, rowsA * columns), randoms(31, rowsB * columns)];
    const found = await gpuProduct(context, a, b, columns, new AbortController().signal);
    expect(relativeL2(found, product(a, b, rowsA, rowsB, columns))).toBeLessThan(1e-6);
  });
});

describe('norms', () => {
  it.each(['rms', 'layer'] as const)('%s of rows whose length is no multiple of 4', async (kind) => {
    const context = await testContext();
    const [S, D, epsilon] = [3, 70, 1e-5];
    const [x, weight, bias] = [randoms(5, S * D).map((value) => value + 3), randoms(6, D), randoms(7, D)];
    const expected: number[] = [];
    for (let s = 0; s < S; s++) {
      const row = [...x.subarray(s * D, (s + 1) * D)];
      const mean = kind === 'layer' ? row.reduce((sum, value) => sum + value, 0) / D : 0;
      const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / D;
      row.forEach((value, d) => {
        const normal = ((value - mean) / Math.sqrt(variance + epsilon)) * (weight[d] ?? 0);
        expected.push(normal + (kind === 'layer' ? (bias[d] ?? 0) : 0));
      });
    }
    const y = context.storage(S * 72, 'y');
    const batch = context.batch();
    const weights = {
      kind,
      epsilon,
      weight: context.upload(padRows(weight, D), 'weight'),
      bias: kind === 'layer' ? context.upload(padRows(bias, D), 'bias') : undefined,
    };
    normalise(context, batch, context.upload(padRows(x, D), 'x'), weights, y, S, D);
    batch.submit();
    expect(relativeL2(unpadRows(await context.readFloat32(y), D), expected)).toBeLessThan(1e-6);
  });
});

describe('norms of heads', () => {
  it.each([
    { kind: 'rms', over: 'head', shared: true, K: 6 },
    { kind: 'layer', over: 'head', shared: false, K: 6 },
    { kind: 'rms', over: 'heads', shared: false, K: 5 },
    { kind: 'layer', over: 'heads', shared: false, K: 8 },
  ] as const)('$kind over $over of $K, shared $shared, from a row on', async ({ kind, over, shared, K }) => {
    const context = await testContext();
    const [S, heads, epsilon, row0] = [3, 4, 1e-5, 2];
    const x = randoms(44, S * heads * K).map((value) => value + 1);
    const gains = shared ? K : heads * K;
    const [weight, bias] = [randoms(45, gains), randoms(46, gains)];
    const length = over === 'head' ? K : heads * K;
    const expected = Array.from(x, (value, index) => {
      const row = [...x.subarray(Math.floor(index / length) * length, (Math.floor(index / length) + 1) * length)];
      const mean = kind === 'layer' ? row.reduce((sum, other) => sum + other, 0) / length : 0;
      const variance = row.reduce((sum, other) => sum + (other - mean) ** 2, 0) / length;
      const gain = index % gains;
      return ((value - mean) / Math.sqrt(variance + epsilon)) * (weight[gain] ?? NaN) + (bias[gain] ?? NaN);
    });
    const upload = (data: Float32Array): Span => context.upload(padRows(data, K), 'heads');
    const y = context.storage((S + row0) * heads * 8, 'y');
    const batch = context.batch();
    const weights = { kind, epsilon, weight: upload(weight), bias: upload(bias) };
    normaliseHeads(context, batch, upload(x), weights, y, { S, heads, K, over, shared, row0 });
    batch.submit();
    const found = unpadRows(await context.readFloat32(y), K);
    const before = row0 * heads * K;
    expect(found.slice(0, before).every((value) => value === 0)).toBe(true);
    expect(relativeL2(found.slice(before, before + expected.length), expected)).toBeLessThan(1e-6);
  });

  it('are added, scaled, to what is there', async () => {
    const context = await testContext();
    const [x, before] = [randoms(47, 16), randoms(48, 16)];
    const y = context.upload(before, 'y');
    const batch = context.batch();
    const weights = {
      kind: 'rms',
      epsilon: 0,
      weight: context.upload(new Float32Array(8).fill(1), 'w'),
      scale: 3,
    } as const;
    normalise(context, batch, context.upload(x, 'x'), weights, y, 2, 8, { accumulate: true });
    batch.submit();
    const size = [0, 1].map((row) =>
      Math.sqrt(x.subarray(row * 8, row * 8 + 8).reduce((sum, v) => sum + v * v, 0) / 8),
    );
    const expected = Array.from(x, (value, i) => (before[i] ?? NaN) + (3 * value) / (size[Math.floor(i / 8)] ?? NaN));
    expect(relativeL2(await context.readFloat32(y), expected)).toBeLessThan(1e-6);
  });
});

describe('rows of an expert', () => {
  it('are gathered, and added back with their weights', async () => {
    const context = await testContext();
    const [rows, out] = [randoms(49, 5 * 72), randoms(50, 5 * 72)];
    const [places, factors] = [
      [3, 0],
      [0.25, -2],
    ];
    const span = context.upload(Uint32Array.from(places), 'places');
    const [gathered, sum] = [context.storage(2 * 72, 'gathered'), context.upload(out, 'out')];
    const batch = context.batch();
    gatherRows(batch, context.upload(rows, 'rows'), span, gathered, { count: 2, stride: 72 });
    scatterRows(batch, gathered, span, context.upload(Float32Array.from(factors), 'f'), sum, { count: 2, stride: 72 });
    batch.submit();
    const row = (place: number): number[] => [...rows.subarray(place * 72, (place + 1) * 72)];
    expect([...(await context.readFloat32(gathered))]).toEqual([...row(3), ...row(0)]);
    const expected = Array.from(out, (value, i) => {
      const factor = factors[places.indexOf(Math.floor(i / 72))] ?? 0;
      return value + factor * (rows[i] ?? NaN);
    });
    expect(relativeL2(await context.readFloat32(sum), expected)).toBeLessThan(1e-6);
  });
});

describe('cosines of rows', () => {
  it.each([{ D: 3 }, { D: 70 }, { D: 512 }])('of $D numbers, whole and above a base, and of zeros', async ({ D }) => {
    const context = await testContext();
    const S = 5;
    const [x, y, x0, y0] = [randoms(40, S * D), randoms(41, S * D), randoms(42, S * D), randoms(43, S * D)];
    for (const rows of [x, x0]) rows.fill(0, 3 * D);
    for (const rows of [y, y0]) rows.fill(0, 4 * D);
    const row = (data: Float32Array, s: number): number[] => [...data.subarray(s * D, (s + 1) * D)];
    const above = (data: Float32Array, base: Float32Array, s: number): number[] =>
      row(data, s).map((value, d) => value - (base[s * D + d] ?? NaN));
    const span = (data: Float32Array): Span => context.upload(padRows(data, D), 'rows');
    const [whole, based] = [context.storage(S, 'whole'), context.storage(S, 'based')];
    const batch = context.batch();
    cosines(context, batch, { rows: span(x) }, { rows: span(y) }, whole, S, D);
    cosines(context, batch, { rows: span(x), base: span(x0) }, { rows: span(y), base: span(y0) }, based, S, D);
    batch.submit();
    const rows = Array.from({ length: S }, (_, s) => s);
    const expected = rows.map((s) => cosine(row(x, s), row(y, s)));
    expect(expected.slice(3)).toEqual([0, 1]);
    expect(maxDifference(await context.readFloat32(whole), expected)).toBeLessThan(1e-6);
    const expectedBased = rows.map((s) => cosine(above(x, x0, s), above(y, y0, s)));
    expect(maxDifference(await context.readFloat32(based), expectedBased)).toBeLessThan(1e-6);
  });
});

describe('rotary embedding', () => {
  it.each(['half', 'interleaved'] as const)('turns the planes of the %s layout and leaves the rest', async (layout) => {
    const context = await testContext();
    const [S, heads, K, planes, first] = [3, 2, 12, 4, 1000];
    const inverseFrequencies = Float32Array.from({ length: planes }, (_, plane) => 10000 ** (-plane / planes));
    const x = randoms(8, (S + 1) * heads * K);
    const expected = [...x];
    for (let s = 0; s < S; s++) {
      for (let head = 0; head < heads; head++) {
        for (let plane = 0; plane < planes; plane++) {
          const angle = Math.fround((first + s) * (inverseFrequencies[plane] ?? 0));
          const base = ((s + 1) * heads + head) * K;
          const i = base + (layout === 'half' ? plane : 2 * plane);
          const j = base + (layout === 'half' ? plane + planes : 2 * plane + 1);
          expected[i] = (x[i] ?? 0) * Math.cos(angle) - (x[j] ?? 0) * Math.sin(angle);
          expected[j] = (x[j] ?? 0) * Math.cos(angle) + (x[i] ?? 0) * Math.sin(angle);
        }
      }
    }
    const span = context.upload(x, 'x');
    const table = context.upload(rotaryTable(inverseFrequencies, first, S, 1), 'table');
    const batch = context.batch();
    rotate(batch, span, { span: table, planes, layout }, { S, heads, stride: K, row0: 1 });
    batch.submit();
    expect(maxDifference(await context.readFloat32(span), expected)).toBeLessThan(1e-6);
  });
});

/** Attention without a bias. */
const causal = { causal: true, bias: null };

describe('grouped attention', () => {
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
    const context = await testContext();
    const T = past + S;
    const shape = { S, T, past, H, G, K, scale: 3 / Math.sqrt(K), ...causal };
    const readers = groupOfHead ?? adjacentGroups(shape);
    const [q, k, v] = [randoms(9, S * H * K), randoms(10, T * G * K), randoms(11, T * G * K)];
    const expected = groupedAttention(q, k, v, shape, readers);
    const upload = (data: Float32Array): Span => context.upload(padRows(data, K), 'x');
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
    const readers = adjacentGroups({ H, G });
    const heads = Array.from({ length: H }, (_, head) => head);
    const [queries, keys, values] = [context.upload(q, 'q'), context.upload(k, 'k'), context.upload(v, 'v')];
    const out = context.storage(S * H * K, 'out');
    const maps = context.storage(H * S * T, 'maps');
    const batch = context.batch();
    attend(context, batch, queries, keys, values, out, uploadHeadGroups(context, readers, G), shape);
    const chosen = uploadChosenHeads(context, heads, readers, G);
    attentionMaps(context, batch, queries, keys, chosen, maps, { row0: 0, rows: S }, shape);
    batch.submit();
    expect(relativeL2(await context.readFloat32(out), expected.outputs)).toBeLessThan(1e-5);
    expect(maxDifference(await context.readFloat32(maps), expected.maps)).toBeLessThan(1e-6);
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
    const readers = adjacentGroups({ H, G });
    const heads = Array.from({ length: H }, (_, head) => head);
    const [queries, keys, values] = [context.upload(q, 'q'), context.upload(k, 'k'), context.upload(v, 'v')];
    const out = context.storage(S * H * K, 'out');
    const maps = context.storage(H * S * T, 'maps');
    const batch = context.batch();
    attend(context, batch, queries, keys, values, out, uploadHeadGroups(context, readers, G), shape);
    const chosen = uploadChosenHeads(context, heads, readers, G);
    attentionMaps(context, batch, queries, keys, chosen, maps, { row0: 0, rows: S }, shape);
    batch.submit();
    expect(relativeL2(await context.readFloat32(out), expected.outputs)).toBeLessThan(1e-5);
    expect(maxDifference(await context.readFloat32(maps), expected.maps)).toBeLessThan(1e-6);
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

describe('activations', () => {
  const erf = (x: number): number => {
    // Taylor series, exact to float64 for |x| below 3; beyond, 1 to the 5th digit is what the tolerance asks.
    let [term, sum] = [x, x];
    for (let n = 1; n < 120; n++) {
      term *= -(x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  };
  const references = {
    silu: (x: number) => x / (1 + Math.exp(-x)),
    gelu: (x: number) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
    'gelu-tanh': (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
    relu: (x: number) => Math.max(x, 0),
  };

  it.each(Object.keys(references) as (keyof typeof references)[])('%s, plain and gated', async (kind) => {
    const context = await testContext();
    const [gate, up] = [randoms(17, 1000).map((x) => 4 * x), randoms(18, 1000).map((x) => 4 * x)];
    const plain = context.upload(up, 'plain');
    const gated = context.upload(up, 'gated');
    const batch = context.batch();
    activate(context, batch, kind, null, plain, 1000);
    activate(context, batch, kind, context.upload(gate, 'gate'), gated, 1000);
    batch.submit();
    const f = references[kind];
    expect(maxDifference(await context.readFloat32(plain), [...up].map(f))).toBeLessThan(3e-6);
    const expected = [...gate].map((value, i) => f(value) * (up[i] ?? 0));
    expect(maxDifference(await context.readFloat32(gated), expected)).toBeLessThan(1e-5);
  });

  it('clamped-swiglu limits both sides', async () => {
    const context = await testContext();
    const [gate, up] = [randoms(17, 400).map((x) => 12 * x), randoms(18, 400).map((x) => 12 * x)];
    const span = context.upload(up, 'up');
    const batch = context.batch();
    activate(context, batch, 'clamped-swiglu', context.upload(gate, 'gate'), span, 400);
    batch.submit();
    const expected = Array.from(gate, (value, i) => {
      const limited = Math.min(value, 7);
      const bounded = Math.max(-7, Math.min(7, up[i] ?? NaN));
      return ((bounded + 1) * limited) / (1 + Math.exp(-1.702 * limited));
    });
    expect(relativeL2(await context.readFloat32(span), expected)).toBeLessThan(1e-6);
  });

  it('a soft cap bends what is near it and holds what is beyond', async () => {
    const context = await testContext();
    const values = Float32Array.of(0, 0.1, -3, 30, -1e6, 1e6, 29, 31);
    const span = context.upload(values, 'x');
    const batch = context.batch();
    softcap(batch, span, 8, 30);
    batch.submit();
    const expected = Array.from(values, (value) => 30 * Math.tanh(value / 30));
    expect(relativeL2(await context.readFloat32(span), expected)).toBeLessThan(1e-6);
  });

  it('gelu-tanh of ±1000 is 1000 and 0', async () => {
    const context = await testContext();
    const span = context.upload(Float32Array.of(1000, -1000, 0, 20), 'x');
    const batch = context.batch();
    activate(context, batch, 'gelu-tanh', null, span, 4);
    batch.submit();
    expect([...(await context.readFloat32(span))].map(Math.abs)).toEqual([1000, 0, 0, 20]);
  });
});

describe('numbers of logits', () => {
  it('log-sum-exp, target, argmax with exclusions, KL', async () => {
    const context = await testContext();
    const [rows, V, stride] = [3, 1001, 1004];
    const a = randoms(19, rows * stride).map((x) => 8 * x);
    const b = randoms(20, rows * stride).map((x) => 8 * x);
    // A tie: the smaller index wins. Row 2's largest is excluded.
    a[5] = 50;
    a[900] = 50;
    a[2 * stride + 77] = 60;
    a[2 * stride + 78] = 59;
    const targets = Uint32Array.of(3, 1000, 77);
    const [bufferA, bufferB] = [context.upload(a, 'a'), context.upload(b, 'b')];
    const [rowsA, rowsB, kl] = [context.storage(12, 'a'), context.storage(12, 'b'), context.storage(3, 'kl')];
    const excluded = { span: context.upload(Uint32Array.of(1, 77), 'excluded'), count: 2 };
    const size = { rows, V, stride };
    const batch = context.batch();
    reduceLogits(context, batch, bufferA, context.upload(targets, 't'), excluded, rowsA, size);
    reduceLogits(context, batch, bufferB, context.upload(targets, 't'), null, rowsB, size);
    divergeLogits(batch, { logits: bufferA, rows: rowsA }, { logits: bufferB, rows: rowsB }, kl, size);
    batch.submit();
    const numbers = await context.readFloat32(rowsA);
    const divergence = await context.readFloat32(kl);
    for (let row = 0; row < rows; row++) {
      const logits = [...a.subarray(row * stride, row * stride + V)];
      const other = [...b.subarray(row * stride, row * stride + V)];
      const total = (values: number[]): number => {
        const largest = Math.max(...values);
        return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
      };
      const [totalA, totalB] = [total(logits), total(other)];
      expect(numbers[row * 4]).toBeCloseTo(totalA, 4);
      expect(numbers[row * 4 + 1]).toBe(logits[targets[row] ?? 0]);
      const expected = logits.reduce((sum, value, n) => {
        const [logA, logB] = [value - totalA, (other[n] ?? 0) - totalB];
        return sum + Math.exp(logA) * (logA - logB);
      }, 0);
      expect(Math.abs((divergence[row] ?? NaN) - expected)).toBeLessThan(1e-4 * Math.max(1, expected));
    }
    expect(numbers[2]).toBe(5);
    expect(numbers[2 * 4 + 2]).toBe(78);
  });
});

describe('what is computed from maps', () => {
  it('codes, statistics and divergence', async () => {
    const context = await testContext();
    const shape = { S: 13, past: 0, H: 3, G: 3, K: 4, scale: 6 };
    const make = (seed: number): number[] =>
      groupedAttention(randoms(seed, 156), randoms(seed + 1, 156), randoms(1, 156), shape).maps;
    const [a, b] = [make(21), make(23)];
    const block = { heads: 3, row0: 0, rows: 13, T: 13, past: 0 };
    const [mapA, mapB] = [context.upload(Float32Array.from(a), 'a'), context.upload(Float32Array.from(b), 'b')];
    const codes = context.storage(Math.ceil((3 * 13 * 13) / 4), 'codes');
    const statistics = context.storage(3 * 13 * 4, 'statistics');
    const divergence = context.storage(3 * 13 * 2, 'divergence');
    const batch = context.batch();
    encodeWeights(batch, mapA, codes, 3 * 13 * 13);
    measureMaps(batch, mapA, statistics, block);
    // Each map of a with another one of b.
    const partners = [2, 0, 1];
    const table = context.upload(Uint32Array.from(partners.flatMap((other, head) => [head, other])), 'pairs');
    compareMaps(batch, mapA, mapB, { span: table, count: 3 }, divergence, block);
    batch.submit();
    const bytes = new Uint8Array(await context.read(codes));
    const numbers = await context.readFloat32(statistics);
    const pairs = await context.readFloat32(divergence);
    for (let head = 0; head < 3; head++) {
      for (let row = 0; row < 13; row++) {
        const at = (head * 13 + row) * 13;
        const other = ((partners[head] ?? 0) * 13 + row) * 13;
        const [p, q] = [a.slice(at, at + 13), b.slice(other, other + 13)];
        p.forEach((weight, t) => {
          const code = bytes[at + t] ?? -1;
          // Codes step by 2^(1/12): half a step is 3 %.
          if (weight === 0) expect(code).toBe(0);
          else if (weight > 1e-6) expect(Math.abs(Math.log2(weight) - (code - 255) / 12)).toBeLessThan(0.51 / 12);
        });
        const line = (head * 13 + row) * 4;
        expect(numbers[line]).toBeCloseTo(entropy(p), 4);
        expect(numbers[line + 1]).toBeCloseTo(p[0] ?? NaN, 5);
        expect(numbers[line + 2]).toBeCloseTo(
          p.reduce((sum, weight, t) => sum + weight * (row - t), 0),
          4,
        );
        expect(numbers[line + 3]).toBeCloseTo(Math.max(...p), 5);
        expect(pairs[(head * 13 + row) * 2]).toBeCloseTo(jensenShannon(p, q), 4);
        const largest = Math.max(...p.map((weight, t) => Math.abs(weight - (q[t] ?? 0))));
        expect(pairs[(head * 13 + row) * 2 + 1]).toBeCloseTo(largest, 5);
      }
    }
  });
});
