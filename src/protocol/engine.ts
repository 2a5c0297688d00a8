/**
 * The contract between the extension host and the engine process (and what the command line calls in-process).
 * Calls that take a TaskId can be cancelled with `cancel` and report through EngineEvents.progress.
 */
import type { ConversionRequest, FileGrouping, GroupingView } from './conversion';
import type { HeadDamage, HeadDamageRequest } from './damage';
import type { ExportFormatChoice, ExportRequest, ExportSummary } from './exports';
import type { GpuDiagnostics } from './gpu';
import type {
  AttentionColumn,
  AttentionColumnRequest,
  AttentionRequest,
  AttentionRow,
  AttentionRowRequest,
  AttentionTile,
  HeadStatistics,
  HeadStatisticsRequest,
} from './maps';
import type { CompareSummary, HeadDivergence, MeasureRequest, TextMeasures } from './measures';
import type { Registries } from './methods';
import type { ModelSummary } from './model';
import type { ReportRequest, ReportSummary } from './report';
import type { Continuation, Prediction, RunRequest, RunSummary } from './runs';
import type { SimilarityRequest, SimilarityResult } from './similarity';
import type { CheckpointStructure, TensorStatistics } from './structure';
import type { SweepFormat, SweepRequest, SweepResult } from './sweep';
import type { Progress, TaskId } from './tasks';
import type { Tokens } from './tokens';

/** Functions of the engine. All of them throw GqaLensError. */
export interface EngineApi {
  /** Answers at once: the engine is up. */
  hello(): { node: string; pid: number };
  registries(): Registries;
  diagnostics(): Promise<GpuDiagnostics>;
  /** Reads config, headers and tokenizer; no weights. Opening the same path again returns the same modelId. */
  open(path: string, task: TaskId): Promise<ModelSummary>;
  close(modelId: string): Promise<void>;
  /** The grouping that a conversion request means for a model. Groupings by similarity read and run the model. */
  grouping(modelId: string, conversion: ConversionRequest | null, task: TaskId): Promise<GroupingView>;
  /** Reads a grouping file for a model. */
  readGrouping(modelId: string, file: string, task: TaskId): Promise<FileGrouping>;
  /** Writes a conversion's grouping as a file, in the place of one that may be there. */
  writeGrouping(modelId: string, conversion: ConversionRequest, file: string, task: TaskId): Promise<void>;
  run(request: RunRequest, task: TaskId): Promise<RunSummary>;
  /** Frees the GPU memory of a run. Unknown ids are ignored. */
  release(runId: string): void;
  attention(request: AttentionRequest, task: TaskId): Promise<AttentionTile>;
  attentionRow(request: AttentionRowRequest, task: TaskId): Promise<AttentionRow>;
  attentionColumn(request: AttentionColumnRequest, task: TaskId): Promise<AttentionColumn>;
  headStatistics(request: HeadStatisticsRequest, task: TaskId): Promise<HeadStatistics>;
  similarity(request: SimilarityRequest, task: TaskId): Promise<SimilarityResult>;
  headDamage(request: HeadDamageRequest, task: TaskId): Promise<HeadDamage>;
  /** Throws when another model cannot be compared with one on its tokens; `texts` are what those were made of. */
  checkTogether(modelId: string, otherId: string, tokens: Tokens, texts: readonly string[]): void;
  compare(runA: string, runB: string, task: TaskId): Promise<CompareSummary>;
  measure(request: MeasureRequest, task: TaskId): Promise<TextMeasures>;
  /** What a sweep would do: its rows, all missing. */
  planSweep(modelId: string, request: SweepRequest, task: TaskId): Promise<SweepResult>;
  /** Runs the rows that the JSON file does not have, and writes it after each; EngineEvents.swept tells them. */
  sweep(modelId: string, request: SweepRequest, file: string, task: TaskId): Promise<SweepResult>;
  readSweep(file: string): Promise<SweepResult>;
  /** A result as the text of a file. @param language of a page's words: "de"; English where there is no translation */
  formatSweep(result: SweepResult, format: SweepFormat, language: string): string;
  headDivergence(runA: string, runB: string, layer: number, task: TaskId): Promise<HeadDivergence>;
  /** The `count` most probable next tokens after a position, most probable first. */
  predictions(runId: string, position: number, count: number, task: TaskId): Promise<Prediction[]>;
  /** Greedy continuation of a run by `count` tokens. */
  continuation(runId: string, count: number, task: TaskId): Promise<Continuation>;
  /** Writes a conversion as a folder that Hugging Face transformers loads. */
  exportConversion(request: ExportRequest, task: TaskId): Promise<ExportSummary>;
  /** The formats that a model with G KV heads can be written in, the checkpoint's own first. */
  exportFormats(modelId: string, G: number): ExportFormatChoice[];
  /** Writes a report of what panels show. Its runs must be this engine's. */
  report(request: ReportRequest, task: TaskId): Promise<ReportSummary>;
  /** Reads what a weight file holds: headers and config, no weights. Reads them again when asked again. */
  structure(path: string, task: TaskId): Promise<CheckpointStructure>;
  /** Streams a tensor of such a file. */
  tensorStatistics(path: string, tensor: string, task: TaskId): Promise<TensorStatistics>;
  /** Lets a file go that `structure` has opened. */
  closeStructure(path: string): Promise<void>;
  cancel(task: TaskId): void;
  /** Destroys the device and ends the process. */
  shutdown(): void;
}

/** Functions of the host that the engine calls. */
export interface EngineEvents {
  progress(progress: Progress): void;
  /** A sweep has come this far; told at first and after each row. */
  swept(task: TaskId, result: SweepResult): void;
  log(level: 'info' | 'warn' | 'error', message: string): void;
}
