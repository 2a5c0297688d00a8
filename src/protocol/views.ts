/**
 * The contract between the extension host and its webviews. The webview says `ready` and gets a snapshot; every later
 * change arrives as a whole new snapshot, so that reload, move and restore are one path. Webviews keep UI state only.
 */
import type {
  AttentionColumn,
  AttentionColumnRequest,
  AttentionRequest,
  AttentionRow,
  AttentionRowRequest,
  AttentionTile,
  CompareSummary,
  Continuation,
  ConversionRequest,
  GroupingView,
  HeadDamage,
  HeadDamageRequest,
  HeadDivergence,
  HeadStatistics,
  HeadStatisticsRequest,
  MapValues,
  ModelSummary,
  Prediction,
  Registries,
  RunSummary,
  SimilarityRequest,
  SimilarityResult,
  TextMeasures,
} from './model';
import type { ErrorValue } from './errors';
import type { FigureHostApi, FigureViewApi } from './figures';
import type { DiffSides, SideId, SideView } from './sides';
import type { CheckpointStructure, TensorStatistics } from './structure';
import type { SweepFormat, SweepMethod, SweepResult } from './sweep';

export type ColorScale = 'linear' | 'sqrt' | 'log';

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
  /** A group's members as they are, or each minus the mean of the group. */
  memberMaps: 'own' | 'deviations';
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

/** What a panel is doing, while it is doing it. */
export interface Busy {
  message: string;
  fraction: number | null;
}

/** Why there is no picture, in words for the user; `command` is what they can run in a terminal. */
export interface GpuState {
  available: boolean;
  adapter: string;
  isSoftware: boolean;
  message: string;
  command: string | null;
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
export interface ExplorerHostApi extends FigureHostApi {
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
  attention(request: AttentionRequest): Promise<AttentionTile>;
  attentionRow(request: AttentionRowRequest): Promise<AttentionRow>;
  attentionColumn(request: AttentionColumnRequest): Promise<AttentionColumn>;
  headStatistics(request: HeadStatisticsRequest): Promise<HeadStatistics>;
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

export interface DiffHostApi extends FigureHostApi {
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
  attention(request: AttentionRequest): Promise<AttentionTile>;
  attentionRow(request: AttentionRowRequest): Promise<AttentionRow>;
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

/** What lies on the axes of the sweep's plot. */
export type SweepX = 'heads' | 'cache' | 'time';
export type SweepY = 'loss' | 'kl' | 'top1' | 'time';

/** What the user chose in a sweep. */
export interface SweepUi {
  x: SweepX;
  y: SweepY;
  /** Column that the table is sorted by; "" leaves the order of the methods. */
  sortBy: string;
  sortDescending: boolean;
}

export interface SweepState {
  modelPath: string;
  /** File of the result in the extension's storage. */
  file: string;
  ui: SweepUi;
}

export interface SweepSnapshot {
  state: SweepState;
  result: SweepResult;
  busy: Busy | null;
  problem: ErrorValue | null;
}

/** Host functions that the sweep calls. */
export interface SweepHostApi extends FigureHostApi {
  ready(): Promise<SweepSnapshot>;
  /** Runs the rows that are missing. */
  resume(): Promise<void>;
  cancel(): void;
  /** Shows a row's conversion in the comparison. */
  openRow(method: SweepMethod): Promise<void>;
  /** Asks where, and writes the result there. */
  saveResult(format: SweepFormat): Promise<void>;
  uiChanged(ui: SweepUi): void;
}

/** Webview functions that the host calls. */
export interface SweepViewApi extends FigureViewApi {
  update(snapshot: SweepSnapshot): void;
  busy(busy: Busy | null): void;
}

export type StructureColumn = 'name' | 'dtype' | 'shape' | 'bytes' | 'role';

/** What the user chose in the structure editor; kept by the page itself. */
export interface StructureUi {
  filter: string;
  /** Element type that alone is listed; "" lists all. */
  dtype: string;
  sortBy: StructureColumn;
  sortDescending: boolean;
  /** Tensors of a layer under a heading that folds. */
  grouped: boolean;
  /** Whether headings are folded, and those that are otherwise: either may be thousands. */
  folded: boolean;
  foldedOtherwise: string[];
  /** Tensor whose details are shown; "" shows none. */
  selected: string;
  /** Pixels that the table is scrolled. */
  scrollTop: number;
}

export interface StructureSnapshot {
  path: string;
  /** null before it was read, and when it never could be. */
  structure: CheckpointStructure | null;
  /** Changes when the file is read again: then statistics are of another content. */
  version: number;
  isReading: boolean;
  /** Why it could not be read. */
  problem: ErrorValue | null;
}

/** Host functions that the structure editor calls. */
export interface StructureHostApi extends FigureHostApi {
  ready(): Promise<StructureSnapshot>;
  /** Reads the file again. */
  reload(): Promise<void>;
  /** Opens the checkpoint in the explorer panel. */
  analyse(): Promise<void>;
  /** Remembered until the file changes. Asking for another tensor cancels this one. */
  statistics(tensor: string): Promise<TensorStatistics>;
  cancelStatistics(): void;
}

/** Webview functions that the host calls. */
export interface StructureViewApi extends FigureViewApi {
  update(snapshot: StructureSnapshot): void;
  /** How far the statistics of a tensor are. */
  progress(busy: Busy): void;
}
