/**
 * left ⊗ right on projections [heads·K, W], head by head, on the GPU: second moments of both sides, or their inverses.
 * Role: what preconditions a fit, and what holds it where it is.
 */
import type { Batch } from '../../gpu/batch';
import type { GpuContext, Span } from '../../gpu/context';
import { linear } from '../../gpu/operations/linear';
import { pad4 } from '../../gpu/operations/matrix';
import { transposedProduct } from '../../gpu/operations/transposedProduct';
import { uploadHeadRows, whole, type HeadRowsShape } from './headRows';

export class HeadOperator {
  private readonly left: Span;
  private readonly between: Span;

  /**
   * @param left [heads·K, K] symmetric matrices, one a head
   * @param right [pad4(W), pad4(W)] symmetric; the caller frees it
   */
  constructor(
    private readonly context: GpuContext,
    private readonly shape: HeadRowsShape,
    left: Float64Array,
    private readonly right: Span,
  ) {
    const { heads, K, W } = shape;
    this.left = uploadHeadRows(context, left, { heads, K, W: K });
    this.between = context.storage(heads * pad4(K) * pad4(W), 'between');
  }

  /** Records to = left · of · right. */
  apply(batch: Batch, of: Span, to: Span): void {
    const { heads, K, W } = this.shape;
    const [height, width] = [pad4(K), pad4(W)];
    linear(this.context, batch, of, whole(this.right, width, width), this.between, heads * height);
    transposedProduct(batch, this.left, this.between, to, { rows: height, M: height, N: width, count: heads });
  }

  destroy(): void {
    for (const { buffer } of [this.left, this.between]) buffer.destroy();
  }
}
