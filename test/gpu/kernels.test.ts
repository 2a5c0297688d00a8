/** Kernels of a layer's parts against float64 on sizes that no fixture has: odd sizes, split matrices, rows in the middle. */
import { describe, expect, it } from 'vitest';
import type { Span } from '../../src/gpu/context';
import { gpuProduct } from '../../src/gpu/operations/gram';
import { linear } from '../../src/gpu/operations/linear';
import { gatherRows, scatterRows } from '../../src/gpu/operations/experts';
import { activate, softcap } from '../../src/gpu/operations/mlp';
import { normalise, normaliseHeads } from '../../src/gpu/operations/norm';
import { rotaryTable, rotate } from '../../src/gpu/operations/rotary';
import { maxDifference, relativeL2 } from './support/compare';
import { settleAfterAll, testContext } from './support/device';
import { padRows, product, randoms, unpadRows } from './support/reference';

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
