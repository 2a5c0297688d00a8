/**
 * From a run's last residual stream to logits and numbers about them, a block of rows at a time: S·V floats never exist
 * at once unless the caller collects them.
 * Role: output head, loss, KL. Maps are maps.ts.
 */
import type { Batch } from '../gpu/batch';
import type { GpuContext, Span } from '../gpu/context';
import { linear } from '../gpu/operations/linear';
import { divergeLogits, reduceLogits } from '../gpu/operations/loss';
import { pad4 } from '../gpu/operations/matrix';
import { activate, softcap } from '../gpu/operations/mlp';
import { normalise } from '../gpu/operations/norm';
import type { TaskContext } from '../protocol/tasks';
import type { GpuWeights } from './gpuWeights';
import type { KeptRun } from './keptRun';
import { leaseGlobals, type LeasedWeights } from './layerWeights';
import type { ModelSpec, WeightSource } from './spec';

/** Bytes of logits made at once. */
const blockBytes = 32 * 1024 * 1024;

/** The residual stream that logits are made from. */
export interface HeadInput {
  source: WeightSource;
  /** [rows, pad4(D)] before the final norm. */
  output: Span;
}

/** Per row: log-sum-exp, the target's logit, the most probable token. */
export interface RowNumbers {
  logSumExp: Float32Array;
  targetLogit: Float32Array;
  argmax: Uint32Array;
}

interface Block {
  row0: number;
  rows: number;
  /** [rows, stride], the first V of each row real. */
  logits: Span;
  stride: number;
}

/** Makes logits of rows [first, end) block by block. */
class HeadPass {
  private readonly normed: Span;
  private readonly logits: Span;
  readonly rowsPerBlock: number;
  readonly stride: number;

  private constructor(
    private readonly context: GpuContext,
    private readonly input: HeadInput,
    private readonly leased: LeasedWeights,
    rows: number,
  ) {
    const { D, V } = input.source.spec;
    this.stride = pad4(V);
    this.rowsPerBlock = Math.min(rows, Math.max(1, Math.floor(blockBytes / (this.stride * 4))));
    this.normed = context.storage(this.rowsPerBlock * pad4(D), 'final norm');
    this.logits = context.storage(this.rowsPerBlock * this.stride, 'logits');
  }

  static async open(
    context: GpuContext,
    weights: GpuWeights,
    input: HeadInput,
    rows: number,
    signal: AbortSignal,
  ): Promise<HeadPass> {
    const leased = await leaseGlobals(weights, input.source, signal);
    try {
      return new HeadPass(context, input, leased, rows);
    } catch (error) {
      leased.release();
      throw error;
    }
  }

  block(row0: number, end: number): Block {
    const rows = Math.min(this.rowsPerBlock, end - row0);
    const { context, leased } = this;
    const { D, embeddingSize = D, softcaps } = this.input.source.spec;
    const batch = context.batch();
    const hidden = readFinal(
      context,
      batch,
      this.input.source.spec,
      leased,
      this.input.output,
      row0,
      this.normed,
      rows,
    );
    const transformed = this.transform(batch, hidden, rows);
    let read = transformed;
    if (leased.has('head.projection.weight')) {
      read = batch.temporary(rows * pad4(embeddingSize), 'head input');
      linear(context, batch, transformed, leased.matrix('head.projection.weight'), read, rows);
    }
    const bias = leased.optionalVector('head.bias');
    linear(context, batch, read, leased.matrix('head.weight'), this.logits, rows, { bias });
    if (softcaps?.logits) softcap(batch, this.logits, rows * this.stride, softcaps.logits);
    batch.submit();
    return { row0, rows, logits: this.logits, stride: this.stride };
  }

  /** A masked-LM head has a layer of its own before the vocabulary: norm(activation(linear(rows))). */
  private transform(batch: Batch, rows: Span, count: number): Span {
    const { context, leased } = this;
    const { D, mlp } = this.input.source.spec;
    if (!leased.has('head.transform.weight')) return rows;
    const size = count * pad4(D);
    const inner = batch.temporary(size, 'head transform');
    const bias = leased.optionalVector('head.transform.bias');
    linear(context, batch, rows, leased.matrix('head.transform.weight'), inner, count, { bias });
    activate(context, batch, mlp.activation, null, inner, size);
    const normed = batch.temporary(size, 'head norm');
    normalise(context, batch, inner, leased.norm('head'), normed, count, D);
    return normed;
  }

  close(): void {
    this.leased.release();
    this.normed.buffer.destroy();
    this.logits.buffer.destroy();
  }
}

/** Rows [row0, row0 + rows) of a residual stream as the head reads them: their norm, if there is one, scaled. */
function readFinal(
  context: GpuContext,
  batch: Batch,
  { D, outputScale: scale = 1 }: ModelSpec,
  leased: LeasedWeights,
  stream: Span,
  row0: number,
  normed: Span,
  rows: number,
): Span {
  if (leased.has('final.norm.weight')) {
    normalise(context, batch, stream, { ...leased.norm('final'), scale }, normed, rows, D, { row0 });
    return normed;
  }
  const bytes = pad4(D) * 4;
  batch.copy({ ...stream, offset: stream.offset + row0 * bytes, size: rows * bytes }, normed);
  return normed;
}

