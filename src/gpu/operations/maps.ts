/** What is computed from attention maps on the GPU: cells for drawing, statistics, columns, divergence. See the kernels for layouts. */
import mapCells from '../kernels/mapCells.wgsl';
import mapCodes from '../kernels/mapCodes.wgsl';
import mapColumn from '../kernels/mapColumn.wgsl';
import mapDifference from '../kernels/mapDifference.wgsl';
import mapDivergence from '../kernels/mapDivergence.wgsl';
import mapMean from '../kernels/mapMean.wgsl';
import mapStatistics from '../kernels/mapStatistics.wgsl';
import type { Batch } from '../batch';
import type { GpuContext, Span } from '../context';

const cellsKernel = { name: 'mapCells', code: mapCells };
const codesKernel = { name: 'mapCodes', code: mapCodes };
const meanKernel = { name: 'mapMean', code: mapMean };
const statisticsKernel = { name: 'mapStatistics', code: mapStatistics };
const differenceKernel = { name: 'mapDifference', code: mapDifference };
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

/** A window of maps divided into cells, and which of them a block touches. */
export interface CellGrid {
  /** Queries and keys of the window, and the first key. */
  queries: number;
  keys: number;
  key0: number;
  /** Cells of the window. */
  rows: number;
  columns: number;
  /** Leaves the first key of the text out. */
  withoutFirst: boolean;
}

/** The cell rows that rows [row0, row0 + rows) of a window touch. */
export function touchedCells(grid: CellGrid, row0: number, rows: number): { first: number; count: number } {
  const cellOf = (row: number): number => Math.floor((row * grid.rows) / grid.queries);
  const first = cellOf(row0);
  return { first, count: cellOf(row0 + rows - 1) - first + 1 };
}

/** mean[rows, T] over the heads of a block. */
export function averageMaps(batch: Batch, map: Span, mean: Span, { heads, rows, T }: MapBlock): void {
  const size = rows * T;
  const across = Math.min(size, 64 * 1024);
  batch.dispatch({
    kernel: meanKernel,
    params: [heads, size],
    buffers: [map, mean],
    workgroups: [Math.ceil(across / 64), Math.ceil(size / across)],
  });
}

/** other[heads, rows, T] = map - other, of the maps of a block. */
export function subtractMaps(batch: Batch, map: Span, other: Span, { heads, rows, T }: MapBlock): void {
  const size = heads * rows * T;
  const across = Math.min(size, 64 * 1024);
  batch.dispatch({
    kernel: differenceKernel,
    params: [size],
    buffers: [map, other],
    workgroups: [Math.ceil(across / 64), Math.ceil(size / across)],
  });
}

/**
 * cells[heads, touched cell rows, columns] f32: the strongest number of each cell among the block's rows: the largest, or
 * of differences the one furthest from 0.
 * @param row0 the block's first row, counted from the window's first query
 * @param minus numbers are differences from these maps [heads, rows, T], or from one for all heads
 */
export function poolMaps(
  context: GpuContext,
  batch: Batch,
  map: Span,
  cells: Span,
  { heads, rows, T }: MapBlock,
  row0: number,
  grid: CellGrid,
  minus?: { maps: Span; isOne: boolean },
): void {
  const { queries, keys, key0, columns, withoutFirst } = grid;
  const { first, count } = touchedCells(grid, row0, rows);
  const window = [queries, keys, key0, grid.rows, columns, first, count, withoutFirst ? 1 : 0];
  batch.dispatch({
    kernel: cellsKernel,
    constants: { DIFFERENCES: minus ? 1 : 0 },
    params: [rows, T, row0, ...window, minus?.isOne === false ? rows * T : 0],
    buffers: [map, minus?.maps ?? context.nothing, cells],
    workgroups: [Math.ceil(columns / 64), count, heads],
  });
}

/** codes[ceil(count / 4)] u32: weights as one byte each (protocol/maps.ts, MapCells). */
export function encodeWeights(batch: Batch, weights: Span, codes: Span, count: number): void {
  batch.dispatch({
    kernel: codesKernel,
    params: [count],
    buffers: [weights, codes],
    workgroups: [Math.ceil(count / 256)],
  });
}

/** statistics[heads, rows] vec4f (entropy in bits, first-key weight, mean distance, largest weight). */
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
