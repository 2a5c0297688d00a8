/**
 * A grid of codes as pixels on a canvas of its own, a pixel a cell, to be drawn at any size.
 * Role: colours and the empty half of causal maps. Where it is drawn is heatmap.ts.
 */
import type { MapWindow } from '../../src/protocol/maps';
import { shrinkMap } from './attentionCode';
import { fadedTable, type PixelTable } from './colorScale';
import { element } from './dom';
import { visibleColumns } from './mapView';

/** Cells of a part of a map, and their colours. */
export interface HeatmapLayer {
  window: MapWindow;
  rows: number;
  columns: number;
  /** [rows, columns] */
  codes: Uint8Array;
  table: PixelTable;
  /** The code that stands for nothing; 0 unless the map shows differences. */
  zero?: number;
}

const FADED = 0.22;

/** Whether two layers are the same cells in the same colours. */
export function sameLayer(one: HeatmapLayer, other: HeatmapLayer): boolean {
  return (
    one.codes.buffer === other.codes.buffer &&
    one.codes.byteOffset === other.codes.byteOffset &&
    one.codes.length === other.codes.length &&
    (one.table === other.table || one.table.every((pixel, code) => pixel === other.table[code]))
  );
}

/**
 * Paints a layer. More cells a side than `most` are pooled first: whoever answered may not have done so.
 * @param fadeFirst shows the first token's column faded, where it has a column of its own
 */
export function layerBitmap(layer: HeatmapLayer, causal: boolean, fadeFirst: boolean, most: number): HTMLCanvasElement {
  const { window } = layer;
  const { codes, S: rows, T: columns } = shrinkMap(layer.codes, layer.rows, layer.columns, most, layer.zero);
  const bitmap = element('canvas', { width: columns, height: rows });
  const context = bitmap.getContext('2d');
  if (context === null) return bitmap;
  const image = context.createImageData(columns, rows);
  const target = new Uint32Array(image.data.buffer);
  const hasFirst = window.k0 === 0 && layer.columns === window.k1;
  const first = fadeFirst && hasFirst ? fadedTable(layer.table, FADED) : layer.table;
  for (let row = 0; row < rows; row++) {
    const end = visibleColumns({ window, rows, columns }, row, causal);
    for (let column = 0; column < end; column++) {
      const place = row * columns + column;
      target[place] = (column === 0 ? first : layer.table)[codes[place] ?? 0] ?? 0;
    }
  }
  context.putImageData(image, 0, 0);
  return bitmap;
}
