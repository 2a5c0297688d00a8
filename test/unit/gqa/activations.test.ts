// Similarity on activations against brute force: the heads' outputs on every token, explicitly, in float64.
import fc from 'fast-check';
import { Matrix, SingularValueDecomposition, solve } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { cpuGram } from '../../../src/gqa/gram';
import { gaugeOf, readersOf } from '../../../src/gqa/heads';
import { inputMoments } from '../../../src/gqa/inputMetric';
import { gaussianRandom } from '../../../src/gqa/random';
import { layerSimilarity } from '../../../src/gqa/similarity';
import type { ModelSpec } from '../../../src/model/spec';
import type { WeightSource } from '../../../src/model/weightSource';
import type { SimilarityResult, SimilarityTarget } from '../../../src/protocol/similarity';
import { quietTask } from '../../../src/protocol/tasks';
import { convertAs, similarityJobOf } from '../../support/conversions';
import { makeSpec, randomSource, rotary, type MemorySource } from './memorySource';

const N = 60;

/** Inputs with a large mean and directions of very different size, as behind a norm. */
function randomInputs(D: number, seed: number): Float32Array {
  const draw = gaussianRandom(seed);
  const mean = Array.from({ length: D }, () => 2 * draw());
  const size = Array.from({ length: D }, () => Math.exp(draw()));
  return Float32Array.from({ length: N * D }, (_, index) => (mean[index % D] ?? 0) + (size[index % D] ?? 0) * draw());
}

const layouts: [string, Partial<ModelSpec>][] = [
  ['rotary halves', { position: rotary('half', 6) }],
  ['partial rotary interleaved', { position: rotary('interleaved', 4) }],
  ['no rotary', { position: { kind: 'learned', maxPositions: 99 } }],
];
const targets: SimilarityTarget[] = ['k', 'v'];
const cases = layouts.flatMap(([name, changes]) => targets.map((target) => ({ name, changes, target })));

/** A projection's outputs [N, K] of every head. */
async function outputsOf(source: WeightSource, name: 'q' | 'k' | 'v', x: Float32Array): Promise<Matrix[]> {
  const { data, rows, columns } = await source.read(`${name}.weight`, 0);
  const bias = source.has(`${name}.bias`, 0) ? (await source.read(`${name}.bias`, 0)).data : new Float32Array(rows);
  const out = Matrix.from1DArray(N, columns, x).mmul(Matrix.from1DArray(rows, columns, data).transpose());
  out.addRowVector(Array.from(bias));
  const { K } = source.spec;
  return Array.from({ length: rows / K }, (_, head) => out.subMatrix(0, N - 1, head * K, (head + 1) * K - 1));
}

/** Of each head, the second moment of what reads its rows: of the queries on the text, or of W_O's columns. */
async function readingsOf(source: MemorySource, target: SimilarityTarget, x: Float32Array): Promise<Matrix[]> {
  const { spec } = source;
  const { K } = spec;
  const queries = await outputsOf(source, 'q', x);
  const { data, rows, columns } = await source.read('o.weight', 0);
  const O = Matrix.from1DArray(rows, columns, data);
  const readerOf = (reader: number): Matrix =>
    target === 'k' ? (queries[reader] ?? new Matrix(0, 0)) : O.subMatrix(0, rows - 1, reader * K, (reader + 1) * K - 1);
  return Array.from({ length: spec.G }, (_, head) =>
    readersOf(spec, 0, head)
      .map((reader) =>
        readerOf(reader)
          .transpose()
          .mmul(readerOf(reader))
          .div(target === 'k' ? N : 1),
      )
      .reduce((sum, moment) => sum.add(moment), Matrix.zeros(K, K)),
  );
}

const frobenius = (a: Matrix, b: Matrix): number => Matrix.mul(a, b).sum();
const centred = (a: Matrix): Matrix => a.clone().center('column', {});
const singular = (a: Matrix): number[] => new SingularValueDecomposition(a, { autoTranspose: true }).diagonal;
const pick = (a: Matrix, columns: readonly number[]): Matrix => a.subMatrixColumn([...columns]);

