/**
 * Preconditioned conjugate gradients on the GPU, for several independent systems at once: one a block of the vector.
 * Role: the iteration. It never reads anything back; operators are recorded by the caller. Source: Hestenes and Stiefel 1952.
 */
import type { Batch } from '../../gpu/batch';
import type { GpuContext, Span } from '../../gpu/context';
import { blockAdd, blockDot, blockTurn, type BlockShape } from '../../gpu/operations/blocks';
import type { TaskContext } from '../../protocol/tasks';

/** Symmetric positive operators on vectors of equal blocks that do not mix. */
export interface BlockSystem extends BlockShape {
  context: GpuContext;
  /** Records `to` = A · `from`. */
  apply: (batch: Batch, from: Span, to: Span) => void;
  /** Records `to` = about A⁻¹ · `from`. */
  precondition: (batch: Batch, from: Span, to: Span) => void;
}

/**
 * Moves `solution` towards that of the system, in place.
 * @param residual right-hand side minus the operator at `solution`; overwritten
 */
export async function conjugateGradients(
  { context, apply, precondition, ...shape }: BlockSystem,
  solution: Span,
  residual: Span,
  steps: number,
  { signal }: Pick<TaskContext, 'signal'>,
): Promise<void> {
  const { blocks, length } = shape;
  const vector = (label: string): Span => context.storage(blocks * length, label);
  const numbers = (label: string): Span => context.storage(blocks, label);
  const [direction, image, preconditioned] = [vector('direction'), vector('image'), vector('preconditioned')];
  const curvature = numbers('curvatures');
  let [energy, next] = [numbers('energies'), numbers('energies')];
  try {
    const start = context.batch();
    precondition(start, residual, direction);
    blockDot(start, residual, direction, energy, shape);
    start.submit();
    for (let step = 0; step < steps; step++) {
      signal.throwIfAborted();
      const batch = context.batch();
      apply(batch, direction, image);
      blockDot(batch, direction, image, curvature, shape);
      const along = { numerator: energy, denominator: curvature };
      blockAdd(batch, solution, direction, along, 1, shape);
      if (step + 1 < steps) {
        blockAdd(batch, residual, image, along, -1, shape);
        precondition(batch, residual, preconditioned);
        blockDot(batch, residual, preconditioned, next, shape);
        blockTurn(batch, direction, preconditioned, { numerator: next, denominator: energy }, shape);
        [energy, next] = [next, energy];
      }
      batch.submit();
      // Keeps the queue short, so that cancelling takes effect.
      await context.settled();
    }
  } finally {
    for (const { buffer } of [direction, image, preconditioned, curvature, energy, next]) buffer.destroy();
  }
}
