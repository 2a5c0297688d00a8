/** RMSNorm and LayerNorm over rows. */
import norm from '../kernels/norm.wgsl';
import { float32, type Batch } from '../batch';
import type { GpuContext, Span } from '../context';
import { pad4 } from './matrix';

const kernel = { name: 'norm', code: norm };

const mostRows = 65_535;

export interface NormWeights {
  kind: 'rms' | 'layer';
  epsilon: number;
  weight: Span;
  bias?: Span | undefined;
  /** Factor on the result; absent: 1. */
  scale?: number;
}

/** Where rows lie, and what becomes of them. */
export interface NormOptions {
  /** First row of x that is read. */
  row0?: number;
  /** Add to what y holds instead of replacing it. */
  accumulate?: boolean;
}

/** y[S, D] = norm(x[row0 .. row0 + S, D]) (+ y); both have rows of pad4(D). */
export function normalise(
  context: GpuContext,
  batch: Batch,
  x: Span,
  weights: NormWeights,
  y: Span,
  S: number,
  D: number,
  { row0 = 0, accumulate = false }: NormOptions = {},
): void {
  dispatch(context, batch, x, weights, y, { rows: S, blocks: 1, block: D, row0, outRow: 0, weightRows: 1, accumulate });
}

/** Heads that are normalised: S rows of x[S, heads, pad4(K)]. */
export interface HeadNorm {
  S: number;
  heads: number;
  K: number;
  /** Each head for itself, or all of a row together. */
  over: 'head' | 'heads';
  /** Whether all heads have one weight [K], or each its own [heads, K]. */
  shared: boolean;
  /** First row of y that is written. */
  row0?: number;
}

/** y[row0 .. row0 + S, heads, K] = norm(x[S, heads, K]). */
export function normaliseHeads(
  context: GpuContext,
  batch: Batch,
  x: Span,
  weights: NormWeights,
  y: Span,
  { S, heads, K, over, shared, row0 = 0 }: HeadNorm,
): void {
  const place = { row0: 0, accumulate: false, block: K };
  if (over === 'heads') {
    dispatch(context, batch, x, weights, y, { ...place, rows: S, blocks: heads, outRow: row0, weightRows: 1 });
  } else {
    const weightRows = shared ? 1 : heads;
    dispatch(context, batch, x, weights, y, { ...place, rows: S * heads, blocks: 1, outRow: row0 * heads, weightRows });
  }
}

interface Rows {
  rows: number;
  blocks: number;
  block: number;
  row0: number;
  outRow: number;
  weightRows: number;
  accumulate: boolean;
}

function dispatch(
  context: GpuContext,
  batch: Batch,
  x: Span,
  { kind, epsilon, weight, bias, scale = 1 }: NormWeights,
  y: Span,
  { rows, blocks, block, row0, outRow, weightRows, accumulate }: Rows,
): void {
  const block4 = pad4(block) / 4;
  // WebGPU allows 65535 workgroups; long texts have more heads than that.
  for (let done = 0; done < rows; done += mostRows - (mostRows % weightRows)) {
    const count = Math.min(rows - done, mostRows - (mostRows % weightRows));
    batch.dispatch({
      kernel,
      constants: { CENTERED: kind === 'layer' ? 1 : 0, HAS_BIAS: bias ? 1 : 0, HAS_RESIDUAL: accumulate ? 1 : 0 },
      params: [
        ...[block, block4, blocks * block4, float32(epsilon), float32(scale)],
        ...[row0 + done, outRow + done, weightRows],
      ],
      buffers: [x, weight, bias ?? context.nothing, y],
      workgroups: [count],
    });
  }
}
