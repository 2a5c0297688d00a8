// Damage of a head against brute force: attention with every number spelt out, in float64. What is predicted must be a bound
// whatever a conversion does to queries, keys, values and outputs.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { damageOf, type ConvertedHeadOnText, type HeadOnText, type ScoreSetting } from '../../../src/gqa/damage';
import { cpuGram } from '../../../src/gqa/gram';
import { gaussianRandom } from '../../../src/gqa/random';
import type { Gauge } from '../../../src/gqa/solve/gauge';
import { quietTask } from '../../../src/protocol/tasks';

const [S, K, D] = [9, 6, 10];
const scale = K ** -0.5;

type Projections = Pick<HeadOnText, 'queries' | 'keys' | 'values' | 'outputs'>;

const gauges: Record<string, Gauge> = {
  planes: {
    planes: [
      [0, 3],
      [1, 4],
      [2, 5],
    ],
    free: [],
    fixed: [],
  },
  free: { planes: [], free: [0, 1, 2, 3, 4, 5], fixed: [] },
  both: { planes: [[0, 1]], free: [2, 3, 4, 5], fixed: [] },
  none: { planes: [], free: [], fixed: [0, 1, 2, 3, 4, 5] },
};

function randomHead(T: number, size: number, seed: number): Projections {
  const draw = gaussianRandom(seed);
  const numbers = (count: number, factor: number): Float32Array =>
    Float32Array.from({ length: count }, () => factor * draw());
  return {
    queries: numbers(S * K, size),
    keys: numbers(T * K, size),
    values: numbers(T * K, 1),
    outputs: numbers(D * K, 1),
  };
}

/** Numbers moved a bit. */
function shaken(data: Float32Array, amount: number, seed: number): Float32Array {
  const draw = gaussianRandom(seed);
  return data.map((value) => value + amount * draw());
}

const at = (data: ArrayLike<number>, place: number): number => data[place] ?? NaN;

/** [S][T] softmax of the scores a query sees. */
function attention({ queries, keys }: Projections, { causal, capped, sunk }: ScoreSetting): number[][] {
  const T = keys.length / K;
  return Array.from({ length: S }, (_, m) => {
    const scores = Array.from({ length: T }, (__, n) => {
      let score = 0;
      for (let j = 0; j < K; j += 1) score += scale * at(queries, m * K + j) * at(keys, n * K + j);
      return capped ? 2 * Math.tanh(score / 2) : score;
    });
    const weights = scores.map((score, n) => (causal && n > T - S + m ? 0 : Math.exp(score)));
    const total = weights.reduce((sum, weight) => sum + weight, sunk ? 1 : 0);
    return weights.map((weight) => weight / total);
  });
}

/** [S, K] */
function attend(map: readonly number[][], values: Float32Array): Float32Array {
  return Float32Array.from({ length: S * K }, (_, place) =>
    (map[Math.floor(place / K)] ?? []).reduce((sum, weight, n) => sum + weight * at(values, n * K + (place % K)), 0),
  );
}

/** [S][D] Σ_n p_mn·O·v_n */
function contributions(map: readonly number[][], { values, outputs }: Projections): number[][] {
  const attended = attend(map, values);
  return Array.from({ length: S }, (_, m) =>
    Array.from({ length: D }, (__, d) => {
      let sum = 0;
      for (let j = 0; j < K; j += 1) sum += at(outputs, d * K + j) * at(attended, m * K + j);
      return sum;
    }),
  );
}

async function damage(before: Projections, after: Projections, setting: ScoreSetting) {
  const [p, q] = [attention(before, setting), attention(after, setting)];
  const original: HeadOnText = { ...before, attended: attend(p, before.values) };
  const converted: ConvertedHeadOnText = {
    ...after,
    attended: attend(q, after.values),
    attendedAsBefore: attend(p, after.values),
  };
  const [c, d, e] = [contributions(p, before), contributions(q, after), contributions(p, after)];
  const norm = (rows: number[][]): number => Math.sqrt(rows.flat().reduce((sum, value) => sum + value ** 2, 0));
  const less = (a: number[][], b: number[][]): number[][] =>
    a.map((row, m) => row.map((value, index) => value - (b[m]?.[index] ?? NaN)));
  return {
    found: await damageOf(original, converted, setting, cpuGram, quietTask),
    expected: { observed: norm(less(d, c)) / norm(c), byValues: norm(less(e, c)) / norm(c) },
  };
}

