/** Maps times the rows of keys, and back: what heads see of a text, and what they say about it. */
import product from '../kernels/mapProduct.wgsl';
import transposedProduct from '../kernels/mapTransposedProduct.wgsl';
import { float32, type Batch } from '../batch';
import type { Span } from '../context';

const productKernel = { name: 'mapProduct', code: product };
const transposedKernel = { name: 'mapTransposedProduct', code: transposedProduct };

/** A piece of the maps of a text in windows of S queries and T keys, both multiples of 4. */
export interface MapWindows {
  S: number;
  T: number;
  H: number;
  /** Queries see the keys up to their own position, else all of them. */
  causal: boolean;
  /** The piece: its first window, and how many windows it has. */
  firstWindow: number;
  windows: number;
}

export interface MapProductShape extends MapWindows {
  G: number;
  /** Columns of x, a multiple of 4. */
  columns: number;
  factor: number;
}

const numbersOf = ({ S, T, H, G, columns, causal, firstWindow, factor }: MapProductShape) => [
  ...[S, T, H, G, columns / 4, causal ? 1 : 0, firstWindow],
  float32(factor),
];

/**
 * out[N, H, columns] = factor · map · x for the windows of the piece; other rows of out stay.
 * @param map [windows, H, S, T]
 * @param x [windows of the text · T, G, columns]
 * @param readers u32 [H] the KV head in x of each query head
 */
export function mapProduct(batch: Batch, map: Span, x: Span, readers: Span, out: Span, shape: MapProductShape): void {
  batch.dispatch({
    kernel: productKernel,
    params: numbersOf(shape),
    buffers: [map, x, readers, out],
    workgroups: [Math.ceil((shape.S * shape.columns) / 16 / 64), shape.H, shape.windows],
  });
}

/**
 * out[N, G, columns] = factor · mapᵀ · x, summed over the heads of each group; other rows of out stay.
 * @param x [windows of the text · S, H, columns]
 * @param groups the table of headGroups.ts
 */
export function mapTransposedProduct(
  batch: Batch,
  map: Span,
  x: Span,
  groups: Span,
  out: Span,
  shape: MapProductShape,
): void {
  batch.dispatch({
    kernel: transposedKernel,
    params: numbersOf(shape),
    buffers: [map, x, groups, out],
    workgroups: [Math.ceil((shape.T * shape.columns) / 16 / 64), shape.G, shape.windows],
  });
}
