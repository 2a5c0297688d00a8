/**
 * Runs a sweep: one row after another, each told as soon as it is finished.
 * Role: the order of work and what a failure means. Measuring is engine/measure.ts, converting is engine/conversions.ts.
 */
import { merges } from '../../gqa/merge';
import { findMethod } from '../../gqa/registry';
import type { ConversionRequest } from '../../protocol/conversion';
import { GqaLensError, toErrorValue } from '../../protocol/errors';
import type { SweepMethod, SweepResult, SweepRow } from '../../protocol/sweep';
import type { TaskContext } from '../../protocol/tasks';
import type { Conversions } from '../conversions';
import type { EngineGpu } from '../gpu';
import { TextMeasurer, type Measurable } from '../measure';
import type { OpenedModel } from '../models';
import { modelSizes } from '../sizes';
import { inOrder, methodKey, methodsOf } from './plan';
import type { PreparedSweep } from './prepare';

/** What a sweep runs on. */
export interface SweepTools {
  model: OpenedModel;
  conversions: Conversions;
  gpu: EngineGpu;
}

/** A row without the name of its method. */
type Measured = Omit<SweepRow, keyof SweepMethod>;

/**
 * Runs the rows that are not there yet. A row that fails tells why, and the sweep goes on; only without the checkpoint as
 * it is there is nothing to compare with.
 * @param earlier rows of an earlier run on the same texts (SweepIdentity): what they have is not computed again
 * @param finished is told at first and after each row, and awaited
 * @throws GqaLensError when the original cannot be measured; AbortError when cancelled, after the last finished row
 */
export async function runSweep(
  tools: SweepTools,
  prepared: PreparedSweep,
  earlier: readonly SweepRow[],
  finished: (result: SweepResult) => Promise<void>,
  task: TaskContext,
): Promise<SweepResult> {
  const sweep = new Sweep(tools, prepared, earlier);
  const { missing } = sweep.result;
  try {
    // A place that cannot be written to comes to light before anything is computed.
    await finished(sweep.result);
    for (const [index, method] of missing.entries()) {
      task.signal.throwIfAborted();
      // A row has several stages, each from 0 to 1: what is shown must not go back.
      let furthest = index / missing.length;
      const report = (message: string, fraction: number | null): void => {
        furthest = Math.max(furthest, (index + (fraction ?? 0)) / missing.length);
        task.report(`Row ${index + 1} of ${missing.length}, ${titleOf(method)}: ${message}`, furthest);
      };
      report('preparing', 0);
      await sweep.add(method, { signal: task.signal, report });
      await finished(sweep.result);
    }
    return sweep.result;
  } finally {
    sweep.destroy();
  }
}

function titleOf({ G, grouping, merge }: SweepMethod): string {
  const heads = `${G} KV head${G === 1 ? '' : 's'}`;
  if (grouping === null || merge === null) return `the original with ${heads}`;
  return `${findMethod(merges, merge, 'merge').title} (${grouping}), ${heads}`;
}

class Sweep {
  result: SweepResult;
  private measurer: TextMeasurer | null = null;
  /** By merge and members of groups: with one group, every grouping is the same. */
  private readonly measured = new Map<string, Measured>();

  constructor(
    private readonly tools: SweepTools,
    private readonly prepared: PreparedSweep,
    earlier: readonly SweepRow[],
  ) {
    const { request, missing } = prepared.result;
    // Rows that failed are tried again; rows without a time are measured again where times are asked for.
    const isComplete = ({ error, millisecondsPerToken }: SweepRow): boolean =>
      error === null && (request.timedTokens === 0 || millisecondsPerToken !== null);
    const known = new Set(earlier.filter(isComplete).map(methodKey));
    this.result = this.withRows(
      earlier,
      missing.filter((method) => !known.has(methodKey(method))),
    );
  }

