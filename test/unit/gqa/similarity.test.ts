// Similarity of heads: what it must not see (the gauge), what it must see, and its floor.
import fc from 'fast-check';
import { Matrix, QrDecomposition } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { gaugeOf } from '../../../src/gqa/heads';
import { gaussianRandom } from '../../../src/gqa/random';
import { layerSimilarity, similarities } from '../../../src/gqa/similarity';
import type { ModelSpec } from '../../../src/model/spec';
import type { Weight } from '../../../src/model/weightSource';
import type { SimilarityResult, SimilarityTarget } from '../../../src/protocol/similarity';
import { quietTask } from '../../../src/protocol/tasks';
import { keyGauge, type Gauge } from '../../../src/gqa/solve/gauge';
import { similarityJobOf } from '../../support/conversions';
import { decoderLayers } from '../../../src/model/families/family';
import { makeSpec, randomSource, randomWeight, rotary, type MemorySource } from './memorySource';

const compare = async (
  source: MemorySource,
  target: SimilarityTarget,
  measure: string,
  G = source.spec.G,
): Promise<SimilarityResult> =>
  layerSimilarity(
    await similarityJobOf(source, {
      layer: 0,
      target,
      measure,
      conversion: { G, grouping: 'contiguous', merge: 'mean' },
    }),
    quietTask,
  );

/** Turns each rotary plane of a head [K, columns] by an angle of its own. */
function turnPlanes(head: Float32Array, columns: number, { planes }: Pick<Gauge, 'planes'>, angle: () => number): void {
  for (const [first, second] of planes) {
    const phi = angle();
    for (let column = 0; column < columns; column += 1) {
      const a = head[first * columns + column] ?? NaN;
      const b = head[second * columns + column] ?? NaN;
      head[first * columns + column] = Math.cos(phi) * a - Math.sin(phi) * b;
      head[second * columns + column] = Math.sin(phi) * a + Math.cos(phi) * b;
    }
  }
}

/** Multiplies rows [start, K) of a head by a random orthogonal matrix. */
function turnOrthogonally(head: Float32Array, columns: number, start: number, seed: number): void {
  const size = head.length / columns - start;
  const draw = gaussianRandom(seed);
  const gaussian = Array.from({ length: size }, () => Array.from({ length: size }, draw));
  const orthogonal = new QrDecomposition(new Matrix(gaussian)).orthogonalMatrix;
  const rows = Array.from({ length: size }, (_, row) =>
    Array.from(head.subarray((start + row) * columns, (start + row + 1) * columns)),
  );
  head.set(orthogonal.mmul(new Matrix(rows)).to1DArray(), start * columns);
}

const headOf = ({ data, columns }: Weight, K: number, head: number): Float32Array =>
  data.subarray(head * K * columns, (head + 1) * K * columns);

const cases: { name: string; spec: ModelSpec; target: SimilarityTarget }[] = [
  { name: 'K, rotary halves', spec: makeSpec({}), target: 'k' },
  {
    name: 'K, rotary interleaved',
    spec: makeSpec({ position: rotary('interleaved', 6) }),
    target: 'k',
  },
  {
    name: 'K, partial rotary halves',
    spec: makeSpec({ position: rotary('half', 2) }),
    target: 'k',
  },
  {
    name: 'K, partial rotary interleaved',
    spec: makeSpec({ position: rotary('interleaved', 4) }),
    target: 'k',
  },
  {
    name: 'K without rotary embeddings',
    spec: makeSpec({ position: { kind: 'learned', maxPositions: 64 } }),
    target: 'k',
  },
  { name: 'V', spec: makeSpec({}), target: 'v' },
];