const settings = fc.record({
  gauge: fc.constantFrom(...Object.keys(gauges)).map((name) => gauges[name] ?? { planes: [], free: [], fixed: [] }),
  causal: fc.boolean(),
  capped: fc.boolean(),
  sunk: fc.boolean(),
});

describe('damageOf', () => {
  it('observes what brute force observes, and predicts no less, whatever changes', async () => {
    const cases = fc.record({
      setting: settings,
      seed: fc.integer(),
      size: fc.constantFrom(0.1, 1, 4),
      changes: fc.record({ queries: amount(), keys: amount(), values: amount(), outputs: amount() }),
      more: fc.integer({ min: 0, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ setting, seed, size, changes, more }) => {
        const before = randomHead(S + more, size, seed);
        const after: Projections = {
          queries: shaken(before.queries, changes.queries * size, seed + 1),
          keys: shaken(before.keys, changes.keys * size, seed + 2),
          values: shaken(before.values, changes.values, seed + 3),
          outputs: shaken(before.outputs, changes.outputs, seed + 4),
        };
        const { found, expected } = await damage(before, after, { K, scale, ...setting });
        expect(found.observed).toBeCloseTo(expected.observed, 5);
        expect(found.byValues).toBeCloseTo(expected.byValues, 5);
        expect(found.observed).toBeLessThanOrEqual(1.00001 * (found.byValues + found.byKeys) + 1e-5);
      }),
      { numRuns: 150 },
    );
  });

  it('is nothing where queries and keys, values and outputs turn together', async () => {
    for (const gauge of [gauges.planes, gauges.free]) {
      if (gauge === undefined) continue;
      const before = randomHead(S, 1, 3);
      const after: Projections = {
        queries: turned(before.queries, 0.7, 2),
        keys: turned(before.keys, 0.7, 0.5),
        values: before.values.map((value) => 3 * value),
        outputs: before.outputs.map((value) => value / 3),
      };
      const { found } = await damage(before, after, { K, scale, causal: true, gauge, capped: false, sunk: false });
      expect(found.observed).toBeLessThan(1e-5);
      expect(found.byValues).toBeLessThan(1e-5);
      expect(found.byKeys).toBeLessThan(1e-5);
    }
  });

  it('keeps the parts apart: keys alone, values alone', async () => {
    const setting = {
      K,
      scale,
      causal: true,
      gauge: gauges.planes ?? { planes: [], free: [], fixed: [] },
      capped: false,
      sunk: false,
    };
    const before = randomHead(S, 1, 8);
    const keys = await damage(before, { ...before, keys: shaken(before.keys, 0.3, 9) }, setting);
    expect(keys.found.byValues).toBeLessThan(1e-12);
    expect(keys.found.byKeys).toBeGreaterThan(keys.found.observed);
    const values = await damage(before, { ...before, values: shaken(before.values, 0.3, 9) }, setting);
    expect(values.found.byKeys).toBeLessThan(1e-6);
    expect(values.found.byValues).toBeCloseTo(values.found.observed, 6);
  });
});

/** How much something changes, nothing included. */
function amount(): fc.Arbitrary<number> {
  return fc.constantFrom(0, 0.01, 0.3, 2);
}

/** Each plane (j, j + K / 2) turned by an angle and scaled. */
function turned(data: Float32Array, angle: number, factor: number): Float32Array {
  const half = K / 2;
  return data.map((value, place) => {
    const j = place % K;
    const partner = at(data, j < half ? place + half : place - half);
    return factor * (Math.cos(angle) * value + (j < half ? -1 : 1) * Math.sin(angle) * partner);
  });
}
