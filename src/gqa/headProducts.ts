/**
 * Products of the rows of heads in a metric: all that measures look at.
 * Role: one large matrix product for all pairs of a layer, cut into [K, K] blocks; what reads each head.
 */
import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import type { WeightSource } from '../model/weightSource';
import type { SimilarityTarget } from '../protocol/similarity';
import type { TaskContext } from '../protocol/tasks';
import type { Gram } from './gram';
import { gaugeOf, readersOf, readHeads, readOutputs, type HeadStack } from './heads';
import type { InputMetric } from './inputMetric';
import { pace } from './pace';
import type { Block } from './similarities/measure';

/** Share of the mean energy of the readers that is added, so that it can be factored. */
const ridge = 1e-5;

/** A·C·Bᵀ of two stacks of heads. */
export class HeadProducts {
  private constructor(
    private readonly data: Float32Array | Float64Array,
    private readonly K: number,
    private readonly width: number,
  ) {}

  static async of(
    a: HeadStack,
    b: HeadStack,
    metric: InputMetric,
    gram: Gram,
    task: TaskContext,
  ): Promise<HeadProducts> {
    const data = await gram(await metric.times(a.data), b.data, a.columns, task);
    return new HeadProducts(data, a.K, b.count * b.K);
  }

  /** [K, K] rows of the left stack's head `a` with those of the right stack's head `b`. */
  block(a: number, b: number): Block {
    const { K, width } = this;
    const block = new Float64Array(K * K);
    for (let row = 0; row < K; row += 1) {
      const start = (a * K + row) * width + b * K;
      block.set(this.data.subarray(start, start + K), row * K);
    }
    return block;
  }
}

/** Each head's product with itself. @param products of a stack with itself */
export function ownProducts(products: HeadProducts, count: number): Block[] {
  return Array.from({ length: count }, (_, head) => symmetric(products.block(head, head)));
}

/** Rounding leaves a block and its transpose a bit apart, which factorisations mind. */
function symmetric(block: Float64Array): Float64Array {
  const size = Math.sqrt(block.length);
  return block.map((value, index) => (value + (block[(index % size) * size + Math.floor(index / size)] ?? 0)) / 2);
}

/**
 * Heads whose rows are weighted by what reads them, the queries of K and the output projection of V: products of such rows
 * are energies of scores and of outputs. A plane is scaled by its queries' energy, free rows become Lᵀ·X where the second
 * moment of what reads them is L·Lᵀ; rows that may not be turned stay as they are.
 * @param chosen which heads of the layer `stack` holds
 * @param metric of what queries are made from
 */
export async function asRead(
  source: WeightSource,
  layer: number,
  target: SimilarityTarget,
  stack: HeadStack,
  chosen: readonly number[],
  { metric, biases, gram, task }: { metric: InputMetric; biases: boolean; gram: Gram; task: TaskContext },
): Promise<HeadStack> {
  const { spec } = source;
  const { K, columns } = stack;
  const readers =
    target === 'k' ? await readHeads(source, layer, 'q', biases, task.signal) : await readOutputs(source, layer, task);
  const measured = target === 'k' ? await metric.times(readers.data) : readers.data;
  const { planes, free } = gaugeOf(spec, layer, target);
  const block = K * readers.columns;
  const breathe = pace(task);
  const data = stack.data.slice();
  for (const [place, head] of chosen.entries()) {
    const moment = new Float64Array(K * K);
    for (const reader of readersOf(spec, layer, head)) {
      const [from, to] = [reader * block, (reader + 1) * block];
      const square = await gram(measured.subarray(from, to), readers.data.subarray(from, to), readers.columns, task);
      square.forEach((value, index) => (moment[index] = (moment[index] ?? 0) + value));
    }
    const rowOf = (row: number): number => (place * K + row) * columns;
    for (const [first, second] of planes) {
      const size = Math.sqrt((moment[first * K + first] ?? 0) + (moment[second * K + second] ?? 0));
      for (const row of [first, second]) {
        for (let at = rowOf(row); at < rowOf(row) + columns; at += 1) data[at] = size * (data[at] ?? 0);
      }
    }
    const factor = freeFactor(symmetric(moment), K, free);
    for (const [i, row] of free.entries()) {
      // Rows are overwritten from the first on; row i of Lᵀ·X needs those from i on.
      const weighted = new Float64Array(columns);
      for (const [k, other] of free.slice(i).entries()) {
        const share = factor[(i + k) * free.length + i] ?? 0;
        const from = rowOf(other);
        for (let at = 0; at < columns; at += 1) weighted[at] = (weighted[at] ?? 0) + share * (data[from + at] ?? 0);
      }
      data.set(weighted, rowOf(row));
      await breathe();
    }
  }
  return { ...stack, data };
}

/** L with L·Lᵀ = M: a text with fewer tokens than rows leaves M singular, and the GPU rounds to float32. */
function freeFactor(moment: Float64Array, K: number, free: readonly number[]): Float64Array {
  const f = free.length;
  if (f === 0) return new Float64Array();
  const M = new Matrix(free.map((row) => free.map((column) => moment[row * K + column] ?? 0)));
  M.add(Matrix.eye(f).mul((ridge * M.trace()) / f + Number.MIN_VALUE));
  return Float64Array.from(new CholeskyDecomposition(M).lowerTriangularMatrix.to1DArray());
}