  async add(method: SweepMethod, task: TaskContext): Promise<void> {
    const row = { ...method, ...(await this.measureOrFail(method, task)) };
    const isOther = (other: SweepMethod): boolean => methodKey(other) !== methodKey(method);
    const { rows, missing } = this.result;
    this.result = this.withRows([...rows.filter(isOther), row], missing.filter(isOther));
  }

  /** Frees what is kept on the GPU. */
  destroy(): void {
    this.measurer?.destroy();
    this.measurer = null;
  }

  private withRows(rows: readonly SweepRow[], missing: SweepMethod[]): SweepResult {
    return { ...this.prepared.result, methods: methodsOf([...rows, ...missing]), rows: inOrder(rows), missing };
  }

  private async measureOrFail(method: SweepMethod, task: TaskContext): Promise<Measured> {
    try {
      return await this.measureMethod(method, task);
    } catch (error) {
      const { code, message } = toErrorValue(error);
      if (task.signal.aborted || method.merge === null || code === 'gpu-unavailable') throw error;
      // What is kept on the GPU may be gone after this: the original runs again for the next row.
      if (!(error instanceof GqaLensError) || code === 'gpu-failed') this.destroy();
      return failed(message);
    }
  }

  private async measureMethod({ G, grouping, merge }: SweepMethod, task: TaskContext): Promise<Measured> {
    const { model, conversions } = this.tools;
    const start = performance.now();
    if (grouping === null || merge === null) return this.measure(this.original(), start, task);
    const { calibration } = this.prepared.result.request;
    const conversion: ConversionRequest = { G, grouping, merge, ...(calibration ? { calibration } : {}) };
    const [solving, measuring] = stages(task);
    const { groupOfKvHead } = await conversions.grouping(model, conversion, solving);
    const key = JSON.stringify([merge, groupOfKvHead]);
    const known = this.measured.get(key);
    if (known) return known;
    const { name } = model.summary;
    const measured = await conversions.useOnce(model, conversion, solving, ({ source }) =>
      this.measure({ name, conversion, source, sizes: modelSizes(model, source) }, start, measuring),
    );
    this.measured.set(key, measured);
    return measured;
  }

  private async measure(converted: Measurable, start: number, task: TaskContext): Promise<Measured> {
    const solved = performance.now();
    this.measurer ??= await this.openMeasurer();
    const { b, klMean, top1Agreement, adapter } = await this.measurer.measure(converted, task);
    return {
      loss: b.loss,
      perplexity: b.perplexity,
      klMean,
      top1Agreement,
      kvCacheBytesPerToken: b.kvCacheBytesPerToken,
      parameters: b.parameters,
      millisecondsPerToken: b.millisecondsPerToken,
      solveMilliseconds: solved - start,
      measureMilliseconds: performance.now() - solved,
      adapter,
      error: null,
    };
  }

  private async openMeasurer(): Promise<TextMeasurer> {
    const { model, gpu } = this.tools;
    const token = (id: number) => model.token(id);
    const { windows, result } = this.prepared;
    const measurement = { windows, token, detail: false, timedTokens: result.request.timedTokens };
    return new TextMeasurer(await gpu.ready(), this.original(), measurement);
  }

  private original(): Measurable {
    const { model } = this.tools;
    const { source } = model.runnable;
    return { name: model.summary.name, conversion: null, source, sizes: modelSizes(model, source) };
  }
}

/** Solving and measuring, each half of a row's progress. */
function stages(task: TaskContext): [TaskContext, TaskContext] {
  const half = (start: number): TaskContext => ({
    signal: task.signal,
    report: (message, fraction) => task.report(message, start + (fraction ?? 0) / 2),
  });
  return [half(0), half(0.5)];
}

function failed(error: string): Measured {
  return {
    loss: null,
    perplexity: null,
    klMean: null,
    top1Agreement: null,
    kvCacheBytesPerToken: null,
    parameters: null,
    millisecondsPerToken: null,
    solveMilliseconds: null,
    measureMilliseconds: null,
    adapter: '',
    error,
  };
}
