/**
 * Products of the rows of heads in a metric: all that measures look at.
 * Role: one large matrix product for all pairs of a layer, cut into [K, K] blocks; what reads each head.
 */
import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import type { WeightSource } from '../model/spec';
import type { SimilarityTarget } from '../protocol/model';
import type { TaskContext } from '../protocol/tasks';
import type { Gram } from './gram';
import { gaugeOf, readersOf, readHeads, readOutputs, type HeadStack } from './heads';
import type { InputMetric } from './inputMetric';
import type { Head, Reading } from './similarities/measure';

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
  block(a: number, b: number): Float64Array {
    const { K, width } = this;
    const block = new Float64Array(K * K);
    for (let row = 0; row < K; row += 1) {
      const start = (a * K + row) * width + b * K;
      block.set(this.data.subarray(start, start + K), row * K);
    }
    return block;
  }
}

/** Heads with their products with themselves. @param products of a stack with itself */
export function headsOf(products: HeadProducts, count: number, readings: readonly Reading[] | null): Head[] {
  return Array.from({ length: count }, (_, head) => ({
    own: symmetric(products.block(head, head)),
    reading: readings?.[head] ?? null,
  }));
}

/** Rounding leaves a block and its transpose a bit apart, which factorisations mind. */
function symmetric(block: Float64Array): Float64Array {
  const size = Math.sqrt(block.length);
  return block.map((value, index) => (value + (block[(index % size) * size + Math.floor(index / size)] ?? 0)) / 2);
}

/** What the queries read of each of the chosen K heads, or the output projection of each V head. */
export async function readReadings(
  source: WeightSource,
  layer: number,
  target: SimilarityTarget,
  chosen: readonly number[],
  { metric, biases, gram, task }: { metric: InputMetric; biases: boolean; gram: Gram; task: TaskContext },
): Promise<Reading[]> {
  const { spec } = source;
  const { K } = spec;
  const readers =
    target === 'k'
      ? await readHeads(source, layer, 'q', biases, task.signal)
      : await readOutputs(source, layer, task.signal);
  const measured = target === 'k' ? await metric.times(readers.data) : readers.data;
  const { planes, free } = gaugeOf(spec, layer, target);
  const block = K * readers.columns;
  const readings: Reading[] = [];
  for (const head of chosen) {
    const moment = new Float64Array(K * K);
    for (const reader of readersOf(spec, layer, head)) {
      const [from, to] = [reader * block, (reader + 1) * block];
      const square = await gram(measured.subarray(from, to), readers.data.subarray(from, to), readers.columns, task);
      square.forEach((value, index) => (moment[index] = (moment[index] ?? 0) + value));
    }
    readings.push({
      planes: Float64Array.from(
        planes,
        ([first, second]) => (moment[first * K + first] ?? 0) + (moment[second * K + second] ?? 0),
      ),
      factor: freeFactor(symmetric(moment), K, free),
    });
  }
  return readings;
}

/** L with L·Lᵀ = M: a text with fewer tokens than rows leaves M singular, and the GPU rounds to float32. */
function freeFactor(moment: Float64Array, K: number, free: readonly number[]): Float64Array {
  const f = free.length;
  if (f === 0) return new Float64Array();
  const M = new Matrix(free.map((row) => free.map((column) => moment[row * K + column] ?? 0)));
  M.add(Matrix.eye(f).mul((ridge * M.trace()) / f + Number.MIN_VALUE));
  return Float64Array.from(new CholeskyDecomposition(M).lowerTriangularMatrix.to1DArray());
}
