/**
 * One opened checkpoint with its text, its conversion and their runs: what the explorer, the diff and the inspector
 * of that checkpoint all show. It draws nothing and outlives its panels; sessions.ts holds the list of them.
 */
import * as vscode from 'vscode';
import type { ConversionRequest, GroupingView } from '../protocol/conversion';
import { defaultText, parseInputs, withoutStaleAssignment } from '../protocol/defaults';
import { toErrorValue, type ErrorValue } from '../protocol/errors';
import type { ExportFormatChoice, ExportRequest, ExportSummary } from '../protocol/exports';
import type { CompareSummary } from '../protocol/measures';
import type { Registries } from '../protocol/methods';
import type { ReportRequest, ReportSummary } from '../protocol/report';
import type { RunSummary } from '../protocol/runs';
import type { Progress } from '../protocol/tasks';
import type { Busy, GpuState } from '../protocol/views';
import { Comparison } from './comparison';
import { EngineModel } from './engineModel';
import type { CallOptions, EngineProcess, EngineStop } from './engineProcess';
import { toGpuState } from './gpuState';
import { LatestTask } from './latestTask';
import { openInEngine, type Opened, type SessionStart } from './openInEngine';
import { tokensOf } from '../protocol/runTokens';
import type { Lender } from './sideRuns';
import { readSettings } from './settings';

export class Session extends EngineModel implements vscode.Disposable {
  text: string;
  /** What the decoder of an encoder-decoder reads; empty: what the checkpoint itself answers. */
  decoderText: string;
  conversion: ConversionRequest;
  grouping: GroupingView;
  /** The checkpoint as it is; null before the first run. */
  original: RunSummary | null = null;
  /** Under the conversion; null before the first run, or when the conversion changes nothing. */
  converted: RunSummary | null = null;
  compare: CompareSummary | null = null;
  gpu: GpuState | null = null;
  busy: Busy | null = null;
  problem: ErrorValue | null = null;
  readonly registries: Registries;
  /** What a comparison page of this checkpoint shows. */
  readonly comparison: Comparison;

  /** The text was to be run and has not been: a change of conversion that comes meanwhile must not drop that. */
  private originalWanted = false;
  private readonly work = new LatestTask();
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly busyChanged = new vscode.EventEmitter<Busy | null>();
  private readonly ran = new vscode.EventEmitter<void>();
  private readonly stopListener: vscode.Disposable;
  /** Anything but `busy` has changed. */
  readonly onDidChange = this.changed.event;
  readonly onDidChangeBusy = this.busyChanged.event;
  /** A text was run to its end, through the conversion too if there is one. */
  readonly onDidRun = this.ran.event;

  private constructor(
    path: string,
    process: EngineProcess,
    opened: Opened,
    { text, decoderText }: Pick<SessionStart, 'text' | 'decoderText'>,
    lender: Lender,
  ) {
    super(path, process, opened);
    this.text = text;
    this.decoderText = decoderText;
    this.registries = opened.registries;
    this.conversion = opened.conversion;
    this.grouping = opened.grouping;
    this.stopListener = process.onDidStop((stop) => this.afterEngineStop(stop));
    this.comparison = new Comparison(this, lender);
    this.refreshGpu();
  }

  /** Opens a checkpoint: config, headers and tokenizer, no weights. Throws GqaLensError naming the file. */
  static async open(
    path: string,
    process: EngineProcess,
    start: SessionStart | null,
    options: CallOptions,
    lender: Lender,
  ): Promise<Session> {
    const opened = await process.call((engine, task) => openInEngine(engine, path, start, task), options);
    return new Session(path, process, opened, start ?? { text: defaultText(opened.model), decoderText: '' }, lender);
  }

  /** Whether the conversion makes another model than the opened one. */
  get converts(): boolean {
    return this.conversion.G !== this.model.G;
  }

  /** Runs the text through the checkpoint and its conversion, and compares them. Failures become `problem`. */
  run(text: string, decoderText = ''): Promise<void> {
    this.text = text;
    this.decoderText = decoderText;
    this.originalWanted = true;
    return this.perform((signal) => this.runBoth(signal));
  }

  /** Runs if nothing has run and nothing is about to. */
  async ensureRun(): Promise<void> {
    if (this.original === null && !this.work.isBusy && this.model.notRunnable === null)
      await this.run(this.text, this.decoderText);
  }

  /** Changes the conversion; what has been run as opened is kept. */
  setConversion(wanted: ConversionRequest): Promise<void> {
    const conversion = withoutStaleAssignment(wanted);
    return this.perform(async (signal) => {
      this.grouping = await this.groupingOf(conversion, { signal, onProgress: this.reporter('') });
      this.conversion = conversion;
      this.take({ original: this.original, converted: null, compare: null });
      await (this.originalWanted ? this.runBoth(signal) : this.runConverted(signal));
    });
  }

  /** Runs a text under a conversion, both as they were once. */
  restore({ text, decoderText, conversion }: SessionStart): Promise<void> {
    this.text = text;
    this.decoderText = decoderText;
    this.originalWanted = true;
    return this.setConversion(conversion);
  }

