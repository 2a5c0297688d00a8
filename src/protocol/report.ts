/**
 * A report: the explorer, the comparison and a sweep of one checkpoint as a page that needs nobody to answer it.
 * Role: what the engine writes into the file and the page reads from it. Both sides name answers by `answerKey`.
 */
import type { DiffSnapshot, DiffUi } from './diffView';
import type { ErrorValue } from './errors';
import type { ExplorerSnapshot } from './explorerView';
import type { AttentionTile } from './maps';
import type { CompareSummary, TextMeasures } from './measures';
import type { SimilarityBasis } from './similarity';
import type { SideId, SideView } from './sides';
import type { SweepResult } from './sweep';

/** Asks for a report of what a panel shows. */
export interface ReportRequest {
  modelId: string;
  /** With a finished run of the checkpoint as it is, and one under its conversion where that changes something. */
  explorer: ExplorerSnapshot;
  /** null: nothing is compared. */
  comparison: ReportComparison | null;
  /** Files of sweeps: the first one that is of these weights is included. */
  sweeps: string[];
  /** Of the page's words, as the editor names it: "de". English where there is no translation. */
  language: string;
  file: string;
  /** Whether a report that lies there is replaced. Nothing else ever is. */
  overwrite: boolean;
}

/** The comparison of two sides, which need not be the explorer's runs. */
export interface ReportComparison {
  sides: Record<SideId, SideView>;
  ui: DiffUi;
  compare: CompareSummary;
  /** What was measured of both; null: it is measured now. */
  measures: TextMeasures | null;
}

/** What was written. */
export interface ReportSummary {
  file: string;
  bytes: number;
  /** Pages of the report. */
  pages: ReportPage[];
  /** What is not in it and why, an English sentence each; empty when everything is. */
  leftOut: string[];
}

export type ReportPage = 'explorer' | 'comparison' | 'sweep';

/** The ids of a report's runs: the explorer's two, and those of the comparison's sides that are neither. */
export type ReportSide = 'original' | 'converted' | SideId;

/** Id of the checkpoint in a report. */
export const reportModelId = 'model';

/** Ids of the elements of the file: what is told of it in JSON, and the part that is read at once. */
export const reportIds = { made: 'gqa-lens-report', content: 'content' } as const;

/** When and by what it was made: all that differs between two reports of the same runs. */
export interface ReportMade {
  version: string;
  /** ISO 8601, UTC. */
  date: string;
  /** Wall time of the forward passes. */
  milliseconds: Record<'original' | 'converted', number>;
}

/** What the engine answered to a question, or why it could not. */
export type RecordedAnswer = { value: unknown } | { error: ErrorValue };

/** The part of the file that is read at once. */
export interface ReportContent {
  explorer: ExplorerSnapshot;
  diff: DiffSnapshot | null;
  sweep: SweepResult | null;
  /** By `answerKey`. */
  answers: Record<string, RecordedAnswer>;
  leftOut: LeftOut[];
}

/** Parts that are read when they are first looked at: a layer's maps, its exact weights, and maps of its scores. */
export type ReportPartKind = 'maps' | 'weights' | 'scores';

/** Whose part it is. */
export interface ReportPartPlace {
  side: ReportSide;
  layer: number;
}

/** Something that a report has no room for, or that takes too long to record. */
export type LeftOut =
  /** `measures`: their titles. */
  | { kind: 'similarities'; on: SimilarityBasis; measures: string[] }
  /** Maps are there, but pooled to `size` cells a side. */
  | { kind: 'pooled'; size: number }
  | { kind: 'parts'; part: ReportPartKind; places: ReportPartPlace[] };

/** The places that a sentence names, and how many more there are. */
export function namedParts(places: readonly ReportPartPlace[]): { named: readonly ReportPartPlace[]; more: number } {
  return places.length > 8 ? { named: places.slice(0, 6), more: places.length - 6 } : { named: places, more: 0 };
}

/** The name of such a part. */
export function partName(kind: ReportPartKind, side: string, layer: number): string {
  return `${kind} ${side} ${layer}`;
}

/** One tile of the whole map for each group of the layer. */
export type RecordedMaps = AttentionTile[];

/** Exact float32 weights of a layer. */
export interface RecordedWeights {
  S: number;
  T: number;
  /** [H, S, T] */
  weights: Float32Array;
}

/** The name of an answer: the function and what it was asked, whatever the order of the fields. */
export function answerKey(name: string, ...asked: unknown[]): string {
  return `${name} ${JSON.stringify(asked, sortFields)}`;
}

function sortFields(_name: string, item: unknown): unknown {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
  return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
}