describe.each(cases)('aligned cosine of $name', ({ spec, target }) => {
  const { K, D } = spec;
  const { planes, free } = gaugeOf(spec, 0, target);
  /** Everything the gauge allows, drawn from a seed. */
  const turn = (head: Float32Array, seed: number): void => {
    const draw = gaussianRandom(seed);
    turnPlanes(head, D, { planes }, () => 3 * draw());
    // Free rows are the last ones.
    if (free.length > 0) turnOrthogonally(head, D, free[0] ?? 0, seed);
  };

  it('is 1 between a head and its turned and scaled copy', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.double({ min: 0.01, max: 100, noNaN: true }), async (seed, scale) => {
        const source = randomSource(spec);
        const weight = source.weights.get(`${target}.weight 0`);
        if (weight === undefined) throw new Error('no weight');
        const copy = headOf(weight, K, 0).map((value) => value * scale);
        turn(copy, seed);
        headOf(weight, K, 1).set(copy);
        const { matrix } = await compare(source, target, 'aligned');
        expect(matrix[1]).toBeCloseTo(1, 5);
      }),
      { numRuns: 20 },
    );
  });

  it('does not change when heads are turned', async () => {
    const before = await compare(randomSource(spec), target, 'aligned');
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const source = randomSource(spec);
        const weight = source.weights.get(`${target}.weight 0`);
        if (weight === undefined) throw new Error('no weight');
        for (let head = 0; head < spec.G; head += 1) turn(headOf(weight, K, head), seed + head);
        const after = await compare(source, target, 'aligned');
        after.matrix.forEach((value, index) => expect(value).toBeCloseTo(before.matrix[index] ?? NaN, 5));
      }),
      { numRuns: 10 },
    );
  });

  it('is at least the absolute raw cosine, at most 1, and symmetric with a diagonal of 1', async () => {
    const source = randomSource(spec);
    const raw = await compare(source, target, 'cosine');
    const { matrix, n } = await compare(source, target, 'aligned');
    for (let row = 0; row < n; row += 1) {
      expect(matrix[row * n + row]).toBe(1);
      for (let column = 0; column < n; column += 1) {
        const value = matrix[row * n + column] ?? NaN;
        expect(value).toBe(matrix[column * n + row]);
        expect(value).toBeLessThanOrEqual(1);
        expect(value).toBeGreaterThanOrEqual(Math.abs(raw.matrix[row * n + column] ?? NaN) - 1e-6);
      }
    }
  });
});

describe('the gauge of K with rotary embeddings', () => {
  it.each([
    ['half', 'interleaved'],
    ['interleaved', 'half'],
  ] as const)('is not the %s layout turned as %s', async (layout, wrong) => {
    const source = randomSource(makeSpec({ position: rotary(layout, 6) }));
    const weight = source.weights.get('k.weight 0');
    if (weight === undefined) throw new Error('no weight');
    const copy = headOf(weight, 6, 0).slice();
    turnPlanes(copy, 24, keyGauge(makeSpec({ position: rotary(wrong, 6) }), 0), () => 1.2);
    headOf(weight, 6, 1).set(copy);
    expect((await compare(source, 'k', 'aligned')).matrix[1]).toBeLessThan(0.95);
  });
});

describe('raw cosine', () => {
  it('is the cosine of the entries, for pairs and for pooled heads', async () => {
    const source = randomSource(makeSpec({}));
    const { K, D } = source.spec;
    const weight = source.weights.get('v.weight 0') ?? randomWeight(0, 0, 0);
    const { matrix, toPooled, groups, n } = await compare(source, 'v', 'cosine', 2);
    const plain = (a: number[], b: number[]): number => {
      const inner = (x: number[], y: number[]): number =>
        x.reduce((sum, value, index) => sum + value * (y[index] ?? NaN), 0);
      return inner(a, b) / Math.sqrt(inner(a, a) * inner(b, b));
    };
    const heads = Array.from({ length: n }, (_, head) => Array.from(headOf(weight, K, head)));
    expect(groups).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    heads.forEach((head, row) => {
      heads.forEach((other, column) => expect(matrix[row * n + column]).toBeCloseTo(plain(head, other), 6));
      const members = heads.filter((_, member) => groups[member] === groups[row]);
      const pooled = Array.from({ length: K * D }, (_, index) =>
        members.reduce((sum, member) => sum + (member[index] ?? NaN) / members.length, 0),
      );
      expect(toPooled[row]).toBeCloseTo(plain(head, pooled), 6);
    });
  });
});

