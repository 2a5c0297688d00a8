/** What is computed from attention maps on the GPU: drawing codes, statistics, columns, divergence. See the kernels for layouts. */
import mapCodes from '../kernels/mapCodes.wgsl';
import mapColumn from '../kernels/mapColumn.wgsl';
import mapDivergence from '../kernels/mapDivergence.wgsl';
import mapStatistics from '../kernels/mapStatistics.wgsl';
import type { Batch } from '../batch';
import type { Span } from '../context';

const codesKernel = { name: 'mapCodes', code: mapCodes };
const statisticsKernel = { name: 'mapStatistics', code: mapStatistics };
const columnKernel = { name: 'mapColumn', code: mapColumn };
const divergenceKernel = { name: 'mapDivergence', code: mapDivergence };

/** A block of rows of maps [heads, rows, T] starting at query row row0; query row s stands at key position past + s. */
export interface MapBlock {
  heads: number;
  row0: number;
  rows: number;
  T: number;
  past: number;
}

/** codes[heads + 1, rows, ceil(T / 4)] u32; the last map is the mean over the heads. */
export function encodeMaps(batch: Batch, map: Span, codes: Span, { heads, rows, T }: MapBlock): void {
  const T4 = Math.ceil(T / 4);
  batch.dispatch({
    kernel: codesKernel,
    params: [heads, rows, T, T4],
    buffers: [map, codes],
    workgroups: [Math.ceil(T4 / 64), rows],
  });
}

/** statistics[heads, rows] vec4f (entropy in bits, first-key weight, mean distance, unused). */
export function measureMaps(batch: Batch, map: Span, statistics: Span, block: MapBlock): void {
  batch.dispatch({
    kernel: statisticsKernel,
    params: [block.rows, block.row0, block.T, block.past],
    buffers: [map, statistics],
    workgroups: [Math.ceil(block.rows / 64), block.heads],
  });
}

/** column[heads, rows]: what each row of the maps pays to `key`. */
export function takeColumn(batch: Batch, map: Span, column: Span, key: number, { heads, rows, T }: MapBlock): void {
  batch.dispatch({
    kernel: columnKernel,
    params: [rows, T, key, 0],
    buffers: [map, column],
    workgroups: [Math.ceil(rows / 64), heads],
  });
}

/** Maps to compare: u32 [count, 2] the places of one in `a` and of the other in `b`. */
export interface MapPairs {
  span: Span;
  count: number;
}

/** divergence[pairs, rows] vec2f (Jensen-Shannon in bits, largest absolute difference). `a` and `b` may be the same maps. */
export function compareMaps(
  batch: Batch,
  a: Span,
  b: Span,
  pairs: MapPairs,
  divergence: Span,
  { rows, T }: MapBlock,
): void {
  batch.dispatch({
    kernel: divergenceKernel,
    params: [rows, T],
    buffers: [a, b, pairs.span, divergence],
    workgroups: [Math.ceil(rows / 64), pairs.count],
  });
}
