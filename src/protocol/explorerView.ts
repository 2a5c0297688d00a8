/**
 * The contract between the extension host and the explorer: its state, its snapshots, and the calls both ways.
 * Types only; what all pages share is views.ts.
 */
import type { ConversionRequest, GroupingView } from './conversion';
import type { HeadDamage, HeadDamageRequest } from './damage';
import type { ErrorValue } from './errors';
import type { FigureHostApi, FigureViewApi } from './figures';
import type { MapQuestions, MapValues } from './maps';
import type { CompareSummary } from './measures';
import type { Registries } from './methods';
import type { ModelSummary } from './model';
import type { RunSummary } from './runs';
import type { SimilarityRequest, SimilarityResult } from './similarity';
import type { Busy, ColorScale, GpuState, MapView, MemberMaps } from './views';

/** What the overview's layers stand in the order of: their number, the mean of their heads, or their worst group. */
export type LayerOrder = 'number' | 'mean' | 'worst';

/** How the text view tells attention: lines between two columns of tokens, or shades of the text itself. */
export type TextMode = 'shades' | 'lines';

/** What the looked-at token looks at, who looks at it, or both. */
export type TextDirection = 'from' | 'to' | 'both';

/** What the rows and columns of the similarity matrix stand in the order of. */
export type SimilarityOrder = 'group' | 'head' | 'likeness';

/** What the user chose in the explorer; persisted by the webview and restored after a reload. */
export interface ExplorerUi {
  layer: number;
  /** KV group whose maps are large; null shows every group. */
  group: number | null;
  /** Query head that is emphasised, or null. */
  head: number | null;
  /** K or V heads, or the maps of query heads. */
  similarityTarget: 'k' | 'v' | 'maps';
  /** What K and V heads are compared by. */
  similarityInputs: 'weights' | 'activations';
  similarityMeasure: string;
  similarityOrder: SimilarityOrder;
  /** Two heads of the similarity matrix whose maps are side by side; null (both) shows none. */
  pairRow: number | null;
  pairColumn: number | null;
  scale: ColorScale;
  hideFirstToken: boolean;
  /** Which run's maps are drawn. */
  mapsOf: 'original' | 'converted';
  /** Probabilities, or the scores that their softmax is taken of. */
  mapValues: MapValues;
  memberMaps: MemberMaps;
  /** The part of all maps that is looked at. */
  zoom: MapView;
  /** Token emphasised in every map and in the text, or null. */
  token: number | null;
  /** What the overview tells of every group: an id of webview/explorer/overview/statistics.ts. */
  statistic: string;
  layerOrder: LayerOrder;
  layerOrderDescending: boolean;
  textMode: TextMode;
  textDirection: TextDirection;
  /** Means of groups, or the heads of the chosen group. */
  textBy: 'group' | 'head';
}

/** Everything that is needed to bring a panel back: what goes into the webview's setState. */
export interface ExplorerState {
  modelPath: string;
  text: string;
  /** What the decoder of an encoder-decoder reads; empty: what the checkpoint itself answers. */
  decoderText: string;
  conversion: ConversionRequest;
  ui: ExplorerUi;
}

export interface ExplorerSnapshot {
  state: ExplorerState;
  model: ModelSummary;
  registries: Registries;
  gpu: GpuState | null;
  /** Grouping that state.conversion means. */
  grouping: GroupingView;
  /** The checkpoint as it is; null before the first run. */
  original: RunSummary | null;
  /** Under state.conversion; null before the first run, or when the conversion changes nothing (G as opened). */
  converted: RunSummary | null;
  /** original against converted; null when there is no converted run. */
  compare: CompareSummary | null;
  busy: Busy | null;
  problem: ErrorValue | null;
}

/** Host functions that the explorer calls. */
export interface ExplorerHostApi extends FigureHostApi, MapQuestions {
  ready(): Promise<ExplorerSnapshot>;
  run(text: string, decoderText: string): Promise<void>;
  cancel(): void;
  setConversion(conversion: ConversionRequest): Promise<void>;
  /** Asks for a text file and solves the conversion on it. */
  chooseCalibration(): Promise<void>;
  /** Asks where the conversion goes and writes it. */
  exportConversion(): Promise<void>;
  /** Asks where, and writes a report. */
  saveReport(): Promise<void>;
  /** A request that differs from the one before in more than the layer cancels what is still computed for that. */
  similarity(request: SimilarityRequest): Promise<SimilarityResult>;
  /** Like `similarity`. */
  headDamage(request: HeadDamageRequest): Promise<HeadDamage>;
  /** Asks for a grouping file and converts by it. */
  loadGrouping(): Promise<void>;
  /** Asks for a file and writes the grouping of every layer to it. */
  saveGrouping(): Promise<void>;
  openDiff(): Promise<void>;
  showDiagnostics(): Promise<void>;
  /** The UI state changed: the host keeps it for the inspector and for context keys. */
  uiChanged(ui: ExplorerUi): void;
  /** Called once after the maps of a run are drawn: `npm start` and tests wait for it. */
  drawn(runId: string): void;
}

/** Webview functions that the host calls. */
export interface ExplorerViewApi extends FigureViewApi {
  update(snapshot: ExplorerSnapshot): void;
  busy(busy: Busy | null): void;
  /** What is done while answers of `similarity` and `headDamage` are awaited; null when there are none. */
  comparing(busy: Busy | null): void;
  /** Focus from the inspector: null leaves a choice as it is. */
  focus(layer: number | null, group: number | null, head: number | null): void;
}