/** Best cosine over all angles of each plane, by trying them, and over orthogonal maps of the free columns. */
function bestAligned(a: Matrix, b: Matrix, { planes, free }: ReturnType<typeof gaugeOf>): number {
  let inner = 0;
  for (const plane of planes) {
    const cross = pick(a, plane).transpose().mmul(pick(b, plane));
    let best = -Infinity;
    for (let step = 0; step < 20_000; step += 1) {
      const angle = (2 * Math.PI * step) / 20_000;
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      best = Math.max(best, c * (cross.get(0, 0) + cross.get(1, 1)) + s * (cross.get(0, 1) - cross.get(1, 0)));
    }
    inner += best;
  }
  if (free.length > 0) inner += singular(pick(a, free).transpose().mmul(pick(b, free))).reduce((x, y) => x + y, 0);
  return inner / Math.sqrt(frobenius(a, a) * frobenius(b, b));
}

async function measured(
  source: MemorySource,
  x: Float32Array,
  target: SimilarityTarget,
  measure: string,
): Promise<SimilarityResult> {
  const moments = await inputMoments({ x, N }, cpuGram, quietTask);
  // Groups that are unequal and not adjacent.
  const conversion = { G: 3, grouping: 'manual', merge: 'mean', assignment };
  return layerSimilarity(await similarityJobOf(source, { layer: 0, target, measure, conversion }, moments), quietTask);
}

const assignment = [[0, 1, 0, 2, 1, 0]];

