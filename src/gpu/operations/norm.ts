/** RMSNorm and LayerNorm over rows. */
import norm from '../kernels/norm.wgsl';
import { float32, type Batch } from '../batch';
import type { GpuContext, Span } from '../context';
import { pad4 } from './matrix';

const kernel = { name: 'norm', code: norm };

export interface NormWeights {
  kind: 'rms' | 'layer';
  epsilon: number;
  weight: Span;
  bias?: Span | undefined;
  /** Factor on the result; absent: 1. */
  scale?: number;
}

/** y[S, D] = norm(x[row0 .. row0 + S, D]); both have rows of pad4(D). */
export function normalise(
  context: GpuContext,
  batch: Batch,
  x: Span,
  { kind, epsilon, weight, bias, scale = 1 }: NormWeights,
  y: Span,
  S: number,
  D: number,
  row0 = 0,
): void {
  batch.dispatch({
    kernel,
    constants: { CENTERED: kind === 'layer' ? 1 : 0, HAS_BIAS: bias ? 1 : 0 },
    params: [D, pad4(D) / 4, float32(epsilon), row0, float32(scale)],
    buffers: [x, weight, bias ?? context.nothing, y],
    workgroups: [S],
  });
}
