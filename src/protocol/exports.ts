/** Exports: a conversion written as a folder that Hugging Face transformers loads. */
import type { ConversionRequest } from './conversion';
import type { TextMeasures } from './measures';
import type { Tokens } from './tokens';

/** Float types that weights can be stored in. */
export type ExportDtype = 'f32' | 'f16' | 'bf16';

/**
 * same: the checkpoint's own format. equivalent: another one that holds the same function with G KV heads, where the own
 * format cannot say G.
 */
export type ExportFormat = 'same' | 'equivalent';

export interface ExportRequest {
  modelId: string;
  conversion: ConversionRequest;
  /** Where it goes. It appears whole or not at all. */
  folder: string;
  /** Whether a checkpoint that lies there is replaced, once the new one is complete. Nothing else is ever replaced. */
  overwrite: boolean;
  /** null: each weight in the type that it has. */
  dtype: ExportDtype | null;
  format: ExportFormat;
  /** What the conversion is measured on, for the README; null: it is not measured. */
  measure: MeasuredText | null;
}

export interface MeasuredText {
  /** For people: "valid.txt", "the text of the panel". */
  name: string;
  /** Token ids of each window. */
  windows: Tokens[];
}

export interface ExportSummary {
  folder: string;
  /** Names in the folder. */
  files: string[];
  /** Of the weights. */
  bytes: number;
  /** "same", or the id of the equivalent format. */
  format: string;
  /** The format cannot say G: each pooled head is stored once for every head that shares it. */
  repeatsHeads: boolean;
  /** What the user should know: about the format, and what methods had to do otherwise than they say. */
  notes: string[];
  /** What the conversion was solved on, in words; null when it needed no text. */
  calibration: string | null;
  measures: TextMeasures | null;
}

/** A format that a conversion can be written in. */
export interface ExportFormatChoice {
  format: ExportFormat;
  title: string;
  /** What it means for files and cache. */
  description: string;
}
