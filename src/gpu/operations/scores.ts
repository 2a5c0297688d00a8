/** Attention scores against target scores: the error that fitted queries and keys are solved for, and its gradients. */
import columns from '../kernels/scoreColumns.wgsl';
import normaliser from '../kernels/scoreNormaliser.wgsl';
import rows from '../kernels/scoreRows.wgsl';
import { float32, type Batch } from '../batch';
import type { Span } from '../context';
import { pad4 } from './matrix';

const normaliserKernel = { name: 'scoreNormaliser', code: normaliser };
const rowsKernel = { name: 'scoreRows', code: rows };
const columnsKernel = { name: 'scoreColumns', code: columns };

/** N tokens in windows of T; all heads have a key head of their own; K is without padding. */
export interface ScoreShape {
  N: number;
  H: number;
  T: number;
  K: number;
  scale: number;
}

/** The scores to be met: rotated queries and keys [N, H, K], and the softmax' normalisers [N, H] of `normaliseScores`. */
export interface ScoreTarget {
  queries: Span;
  keys: Span;
  normalisers: Span;
}

const invocations = ({ N, H }: ScoreShape): [number, number] => [Math.ceil(N / 64), H];

const numbersOf = ({ N, H, T, K, scale }: ScoreShape) => [N, H, T, pad4(K) / 4, float32(scale)];

/** normalisers[N, H] = log-sum-exp of each query's scores. */
export function normaliseScores(batch: Batch, queries: Span, keys: Span, normalisers: Span, shape: ScoreShape): void {
  batch.dispatch({
    kernel: normaliserKernel,
    params: numbersOf(shape),
    buffers: [queries, keys, normalisers],
    workgroups: invocations(shape),
  });
}

/** What is differentiated: scores of queries and keys, less the target's where `subtract` is set. */
export interface Scores {
  queries: Span;
  keys: Span;
  subtract: boolean;
}

/** average[N, H] of the score differences, and their gradient by the queries [N, H, K] unless that is null. */
export function scoreRows(
  batch: Batch,
  { queries, keys, subtract }: Scores,
  target: ScoreTarget,
  average: Span,
  gradient: Span | null,
  unused: Span,
  shape: ScoreShape,
): void {
  batch.dispatch({
    kernel: rowsKernel,
    constants: { K4: pad4(shape.K) / 4, SUBTRACT: subtract ? 1 : 0, GRADIENT: gradient ? 1 : 0 },
    params: numbersOf(shape),
    buffers: [queries, keys, target.queries, target.keys, target.normalisers, average, gradient ?? unused],
    workgroups: invocations(shape),
  });
}

/** The gradient by the keys [N, H, K], given the averages of `scoreRows` on the same scores. */
export function scoreColumns(
  batch: Batch,
  { queries, keys, subtract }: Scores,
  target: ScoreTarget,
  average: Span,
  gradient: Span,
  shape: ScoreShape,
): void {
  batch.dispatch({
    kernel: columnsKernel,
    constants: { K4: pad4(shape.K) / 4, SUBTRACT: subtract ? 1 : 0 },
    params: numbersOf(shape),
    buffers: [queries, keys, target.queries, target.keys, target.normalisers, average, gradient],
    workgroups: invocations(shape),
  });
}
