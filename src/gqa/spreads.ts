/**
 * How far points lie apart, from the first one on.
 * Role: the diameters that the predicted damage is made of, for every number of leading points at once.
 */
import type { TaskContext } from '../protocol/tasks';
import type { Gram } from './gram';
import { pace } from './pace';

/** What is taken for the spread: the largest distance, that with the origin as one more point, or twice the largest norm. */
export type Spread = 'diameter' | 'with nothing' | 'twice the norm';

/**
 * The spread of the first n + 1 points, for each n.
 * @param points [T, columns]
 * @returns [T]
 */
export async function spreads(
  points: Float32Array,
  columns: number,
  kind: Spread,
  gram: Gram,
  task: TaskContext,
): Promise<Float64Array> {
  const T = points.length / columns;
  const result = new Float64Array(T);
  const squares = new Float64Array(T);
  for (let n = 0; n < T; n += 1) {
    for (let d = 0; d < columns; d += 1) squares[n] = (squares[n] ?? 0) + (points[n * columns + d] ?? 0) ** 2;
  }
  if (kind === 'twice the norm') {
    let largest = 0;
    return squares.map((square) => 2 * Math.sqrt((largest = Math.max(largest, square))));
  }
  const products = await gram(points, points, columns, task);
  const breathe = pace(task);
  let largest = 0;
  for (let n = 0; n < T; n += 1) {
    if (kind === 'with nothing') largest = Math.max(largest, squares[n] ?? 0);
    for (let other = 0; other < n; other += 1) {
      const square = (squares[n] ?? 0) + (squares[other] ?? 0) - 2 * (products[n * T + other] ?? 0);
      if (square > largest) largest = square;
    }
    result[n] = Math.sqrt(largest);
    await breathe();
  }
  return result;
}