describe('layerSimilarity', () => {
  it('puts random heads at the floor, alone and pooled, for every measure', async () => {
    const source = randomSource(makeSpec({ D: 256, K: 32 }));
    for (const { id } of similarities.filter(({ on }) => on.includes('weights'))) {
      for (const target of ['k', 'v'] as const) {
        const { matrix, toPooled, floor, pooledFloor, n } = await compare(source, target, id, 4);
        const total = matrix.reduce((sum, value) => sum + value, 0) - n * (matrix[0] ?? NaN);
        expect(Math.abs(total / (n * (n - 1)) - floor)).toBeLessThan(0.01);
        expect(Math.abs(toPooled.reduce((sum, value) => sum + value, 0) / n - pooledFloor)).toBeLessThan(0.01);
      }
    }
  });

  it('knows the mean of unrelated heads: each is at 1/√R of it', async () => {
    const { pooledFloor } = await compare(randomSource(makeSpec({ D: 256, K: 32 })), 'v', 'cosine', 2);
    expect(pooledFloor).toBeCloseTo(0.5, 1);
  });

  it('is 1 to the pooled head when nothing is pooled', async () => {
    const { toPooled } = await compare(randomSource(makeSpec({})), 'k', 'aligned');
    toPooled.forEach((value) => expect(value).toBeCloseTo(1, 5));
  });

  it('has a floor for a model of a single KV head', async () => {
    const { matrix, floor } = await compare(randomSource(makeSpec({ G: 1, D: 256, K: 32 })), 'v', 'aligned');
    expect(Array.from(matrix)).toEqual([1]);
    expect(floor).toBeGreaterThan(0.2);
    expect(floor).toBeLessThan(0.4);
  });

  it('gives 0 for a head that is all zero', async () => {
    const source = randomSource(makeSpec({}));
    const weight = source.weights.get('k.weight 0');
    if (weight === undefined) throw new Error('no weight');
    headOf(weight, 6, 2).fill(0);
    const { matrix } = await compare(source, 'k', 'aligned');
    expect(matrix[2]).toBe(0);
    expect(Array.from(matrix).every(Number.isFinite)).toBe(true);
  });

  it('refuses NaN by the name of the weight instead of hanging', async () => {
    const source = randomSource(
      makeSpec({
        layers: decoderLayers(2, (layer) => ({ scale: 1, weights: { 'v.weight': { tensor: `layer.${layer}.v` } } })),
      }),
    );
    const weight = source.weights.get('v.weight 0');
    if (weight === undefined) throw new Error('no weight');
    weight.data[weight.data.length - 1] = NaN;
    await expect(compare(source, 'v', 'aligned')).rejects.toThrow(/Head 7 of layer\.0\.v.*NaN/);
  });

  it('refuses unknown layers and measures', async () => {
    const source = randomSource(makeSpec({}));
    const conversion = { G: 2, grouping: 'contiguous', merge: 'mean' };
    const beyond = await similarityJobOf(source, { layer: 2, target: 'k', measure: 'cosine', conversion });
    await expect(layerSimilarity(beyond, quietTask)).rejects.toThrow(/expected 0 to 1/);
    await expect(similarityJobOf(source, { layer: 0, target: 'k', measure: 'euclid', conversion })).rejects.toThrow(
      /aligned, cosine, cka, pca/,
    );
  });

  it('lets other work run and stops at once when cancelled, on a large layer', async () => {
    const controller = new AbortController();
    const source = randomSource(makeSpec({ L: 1, H: 16, G: 16, K: 64, D: 1024 }));
    const job = await similarityJobOf(source, {
      layer: 0,
      target: 'v',
      measure: 'aligned',
      conversion: { G: 1, grouping: 'contiguous', merge: 'mean' },
    });
    let longestPause = 0;
    let last = performance.now();
    const ticks = setInterval(() => {
      longestPause = Math.max(longestPause, performance.now() - last);
      last = performance.now();
    }, 1);
    const fractions: (number | null)[] = [];
    setTimeout(() => controller.abort(), 200);
    const start = performance.now();
    const work = layerSimilarity(job, { signal: controller.signal, report: (_, fraction) => fractions.push(fraction) });
    await expect(work).rejects.toThrow(/abort/i);
    clearInterval(ticks);
    expect(performance.now() - start).toBeLessThan(1000);
    expect(longestPause).toBeLessThan(200);
    expect(fractions.length).toBeGreaterThan(0);
  });
});
