/**
 * The output head: from rows of a residual stream to logits, a block of rows at a time, so that S·V floats never exist at once.
 * Role: one pass over rows on the GPU. Whole logits are logits.ts, numbers about rows are rowNumbers.ts.
 */
import type { Batch } from '../gpu/batch';
import type { GpuContext, Span } from '../gpu/context';
import { linear } from '../gpu/operations/linear';
import { pad4 } from '../gpu/operations/matrix';
import { activate, softcap } from '../gpu/operations/mlp';
import { normalise } from '../gpu/operations/norm';
import type { GpuWeights } from './gpuWeights';
import { leaseGlobals, type LeasedWeights } from './layerWeights';
import type { ModelSpec } from './spec';
import type { WeightSource } from './weightSource';

/** Bytes of logits made at once. */
const blockBytes = 32 * 1024 * 1024;

/** The residual stream that logits are made from. */
export interface HeadInput {
  source: WeightSource;
  /** [rows, pad4(D)] before the final norm. */
  output: Span;
}

/** Some rows of logits, until the next block is asked for. */
export interface LogitBlock {
  row0: number;
  rows: number;
  /** [rows, stride], the first V of each row real. */
  logits: Span;
  stride: number;
}

/** Makes logits of rows [first, end) block by block. */
export class HeadPass {
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

  block(row0: number, end: number): LogitBlock {
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
export function readFinal(
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