/** Logits [rows, V] of a run's positions [first, end), all of them unless said otherwise, on the CPU. */
export async function readLogits(
  context: GpuContext,
  weights: GpuWeights,
  run: KeptRun,
  task: TaskContext,
  [first, end]: readonly [number, number] = [0, run.S],
): Promise<Float32Array> {
  const { V } = run.source.spec;
  const pass = await HeadPass.open(context, weights, run, end - first, task.signal);
  try {
    const result = new Float32Array((end - first) * V);
    for (let row0 = first; row0 < end; row0 += pass.rowsPerBlock) {
      task.signal.throwIfAborted();
      const { rows, logits, stride } = pass.block(row0, end);
      const values = await context.readFloat32({ ...logits, size: rows * stride * 4 });
      for (let row = 0; row < rows; row++) {
        result.set(values.subarray(row * stride, row * stride + V), (row0 - first + row) * V);
      }
    }
    return result;
  } finally {
    pass.close();
  }
}

/** The hidden states after the final norm, [rows, D], of rows [0, S). What transformers gives as the last hidden state. */
export async function readFinalHidden(
  context: GpuContext,
  weights: GpuWeights,
  run: KeptRun,
  task: TaskContext,
): Promise<Float32Array> {
  const { D } = run.source.spec;
  const leased = await leaseGlobals(weights, run.source, task.signal);
  const normed = context.storage(run.S * pad4(D), 'final hidden');
  try {
    const batch = context.batch();
    readFinal(context, batch, { ...run.source.spec, outputScale: 1 }, leased, run.output, 0, normed, run.S);
    batch.submit();
    return unpad(await context.readFloat32(normed), run.S, D);
  } finally {
    leased.release();
    normed.buffer.destroy();
  }
}

/** Drops the padding of rows: [rows, pad4(columns)] to [rows, columns]. */
export function unpad(data: Float32Array, rows: number, columns: number): Float32Array {
  const width = pad4(columns);
  if (width === columns) return data;
  const result = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    result.set(data.subarray(row * width, row * width + columns), row * columns);
  }
  return result;
}

/**
 * Reduces each row of logits on the GPU.
 * @param targets [rows] the token that each row should predict (0 where there is none: ignore that row's target logit)
 * @param excluded tokens that are never the argmax
 */
export async function reduceRows(
  context: GpuContext,
  weights: GpuWeights,
  input: HeadInput,
  targets: Uint32Array,
  task: TaskContext,
  excluded: readonly number[] = [],
): Promise<RowNumbers> {
  const results = await sweepRows(context, weights, [input], targets, task, excluded);
  return results.rows[0] ?? emptyRows(0);
}

/** Reduces each row of two runs and their KL(a || b), [S] in nats. Both runs must have the same tokens. */
export async function compareRows(
  context: GpuContext,
  weights: GpuWeights,
  a: HeadInput,
  b: HeadInput,
  targets: Uint32Array,
  task: TaskContext,
): Promise<{ a: RowNumbers; b: RowNumbers; kl: Float32Array }> {
  const { rows, kl } = await sweepRows(context, weights, [a, b], targets, task);
  return { a: rows[0] ?? emptyRows(0), b: rows[1] ?? emptyRows(0), kl };
}

function emptyRows(count: number): RowNumbers {
  return {
    logSumExp: new Float32Array(count),
    targetLogit: new Float32Array(count),
    argmax: new Uint32Array(count),
  };
}

async function sweepRows(
  context: GpuContext,
  weights: GpuWeights,
  inputs: readonly HeadInput[],
  targets: Uint32Array,
  task: TaskContext,
  excluded: readonly number[] = [],
): Promise<{ rows: RowNumbers[]; kl: Float32Array }> {
  const count = targets.length;
  const V = inputs[0]?.source.spec.V ?? 0;
  const passes: HeadPass[] = [];
  const buffers: Span[] = [];
  const own = (span: Span): Span => {
    buffers.push(span);
    return span;
  };
  try {
    for (const input of inputs) passes.push(await HeadPass.open(context, weights, input, count, task.signal));
    const [first] = passes;
    if (!first) throw new Error('no input');
    const numbers = inputs.map(() => emptyRows(count));
    const reduced = inputs.map(() => own(context.storage(first.rowsPerBlock * 4, 'row numbers')));
    const divergence = own(context.storage(first.rowsPerBlock, 'row divergence'));
    const span = excluded.length > 0 ? own(context.upload(Uint32Array.from(excluded), 'excluded tokens')) : null;
    const exclusion = span ? { span, count: excluded.length } : null;
    const kl = new Float32Array(inputs.length === 2 ? count : 0);
    for (let row0 = 0; row0 < count; row0 += first.rowsPerBlock) {
      task.signal.throwIfAborted();
      const blocks = passes.map((pass) => pass.block(row0, count));
      const rows = blocks[0]?.rows ?? 0;
      const blockTargets = context.upload(targets.subarray(row0, row0 + rows), 'targets');
      const batch = context.batch();
      const pairs = blocks.map(({ logits }, index) => ({ logits, rows: reduced[index] ?? divergence }));
      const size = { rows, V, stride: first.stride };
      for (const { logits, rows: result } of pairs) {
        reduceLogits(context, batch, logits, blockTargets, exclusion, result, size);
      }
      const [a, b] = pairs;
      if (a && b) divergeLogits(batch, a, b, divergence, size);
      batch.submit();
      blockTargets.buffer.destroy();
      for (const [index, pair] of pairs.entries()) {
        const values = await context.readFloat32({ ...pair.rows, size: rows * 16 });
        const into = numbers[index];
        for (let row = 0; into && row < rows; row++) {
          into.logSumExp[row0 + row] = values[row * 4] ?? 0;
          into.targetLogit[row0 + row] = values[row * 4 + 1] ?? 0;
          into.argmax[row0 + row] = values[row * 4 + 2] ?? 0;
        }
      }
      if (kl.length > 0) kl.set(await context.readFloat32({ ...divergence, size: rows * 4 }), row0);
    }
    return { rows: numbers, kl };
  } finally {
    for (const pass of passes) pass.close();
    for (const { buffer } of buffers) buffer.destroy();
  }
}
