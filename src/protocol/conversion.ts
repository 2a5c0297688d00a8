/**
 * What is done to the KV heads of a checkpoint: the request for it, the grouping that it means, the text that it is solved
 * on. Plain data; which methods there are is in the registries (methods.ts). L layers, H query heads.
 */

/** What to do to the KV heads of a checkpoint. */
export interface ConversionRequest {
  /** Groups a layer. Groupings that make equal groups need a divisor of the checkpoint's own number of KV heads. */
  G: number;
  /** Registry id, e.g. "contiguous". */
  grouping: string;
  /** Registry id, e.g. "mean". */
  merge: string;
  /** With grouping "manual": [L][source KV heads] the group of each, 0 to G - 1. */
  assignment?: number[][];
  /** What methods with `needsText` solve on. Absent: the excerpt that comes with the product. */
  calibration?: CalibrationText;
}

/** A grouping read from a file: what goes into a conversion by "manual". */
export interface FileGrouping {
  G: number;
  /** [L][source KV heads] */
  assignment: number[][];
}

/** Text for calibration: the first windows of a file, run through the checkpoint as it is. */
export interface CalibrationText {
  /** Path of a text file; null is the excerpt that comes with the product. */
  file: string | null;
  /** Tokens used, rounded down to whole windows; fewer when the text is short. */
  tokens: number;
}

/** A grouping is a value: for each layer, the KV group of each query head. */
export interface GroupingView {
  G: number;
  /** [L][H] group index of each query head. */
  groupOfHead: number[][];
  /** [L][source KV heads] group index of each KV head of the opened checkpoint. */
  groupOfKvHead: number[][];
}

/** What a request without a calibration text means. */
export const usualCalibration: CalibrationText = { file: null, tokens: 8192 };
