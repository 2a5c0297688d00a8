/**
 * The contract between the extension host and the comparison: its state, its snapshots, and the calls both ways.
 * Types only; what all pages share is views.ts.
 */
import type { ConversionRequest } from './conversion';
import type { ErrorValue } from './errors';
import type { FigureHostApi, FigureViewApi } from './figures';
import type { MapQuestions, MapValues } from './maps';
import type { CompareSummary, HeadDivergence, TextMeasures } from './measures';
import type { Registries } from './methods';
import type { ModelSummary } from './model';
import type { Continuation, Prediction } from './runs';
import type { DiffSides, SideId, SideView } from './sides';
import type { Busy, ColorScale, GpuState, MapView, MemberMaps } from './views';

/** What is measured of both runs besides the comparison itself: layers at once, the time of a token when asked. */
export interface MeasuresState {
  /** null before the layers are measured. */
  result: TextMeasures | null;
  busy: Busy | null;
  problem: ErrorValue | null;
}

export interface DiffUi {
  layer: number;
  /** Query head shown large in both panes. */
  head: number;
  scale: ColorScale;
  hideFirstToken: boolean;
  /** Probabilities, or the scores that their softmax is taken of. */
  mapValues: MapValues;
  /** Maps are the head's own, or it minus the mean of the heads that share its KV group, each side's own mean. */
  memberMaps: MemberMaps;
  /** The part of the large maps that is looked at. */
  zoom: MapView;
  token: number | null;
  /** How the heads of the layer stand. */
  headOrder: 'group' | 'divergence';
  /** What tokens are listed as moved most by: KL, or the rise of their own loss. */
  movedBy: 'kl' | 'loss';
}

export interface DiffState {
  modelPath: string;
  text: string;
  /** What the decoder of an encoder-decoder reads; empty: what the checkpoint itself answers. */
  decoderText: string;
  /** The one that a side 'converted' is under. */
  conversion: ConversionRequest;
  sides: DiffSides;
  ui: DiffUi;
}

export interface DiffSnapshot {
  state: DiffState;
  /** The checkpoint that this is a comparison of: its tokenizer reads the text. */
  model: ModelSummary;
  sides: Record<SideId, SideView>;
  registries: Registries;
  gpu: GpuState | null;
  /** null before both runs are done. */
  compare: CompareSummary | null;
  measures: MeasuresState;
  busy: Busy | null;
  problem: ErrorValue | null;
}

/** Asks for the most probable next tokens of both runs after a position. */
export interface PredictionsRequest {
  runA: string;
  runB: string;
  position: number;
  count: number;
}

export interface DiffHostApi extends FigureHostApi, Pick<MapQuestions, 'attention' | 'attentionRow'> {
  ready(): Promise<DiffSnapshot>;
  run(text: string, decoderText: string): Promise<void>;
  cancel(): void;
  setConversion(conversion: ConversionRequest): Promise<void>;
  setSides(sides: DiffSides): Promise<void>;
  /** Asks for another checkpoint and puts it on a side. */
  chooseCheckpoint(side: SideId): Promise<void>;
  /** Asks for a text file and solves a side's conversion on it. */
  chooseCalibration(side: SideId): Promise<void>;
  /** Asks where the conversion goes and writes it. */
  exportConversion(): Promise<void>;
  /** Asks where, and writes a report. */
  saveReport(): Promise<void>;
  /** Opens which heads read which KV head on both sides, as the editor's text diff. */
  compareAssignments(): Promise<void>;
  headDivergence(runA: string, runB: string, layer: number): Promise<HeadDivergence>;
  predictions(request: PredictionsRequest): Promise<{ a: Prediction[]; b: Prediction[] }>;
  /** Measures the layers again after that was cancelled or failed, or the time of a decoded token of both models. */
  measure(what: 'layers' | 'time'): Promise<void>;
  cancelMeasures(): void;
  /** Greedy continuations of both runs. */
  continuations(count: number): Promise<{ a: Continuation; b: Continuation }>;
  openExplorer(): Promise<void>;
  showDiagnostics(): Promise<void>;
  uiChanged(ui: DiffUi): void;
  drawn(runId: string): void;
}

export interface DiffViewApi extends FigureViewApi {
  update(snapshot: DiffSnapshot): void;
  busy(busy: Busy | null): void;
  measures(measures: MeasuresState): void;
  focus(layer: number | null, head: number | null): void;
}
