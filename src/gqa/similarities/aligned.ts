/**
 * Aligned cosine: the largest cosine two heads can have after turning one of them in a way that leaves the model's
 * function as it is. An entry of the similarity registry; the turned weights themselves are not needed for it.
 */
import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { dot } from '../gram';
import { planeRows, type HeadStack, type RotaryPlanes } from '../heads';
import type { MeasureContext, SimilarityMeasure } from '../compareHeads';

/**
 * What may be turned (the gauge of a head):
 * - K with rotary embeddings: each rotary plane by its own angle, which commutes with the rotation by position. For the
 *   rows (a, b) of a plane of X and (c, e) of Y the best angle gives √(α² + β²), α = ac + be, β = ae − bc.
 * - everything else (V, K without rotary embeddings, the rows that partial rotary embeddings leave alone): any
 *   orthogonal map. The best one gives the nuclear norm of X·Yᵀ (Schönemann 1966).
 */
export const aligned: SimilarityMeasure = {
  id: 'aligned',
  title: 'Aligned cosine',
  description:
    "Cosine after the best turn of one head's basis that leaves the model as it is: what two heads truly share.",
  source: 'Orthogonal Procrustes (Schönemann 1966), per rotary plane for K',
  compare: async (head, others, context) => {
    const inner = new Float64Array(others.count);
    const { planes } = context;
    if (planes !== null) await addPlanes(inner, head, others, planes, context);
    const free = planes?.rotaryDim ?? 0;
    if (free < head.K) await addOrthogonal(inner, head, others, free, context);
    return inner;
  },
};

async function addPlanes(
  inner: Float64Array,
  head: HeadStack,
  others: HeadStack,
  planes: RotaryPlanes,
  { breathe }: MeasureContext,
): Promise<void> {
  const { K, columns } = head;
  for (let other = 0; other < others.count; other += 1) {
    let sum = 0;
    for (let plane = 0; plane < planes.rotaryDim / 2; plane += 1) {
      const [first, second] = planeRows(planes, plane);
      const a = first * columns;
      const b = second * columns;
      const c = (other * K + first) * columns;
      const e = (other * K + second) * columns;
      const product = (rowX: number, rowY: number): number => dot(head.data, rowX, others.data, rowY, columns);
      sum += Math.hypot(product(a, c) + product(b, e), product(a, e) - product(b, c));
    }
    inner[other] = (inner[other] ?? 0) + sum;
    await breathe();
  }
}

/** Rows from `start` on of every head may turn by any orthogonal map. */
async function addOrthogonal(
  inner: Float64Array,
  head: HeadStack,
  others: HeadStack,
  start: number,
  { gram, breathe, task }: MeasureContext,
): Promise<void> {
  const { K, columns } = head;
  const size = K - start;
  const rowsX = head.data.subarray(start * columns, K * columns);
  // With nothing to leave out, the heads already lie below each other.
  const rowsY = start === 0 ? others.data : gatherRows(others, start);
  const products = await gram(rowsX, rowsY, columns, task);
  const width = others.count * size;
  for (let other = 0; other < others.count; other += 1) {
    const cross = new Matrix(size, size);
    for (let row = 0; row < size; row += 1) {
      for (let column = 0; column < size; column += 1) {
        cross.set(row, column, products[row * width + other * size + column] ?? 0);
      }
    }
    inner[other] = (inner[other] ?? 0) + nuclearNorm(cross);
    await breathe();
  }
}

function gatherRows(heads: HeadStack, start: number): Float32Array {
  const { K, columns, count } = heads;
  const block = (K - start) * columns;
  const rows = new Float32Array(count * block);
  for (let head = 0; head < count; head += 1) {
    const first = (head * K + start) * columns;
    rows.set(heads.data.subarray(first, first + block), head * block);
  }
  return rows;
}

/** Sum of the singular values. */
function nuclearNorm(matrix: Matrix): number {
  const { diagonal } = new SingularValueDecomposition(matrix, {
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
  });
  return diagonal.reduce((sum, value) => sum + value, 0);
}
