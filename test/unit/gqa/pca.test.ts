/** PCA of K and V: nothing else that one head could be loses less, and energy is given back as said. */
import { Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { gaussianRandom } from '../../../src/gqa/random';
import { keyGauge } from '../../../src/gqa/solve/gauge';
import { queriesOf, type LayerHeads } from '../../../src/gqa/solve/layerHeads';
import { matrixMetric, type Metric } from '../../../src/gqa/solve/metric';
import { LayerPca } from '../../../src/gqa/solve/pca';
import { makeSpec, rotary } from './memorySource';

const [D, H, K] = [9, 4, 6];

/** Interleaved planes on 4 rows and 2 free rows, with biases; grouped queries in the second. */
const cases = [
  { name: 'a query head a KV head', G: 4, groups: [[0, 2, 3], [1]] },
  { name: 'grouped queries', G: 2, groups: [[0, 1]] },
].map((shape) => ({ ...shape, W: D + 1 }));

type Case = (typeof cases)[number];

function makeCase({ G, W }: Case): { heads: LayerHeads; C: Matrix; metric: Metric } {
  const draw = gaussianRandom(G);
  const fill = (count: number): Float64Array => Float64Array.from({ length: count }, draw);
  const root = Matrix.from1DArray(W, W, [...fill(W * W)]);
  const C = root.mmul(root.transpose());
  const sizes = { D, H, G, K };
  const heads = { sizes, W, q: fill(H * K * W), k: fill(G * K * W), v: fill(G * K * W), o: fill(D * H * K) };
  return { heads, C, metric: matrixMetric(Float64Array.from(C.to1DArray()), W) };
}

const gauge = keyGauge(makeSpec({ L: 1, D, H, G: H, K, position: rotary('interleaved', 4) }), 0);

function solveCase(chosen: Case, restoreKeys: number, restoreValues: number) {
  const { heads, C, metric } = makeCase(chosen);
  const setting = { gauge, queryMetric: metric, keyMetric: metric, valueMetric: metric, restoreKeys, restoreValues };
  return { heads, C, shared: new LayerPca(heads, setting).solve(chosen.groups) };
}

/** Rows of a head as a matrix. */
const rowsOf = (data: Float64Array, head: number, W: number, rows: readonly number[]): Matrix =>
  new Matrix(rows.map((row) => [...data.subarray((head * K + row) * W, (head * K + row + 1) * W)]));

const outputOf = (o: Float64Array, head: number): Matrix =>
  new Matrix(Array.from({ length: D }, (_, d) => [...o.subarray(d * H * K + head * K, d * H * K + (head + 1) * K)]));

/** Σ of squares of left·right in the metric C on the right. */
function energy(left: Matrix, right: Matrix, C: Matrix): number {
  const product = left.mmul(right);
  return product.mmul(C).mmul(product.transpose()).trace();
}

/** ‖OᵀO(V − A·Vˢ)‖² of the readers of members, with A the best for the shared rows, in the metric C. */
function valueLoss(heads: LayerHeads, members: readonly number[], shared: Matrix, C: Matrix): number {
  const all = Array.from({ length: K }, (_, row) => row);
  const inner = shared.mmul(C).mmul(shared.transpose());
  return members.reduce((sum, member) => {
    const block = rowsOf(heads.v, member, heads.W, all);
    const map = block.mmul(C).mmul(shared.transpose()).mmul(Matrix.eye(K)).mmul(inverse(inner));
    const rest = Matrix.sub(block, map.mmul(shared));
    return (
      sum + queriesOf(heads.sizes, member).reduce((total, head) => total + energy(outputOf(heads.o, head), rest, C), 0)
    );
  }, 0);
}

function inverse(matrix: Matrix): Matrix {
  // Gauss and Jordan: small, and independent of the library that PCA uses.
  const n = matrix.rows;
  const rows = matrix.to2DArray().map((row, i) => [...row, ...Array.from({ length: n }, (_, j) => (i === j ? 1 : 0))]);
  for (let i = 0; i < n; i++) {
    const pivot = rows
      .slice(i)
      .reduce((best, row, k) => (Math.abs(row[i] ?? 0) > Math.abs(rows[best]?.[i] ?? 0) ? i + k : best), i);
    [rows[i], rows[pivot]] = [rows[pivot] ?? [], rows[i] ?? []];
    const scaled = (rows[i] ?? []).map((value) => value / (rows[i]?.[i] ?? NaN));
    rows.forEach((row, k) => {
      rows[k] = k === i ? scaled : row.map((value, j) => value - (row[i] ?? NaN) * (scaled[j] ?? NaN));
    });
  }
  return new Matrix(rows.map((row) => row.slice(n)));
}

describe.each(cases)('PCA of $name', (chosen) => {
  const { W, groups } = chosen;
  const all = Array.from({ length: K }, (_, row) => row);

  it('loses least of V: every other shared head loses more', () => {
    const { heads, C, shared } = solveCase(chosen, 0, 0);
    groups.forEach((members, group) => {
      const block = rowsOf(shared.v, group, W, all);
      const least = valueLoss(heads, members, block, C);
      const draw = gaussianRandom(7 + group);
      for (let trial = 0; trial < 40; trial++) {
        const step = Matrix.from1DArray(K, W, Array.from({ length: K * W }, draw)).mul(trial % 2 === 0 ? 0.01 : 1);
        expect(valueLoss(heads, members, Matrix.add(block, step), C)).toBeGreaterThanOrEqual(least * (1 - 1e-9));
      }
      // And its output projections are the best for it.
      const found = members.reduce((sum, member) => {
        const own = rowsOf(heads.v, member, W, all);
        return (
          sum +
          queriesOf(heads.sizes, member).reduce((total, head) => {
            const before = outputOf(heads.o, head).mmul(own);
            const after = outputOf(shared.o, head).mmul(block);
            return total + energy(Matrix.eye(D), Matrix.sub(before, after), C);
          }, 0)
        );
      }, 0);
      expect(found).toBeCloseTo(least, 8 - Math.ceil(Math.log10(least + 1)));
    });
  });

  it.each(gauge.planes.map((plane, index) => ({ plane, index })))(
    'loses least of plane $index of K: every other shared row and scale loses more',
    ({ plane }) => {
      const { heads, C, shared } = solveCase(chosen, 0, 0);
      const loss = (
        rows: Matrix,
        members: readonly number[],
        scale: (head: number) => readonly [number, number],
      ): number =>
        members.reduce((sum, member) => {
          const own = rowsOf(heads.k, member, W, plane);
          return (
            sum +
            queriesOf(heads.sizes, member).reduce((total, head) => {
              // The new query is conj(a)·q: what it reads of the shared row is what q reads of a·kˢ.
              const [re, im] = scale(head);
              const turned = new Matrix([
                [re, -im],
                [im, re],
              ]).mmul(rows);
              const query = rowsOf(heads.q, head, W, plane);
              return total + energy(Matrix.eye(2), query, C) * energy(Matrix.eye(2), Matrix.sub(own, turned), C);
            }, 0)
          );
        }, 0);
      /** a of conj(a)·q = q̃, read off the queries. */
      const scaleOf = (head: number): readonly [number, number] => {
        const [q, turned] = [rowsOf(heads.q, head, W, plane), rowsOf(shared.q, head, W, plane)];
        const dot = (x: number[], y: number[]): number => x.reduce((sum, value, d) => sum + value * (y[d] ?? NaN), 0);
        const [q0, q1, t0, t1] = [q.getRow(0), q.getRow(1), turned.getRow(0), turned.getRow(1)];
        const square = dot(q0, q0) + dot(q1, q1);
        return [(dot(q0, t0) + dot(q1, t1)) / square, -(dot(q0, t1) - dot(q1, t0)) / square];
      };
      groups.forEach((members, group) => {
        const block = rowsOf(shared.k, group, W, plane);
        const least = loss(block, members, scaleOf);
        const draw = gaussianRandom(17 + group);
        for (let trial = 0; trial < 40; trial++) {
          const size = trial % 2 === 0 ? 0.01 : 1;
          const step = Matrix.from1DArray(2, W, Array.from({ length: 2 * W }, draw)).mul(size);
          const shift = [draw() * size, draw() * size] as const;
          const moved = loss(Matrix.add(block, step), members, (head) => {
            const [re, im] = scaleOf(head);
            return [re + shift[0], im + shift[1]];
          });
          expect(moved).toBeGreaterThanOrEqual(least * (1 - 1e-9));
        }
      });
    },
  );

  it('gives back half of the energy of K, and all of that of V', () => {
    const [none, half] = [solveCase(chosen, 0, 0), solveCase(chosen, 0.5, 1)];
    const { heads, C } = none;
    groups.forEach((members, group) => {
      for (const member of members) {
        for (const head of queriesOf(heads.sizes, member)) {
          for (const plane of gauge.planes) {
            // Energies of what the query reads: conj(a)·q, so |a|² of the plane.
            const of = (layer: LayerHeads): number =>
              energy(Matrix.eye(2), rowsOf(layer.q, head, W, plane), C) *
              energy(Matrix.eye(2), rowsOf(layer.k, layer === heads ? member : group, W, plane), C);
            expect(of(half.shared) / Math.sqrt(of(none.shared) * of(heads))).toBeCloseTo(1, 8);
            expect(of(none.shared)).toBeLessThanOrEqual(of(heads) * (1 + 1e-9));
          }
          const out = (layer: LayerHeads, kvHead: number): number =>
            energy(outputOf(layer.o, head), rowsOf(layer.v, kvHead, W, all), C);
          expect(out(half.shared, group) / out(heads, member)).toBeCloseTo(1, 8);
        }
      }
    });
  });
});
