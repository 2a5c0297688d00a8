/** From logits to numbers a row: log-sum-exp, target logit, argmax, and KL between two sets of logits. */
import logitDivergence from '../kernels/logitDivergence.wgsl';
import tokenLoss from '../kernels/tokenLoss.wgsl';
import type { Batch } from '../batch';
import type { GpuContext, Span } from '../context';

const lossKernel = { name: 'tokenLoss', code: tokenLoss };
const divergenceKernel = { name: 'logitDivergence', code: logitDivergence };

/** A block of logits [rows, stride], the first V of each row real. */
export interface LogitRows {
  rows: number;
  V: number;
  stride: number;
}

/**
 * result[rows] vec4f = (log-sum-exp, target's logit, argmax, its logit) of each row of logits.
 * @param excluded token ids that are never the argmax; null for none
 */
export function reduceLogits(
  context: GpuContext,
  batch: Batch,
  logits: Span,
  targets: Span,
  excluded: { span: Span; count: number } | null,
  result: Span,
  { rows, V, stride }: LogitRows,
): void {
  batch.dispatch({
    kernel: lossKernel,
    params: [V, stride, excluded?.count ?? 0],
    buffers: [logits, targets, excluded?.span ?? context.nothing, result],
    workgroups: [rows],
  });
}

/** result[rows] f32 = KL(a || b) in nats; `aRows` and `bRows` are results of reduceLogits. */
export function divergeLogits(
  batch: Batch,
  a: { logits: Span; rows: Span },
  b: { logits: Span; rows: Span },
  result: Span,
  { rows, V, stride }: LogitRows,
): void {
  batch.dispatch({
    kernel: divergenceKernel,
    params: [V, stride],
    buffers: [a.logits, b.logits, a.rows, b.rows, result],
    workgroups: [rows],
  });
}
