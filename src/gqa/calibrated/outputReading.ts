/**
 * W_O on the GPU, as the fits of what comes before it need it: what it makes of head outputs, and how its output's error
 * looks to each head.
 * Role: uploads and products. Refitting W_O itself is outputs.ts.
 */
import type { Batch } from '../../gpu/batch';
import type { GpuContext, Span } from '../../gpu/context';
import { linear } from '../../gpu/operations/linear';
import { pad4 } from '../../gpu/operations/matrix';
import { transposedProduct } from '../../gpu/operations/transposedProduct';
import { padMatrix } from '../../model/gpuWeights';
import { transposed } from '../solve/blocks';
import { whole } from './headRows';

/** H heads of K, outputs of D. */
export interface OutputShape {
  H: number;
  K: number;
  D: number;
}

export class OutputReading {
  /** O [pad4(D), H·pad4(K)], its transpose, and OᵀO. */
  private readonly weights: Span;
  private readonly turned: Span;
  private readonly squares: Span;
  private readonly width: number;
  private readonly depth: number;

  /** @param o [D, H·K] */
  constructor(
    private readonly context: GpuContext,
    o: Float64Array,
    { H, K, D }: OutputShape,
  ) {
    this.width = H * pad4(K);
    this.depth = pad4(D);
    const [rows, heads] = [
      { blocks: 1, size: D },
      { blocks: H, size: K },
    ];
    this.weights = context.upload(padMatrix(Float32Array.from(o), rows, heads), 'output projection');
    const turned = Float32Array.from(transposed(o, D, H * K));
    this.turned = context.upload(padMatrix(turned, heads, rows), 'output projection');
    this.squares = context.storage(this.width * this.width, 'OᵀO');
    const batch = context.batch();
    const shape = { rows: this.depth, M: this.width, N: this.width };
    transposedProduct(batch, this.weights, this.weights, this.squares, shape);
    batch.submit();
  }

  /** Records outputs [N, pad4(D)] = F·Oᵀ of head outputs F [N, H·pad4(K)]. */
  read(batch: Batch, F: Span, outputs: Span, N: number): void {
    linear(this.context, batch, F, whole(this.weights, this.depth, this.width), outputs, N);
  }

  /** Records heads [N, H·pad4(K)] = E·O of errors E [N, pad4(D)]: what each head could do about them. */
  back(batch: Batch, E: Span, heads: Span, N: number): void {
    linear(this.context, batch, E, whole(this.turned, this.width, this.depth), heads, N);
  }

  /** Records heads = F·OᵀO: `back` of `read`. */
  forthAndBack(batch: Batch, F: Span, heads: Span, N: number): void {
    linear(this.context, batch, F, whole(this.squares, this.width, this.width), heads, N);
  }

  destroy(): void {
    for (const { buffer } of [this.weights, this.turned, this.squares]) buffer.destroy();
  }
}