describe.each(cases)('on activations of $target, $name', ({ changes, target }) => {
  const spec = makeSpec({ L: 1, G: 6, H: 12, D: 20, K: 6, ...changes });
  const source = randomSource(spec, { biases: true });
  const x = randomInputs(spec.D, 5);
  const groups = assignment[0] ?? [];

  async function pooledOutputs(): Promise<Matrix[]> {
    const conversion = { G: 3, grouping: 'manual', merge: 'mean', assignment };
    return outputsOf(await convertAs(source, conversion), target, x);
  }

  it.each([
    ['cosine', (a: Matrix, b: Matrix) => frobenius(a, b) / Math.sqrt(frobenius(a, a) * frobenius(b, b))],
    ['aligned', (a: Matrix, b: Matrix) => bestAligned(a, b, gaugeOf(spec, 0, target))],
    [
      'cka',
      (a: Matrix, b: Matrix) => {
        const square = (c: Matrix, d: Matrix): number => frobenius(c.transpose().mmul(d), c.transpose().mmul(d));
        const [p, q] = [centred(a), centred(b)];
        return square(p, q) / Math.sqrt(square(p, p) * square(q, q));
      },
    ],
  ])('%s is that of the outputs on every token', async (measure, brute) => {
    const { matrix, toPooled, n, text } = await measured(source, x, target, measure);
    const outputs = await outputsOf(source, target, x);
    const pooled = await pooledOutputs();
    expect([n, text]).toEqual([6, 'test']);
    outputs.forEach((a, row) => {
      outputs.forEach((b, column) => {
        expect(matrix[row * n + column]).toBeCloseTo(row === column ? 1 : brute(a, b), 4);
      });
      const shared = pooled[groups[row] ?? 0];
      if (shared) expect(toPooled[row]).toBeCloseTo(brute(a, shared), 4);
    });
  });

  it('pca is what the best low rank of the stacked, weighted outputs leaves', async () => {
    const { matrix, ofGroup, groupFloor, n } = await measured(source, x, target, 'pca');
    const { planes, free } = gaugeOf(spec, 0, target);
    const outputs = await outputsOf(source, target, x);
    const readings = await readingsOf(source, target, x);
    const brute = (members: number[]): number => {
      let [kept, total] = [0, 0];
      for (const [first, second] of planes) {
        // Complex columns k = a + ib of each member as real pairs [a, b; −b, a]: singular values come twice.
        const columns = members.map((member) => {
          const y = outputs[member] ?? new Matrix(0, 0);
          const reading = readings[member];
          const weight = Math.sqrt((reading?.get(first, first) ?? 0) + (reading?.get(second, second) ?? 0));
          const [a, b] = [y.getColumn(first), y.getColumn(second)];
          return [
            [...a, ...b].map((value) => weight * value),
            [...b.map((value) => -value), ...a].map((value) => weight * value),
          ];
        });
        const values = singular(new Matrix(columns.flat())).map((value) => value ** 2);
        total += values.reduce((sum, value) => sum + value, 0) / 2;
        kept += Math.max(...values);
      }
      if (free.length > 0) {
        const stacked = members.map((member) => {
          const M = new Matrix(free.map((row) => free.map((column) => readings[member]?.get(row, column) ?? 0)));
          const { leftSingularVectors: U, diagonal } = new SingularValueDecomposition(M);
          const root = U.mmul(Matrix.diag(diagonal.map(Math.sqrt)));
          return pick(outputs[member] ?? new Matrix(0, 0), free)
            .mmul(root)
            .transpose()
            .to2DArray();
        });
        const values = singular(new Matrix(stacked.flat())).map((value) => value ** 2);
        total += values.reduce((sum, value) => sum + value, 0);
        kept += values
          .sort((a, b) => b - a)
          .slice(0, free.length)
          .reduce((sum, value) => sum + value, 0);
      }
      return 1 - kept / total;
    };
    for (let row = 0; row < n; row += 1) {
      expect(matrix[row * n + row]).toBe(0);
      for (let column = row + 1; column < n; column += 1) {
        expect(matrix[row * n + column]).toBeCloseTo(brute([row, column]), 3);
      }
    }
    const members = [0, 1, 2].map((group) => groups.flatMap((own, head) => (own === group ? [head] : [])));
    members.forEach((heads, group) => expect(ofGroup?.[group]).toBeCloseTo(brute(heads), 3));
    expect(groupFloor).toBeGreaterThan(0);
  });

  it('pca to the pooled head is the weighted residual of a regression on its outputs', async () => {
    const { toPooled } = await measured(source, x, target, 'pca');
    const { planes, free } = gaugeOf(spec, 0, target);
    const outputs = await outputsOf(source, target, x);
    const pooled = await pooledOutputs();
    const readings = await readingsOf(source, target, x);
    outputs.forEach((y, head) => {
      const s = pooled[groups[head] ?? 0] ?? new Matrix(0, 0);
      const reading = readings[head] ?? new Matrix(0, 0);
      let [left, total] = [0, 0];
      const add = (columns: readonly number[], maps: Matrix, M: Matrix): void => {
        const residual = Matrix.sub(pick(y, columns), maps);
        left += M.mmul(residual.transpose().mmul(residual)).trace();
        total += M.mmul(pick(y, columns).transpose().mmul(pick(y, columns))).trace();
      };
      for (const plane of planes) {
        // The best complex factor: a turn and a scaling of the plane.
        const [own, shared] = [pick(y, plane), pick(s, plane)];
        const cross = shared.transpose().mmul(own);
        const energy = frobenius(shared, shared);
        const [re, im] = [(cross.get(0, 0) + cross.get(1, 1)) / energy, (cross.get(0, 1) - cross.get(1, 0)) / energy];
        const weight = plane.reduce((sum, row) => sum + reading.get(row, row), 0);
        const map = new Matrix([
          [re, im],
          [-im, re],
        ]);
        add(plane, shared.mmul(map), Matrix.eye(2).mul(weight));
      }
      if (free.length > 0) {
        const M = new Matrix(free.map((row) => free.map((column) => reading.get(row, column))));
        add(free, pick(s, free).mmul(solve(pick(s, free), pick(y, free), true)), M);
      }
      expect(toPooled[head]).toBeCloseTo(left / total, 3);
    });
  });
});

describe('pca', () => {
  it('is 0 of equal heads and of heads that differ by what leaves the model as it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const spec = makeSpec({ L: 1, G: 6, H: 6, D: 20, K: 6 });
        const source = randomSource(spec);
        const draw = gaussianRandom(seed);
        const { data } = await source.read('v.weight', 0);
        const block = spec.K * spec.D;
        // Head 2 is an invertible mix of head 0's rows.
        const mix = Matrix.from1DArray(6, 6, Array.from({ length: 36 }, draw));
        data.set(mix.mmul(Matrix.from1DArray(6, 20, data.subarray(0, block))).to1DArray(), 2 * block);
        const { matrix, ofGroup } = await measured(source, randomInputs(20, seed), 'v', 'pca');
        expect(matrix[2]).toBeLessThan(1e-4);
        expect(ofGroup?.[2]).toBeLessThan(1e-4);
      }),
      { numRuns: 5 },
    );
  });
});