  /** The formats that the conversion can be written in. */
  exportFormats(): Promise<ExportFormatChoice[]> {
    return this.exportFormatsWith(this.conversion.G);
  }

  /** Writes the conversion, measured on the text where that was run. Throws GqaLensError; `busy` does not tell of it. */
  exportConversion(
    request: Omit<ExportRequest, 'modelId' | 'conversion' | 'measure'>,
    options: CallOptions = {},
  ): Promise<ExportSummary> {
    const { conversion, original } = this;
    const measure = original && { name: quoted(this.text), windows: [tokensOf(original)] };
    return this.call(
      (engine, modelId, task) => engine.exportConversion({ ...request, modelId, conversion, measure }, task),
      options,
    );
  }

  /** Writes a report of both runs. Throws GqaLensError; `busy` does not tell of it. */
  report(request: Omit<ReportRequest, 'modelId'>, options: CallOptions = {}): Promise<ReportSummary> {
    return this.call((engine, modelId, task) => engine.report({ ...request, modelId }, task), options);
  }

  cancel(): void {
    this.originalWanted = false;
    this.work.cancel();
  }

  /** Writes the grouping of the conversion that is shown. */
  writeGrouping(file: string): Promise<void> {
    return this.call((engine, modelId, task) => engine.writeGrouping(modelId, this.conversion, file, task));
  }

  /** Closes the checkpoint in the engine, with all that it holds of it. */
  dispose(): void {
    this.cancel();
    this.comparison.dispose();
    this.stopListener.dispose();
    this.release([this.original, this.converted]);
    this.close();
    this.changed.dispose();
    this.busyChanged.dispose();
    this.ran.dispose();
  }

  protected override reopened(): void {
    this.refreshGpu();
  }

  private runUnder(conversion: ConversionRequest | null, signal: AbortSignal): Promise<RunSummary> {
    const input = parseInputs(this.text, this.decoderText, this.model);
    const onProgress = this.reporter(conversion === null ? '' : vscode.l10n.t('{0} groups: ', conversion.G));
    return this.forward(input, conversion, readSettings().maxTokens, { signal, onProgress });
  }

  private async runBoth(signal: AbortSignal): Promise<void> {
    const original = await this.runUnder(null, signal);
    this.originalWanted = false;
    this.take({ original, converted: null, compare: null });
    await this.runConverted(signal);
  }

  private async runConverted(signal: AbortSignal): Promise<void> {
    const { original, conversion } = this;
    if (original === null || !this.converts) return;
    const converted = await this.runUnder(conversion, signal);
    this.take({ original, converted, compare: null });
    const onProgress = this.reporter('');
    const compare = await this.compareRuns(original.runId, converted.runId, { signal, onProgress });
    this.take({ original, converted, compare });
  }

  /** Puts new results in place, frees the runs that they replace, and tells. */
  private take(results: Pick<Session, 'original' | 'converted' | 'compare'>): void {
    const stale = [this.original, this.converted].filter(
      (run) => run !== results.original && run !== results.converted,
    );
    Object.assign(this, results);
    this.release(stale);
    this.changed.fire();
  }

  private async perform(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    await this.work.start(async (signal) => {
      this.problem = null;
      this.setBusy({ message: vscode.l10n.t('Starting'), fraction: null });
      this.changed.fire();
      try {
        await work(signal);
        if (this.original !== null && (this.converted !== null || !this.converts)) this.ran.fire();
      } catch (error) {
        const value = toErrorValue(error);
        if (value.code === 'cancelled') return;
        this.problem = value;
        this.originalWanted = false;
      }
    });
    // Between two tasks it stays busy: a button that says "Run" for a moment is pressed then, and stops the second.
    if (this.work.isBusy) return;
    this.setBusy(null);
    this.changed.fire();
  }

  private reporter(prefix: string): (progress: Progress) => void {
    return ({ message, fraction }) => this.setBusy({ message: prefix + message, fraction });
  }

  private setBusy(busy: Busy | null): void {
    this.busy = busy;
    this.busyChanged.fire(busy);
  }

  private refreshGpu(): void {
    this.process
      .call((engine) => engine.diagnostics())
      .then((diagnostics) => {
        this.gpu = toGpuState(diagnostics);
        this.changed.fire();
      })
      // The engine ended: its end is reported by itself, and the next run asks again.
      .catch(() => undefined);
  }

  private afterEngineStop({ crash }: EngineStop): void {
    const hadRun = this.original !== null || this.originalWanted;
    this.original = this.converted = this.compare = this.gpu = null;
    if (crash === null) {
      this.refreshGpu();
      if (hadRun) void this.run(this.text, this.decoderText);
    } else if (hadRun && !this.work.isBusy) {
      this.problem = toErrorValue(crash);
    }
    this.changed.fire();
  }
}

/** The beginning of a text, as files name what they were measured on. */
function quoted(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return `"${line.length > 80 ? `${line.slice(0, 80)}…` : line}"`;
}
