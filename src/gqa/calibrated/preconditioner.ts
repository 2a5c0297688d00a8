/**
 * A preconditioner of projections [heads·K, W]: what the inputs weigh on the right, what the other side weighs on the left.
 * Role: (left ⊗ C)⁻¹ applied on the GPU, head by head. The inverses are made by the callers.
 */
import type { Batch } from '../../gpu/batch';
import type { GpuContext, Span } from '../../gpu/context';
import { linear } from '../../gpu/operations/linear';
import { pad4 } from '../../gpu/operations/matrix';
import { transposedProduct } from '../../gpu/operations/transposedProduct';
import { uploadHeadRows, whole, type HeadRowsShape } from './headRows';

export class Preconditioner {
  private readonly left: Span;
  private readonly between: Span;

  /**
   * @param right (about) C⁻¹ [pad4(W), pad4(W)]; the caller frees it
   * @param left [heads·K, K] symmetric matrices, one a head
   */
  constructor(
    private readonly context: GpuContext,
    private readonly shape: HeadRowsShape,
    private readonly right: Span,
    left: Float64Array,
  ) {
    const { heads, K, W } = shape;
    this.left = uploadHeadRows(context, left, { heads, K, W: K });
    this.between = context.storage(heads * pad4(K) * pad4(W), 'preconditioned');
  }

  /** Records to = left · from · right. */
  apply(batch: Batch, from: Span, to: Span): void {
    const { heads, K, W } = this.shape;
    const [height, width] = [pad4(K), pad4(W)];
    linear(this.context, batch, from, whole(this.right, width, width), this.between, heads * height);
    transposedProduct(batch, this.left, this.between, to, { rows: height, M: height, N: width, count: heads });
  }

  destroy(): void {
    for (const { buffer } of [this.left, this.between]) buffer.destroy();
  }
}
