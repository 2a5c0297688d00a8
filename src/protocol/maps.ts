/**
 * Attention maps of a run: tiles for drawing, exact rows and columns, statistics of heads. Plain data; what reads the codes of
 * cells is webview/shared/mapCells.ts. H query heads, S query positions, T key positions.
 */

/** A part of a map: query positions from q0 and before q1, key positions from k0 and before k1. */
export interface MapWindow {
  q0: number;
  q1: number;
  k0: number;
  k1: number;
}

/** What a map shows: probabilities, or what their softmax is taken of (scaled, capped, with position biases). */
export type MapValues = 'probabilities' | 'scores';

/** Asks for attention maps of one layer as pictures, which cost what their cells cost. Heads are query heads. */
export interface AttentionRequest {
  runId: string;
  layer: number;
  heads: number[];
  /** Absent: probabilities. */
  values?: MapValues;
  /** Members are each head's map minus the mean over the heads. */
  deviations?: boolean;
  /**
   * Members are each head's map minus that of another run on the same tokens: what changed from that run to this one; with
   * `deviations`, what changed of each head minus the mean.
   */
  minus?: string;
  /** Absent: the whole map. What reaches beyond the map is cut off. */
  window?: MapWindow;
  /** Most cells a side; longer sides are pooled. Absent: a cell a weight. */
  size?: number;
  /** The same for the members where they are drawn smaller than the mean. */
  memberSize?: number;
  /** No members are wanted. */
  meanOnly?: boolean;
  /** Leaves the first key of the text out of pooled cells: it often hides what it shares a cell with. */
  withoutFirst?: boolean;
}

/** What a code, one byte, of a cell stands for. */
export type CellCoding =
  /**
   * Code 0 is exactly 0 (masked or underflow); code c in 1..255 stands for 2^((c - 255) / 12): a step is 6 % and the
   * smallest weight drawn is 4e-7, so that a log scale has detail everywhere.
   */
  | { kind: 'weights' }
  /** Code 0 has no score (masked); codes 1..255 go evenly from low to high. */
  | { kind: 'scores'; low: number; high: number }
  /** Code 0 has none (a masked score); 128 is 0, and code c stands for ±largest · ((c - 128) / 127)²: small ones have steps too. */
  | { kind: 'differences'; largest: number };

/**
 * Maps of a window for drawing. Query i of the window's N is in cell row floor(i · rows / N), and so the keys. A cell
 * has the largest of its numbers, of differences the one furthest from 0: a single strong weight shows at any size.
 */
export interface MapCells {
  rows: number;
  columns: number;
  /** [maps, rows, columns] */
  codes: Uint8Array;
  coding: CellCoding;
}

/** Attention maps for drawing. Exact values come from attentionRow. */
export interface AttentionTile {
  layer: number;
  heads: number[];
  /** Query and key positions of the whole map. */
  S: number;
  T: number;
  /** A query sees keys up to its own position only: cells right of the diagonal are no weights. */
  causal: boolean;
  /** What the cells are of. */
  window: MapWindow;
  /** A map a head; null when only the mean was asked for. */
  members: MapCells | null;
  /** One map: the mean of the numbers over the heads. */
  mean: MapCells;
  /** [heads.length] statistics of each head's whole map, exact; empty in tiles of less. */
  statistics: AttentionStatistics[];
}

/** Statistics of one head's map of probabilities, each a mean over query positions. */
export interface AttentionStatistics {
  head: number;
  /** Entropy in bits. */
  entropy: number;
  /** Weight on the first token. */
  firstToken: number;
  /** Largest weight. */
  largest: number;
  /** Distance in tokens between query and key; null in cross-attention, whose keys are another text's. */
  distance: number | null;
}

export interface AttentionRowRequest {
  runId: string;
  layer: number;
  heads: number[];
  query: number;
  /** Absent: probabilities. */
  values?: MapValues;
}

/** Exact float32 numbers of one query position: attention weights, or scores. */
export interface AttentionRow {
  layer: number;
  heads: number[];
  query: number;
  /** [heads.length, T] weights, or scores: -Infinity where a key is not seen. */
  weights: Float32Array;
  /** [heads.length] with scores: the score of each head's sink, which takes part in the softmax; null without sinks. */
  sinks: Float32Array | null;
}

export interface AttentionColumnRequest {
  runId: string;
  layer: number;
  heads: number[];
  key: number;
}

/** Exact float32 weights that every query pays to one key. */
export interface AttentionColumn {
  layer: number;
  heads: number[];
  key: number;
  /** [heads.length, S] */
  weights: Float32Array;
}

export interface HeadStatisticsRequest {
  runId: string;
  layer: number;
}

/** Statistics of all query heads of a layer, those of its tiles, without the maps. */
export interface HeadStatistics {
  layer: number;
  /** [H] */
  statistics: AttentionStatistics[];
}

/** What can be asked about the maps of runs, of the host by its pages as of a checkpoint in the engine. */
export interface MapQuestions {
  attention(request: AttentionRequest): Promise<AttentionTile>;
  attentionRow(request: AttentionRowRequest): Promise<AttentionRow>;
  attentionColumn(request: AttentionColumnRequest): Promise<AttentionColumn>;
  headStatistics(request: HeadStatisticsRequest): Promise<HeadStatistics>;
}
