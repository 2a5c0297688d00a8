/**
 * One side of a layer's attention on a text, on the GPU: the inputs that queries, or keys and values, are projected from, and
 * the positions that they are turned by.
 * Role: projections and their transposes. In cross-attention the two sides are different texts.
 */
import type { GpuContext, Span } from '../../gpu/context';
import { linear } from '../../gpu/operations/linear';
import { pad4 } from '../../gpu/operations/matrix';
import { rotaryTable, rotate, type RotaryTable } from '../../gpu/operations/rotary';
import { transposedProduct } from '../../gpu/operations/transposedProduct';
import type { Batch } from '../../gpu/batch';
import { frequenciesFor } from '../../model/rope';
import type { PositionSpec } from '../../model/spec';
import type { Breathe } from '../pace';
import { readHeadRows, uploadHeadRows, whole } from './headRows';
import { inverseMoment } from './inverse';

/** Inputs of D numbers and projections of W: D, or D + 1 with biases, whose input is 1. */
export interface SideShape {
  /** Tokens of a window. */
  length: number;
  D: number;
  W: number;
  K: number;
}

/** C = E[x xᵀ] of a side's inputs. */
export interface InputMoment {
  /** [W, W] */
  values: Float64Array;
  /** [pad4(W), pad4(W)] */
  span: Span;
}

export class TextSide {
  /** Tokens. */
  readonly N: number;
  /** [N, pad4(W)] */
  readonly x: Span;
  private readonly turns: { forth: RotaryTable; back: RotaryTable } | null;
  private known: InputMoment | null = null;
  private inverse: Span | null = null;

  /** @param x [N, D] normalised inputs, one window after the other */
  constructor(
    private readonly context: GpuContext,
    x: Float32Array,
    private readonly shape: SideShape,
    position: PositionSpec,
  ) {
    const { D, W, length } = shape;
    this.N = x.length / D;
    const width = pad4(W);
    const inputs = new Float32Array(this.N * width);
    for (let n = 0; n < this.N; n++) {
      inputs.set(x.subarray(n * D, (n + 1) * D), n * width);
      if (W > D) inputs[n * width + D] = 1;
    }
    this.x = context.upload(inputs, 'attention inputs');
    this.turns = position.kind === 'rotary' ? rotaryTables(context, position, this.N, length) : null;
  }

  destroy(): void {
    const tables = this.turns ? [this.turns.forth.span, this.turns.back.span] : [];
    for (const span of [this.x, this.known?.span, this.inverse, ...tables]) span?.buffer.destroy();
  }

  /** The second moment of the inputs: computed once, and kept. */
  async moment(): Promise<InputMoment> {
    if (this.known) return this.known;
    const { W } = this.shape;
    const width = pad4(W);
    const span = this.context.storage(width * width, 'second moment');
    const batch = this.context.batch();
    transposedProduct(batch, this.x, this.x, span, { rows: this.N, M: width, N: width, factor: 1 / this.N });
    batch.submit();
    this.known = { span, values: await readHeadRows(this.context, span, { heads: 1, K: W, W }) };
    return this.known;
  }

  /** About C⁻¹ [pad4(W), pad4(W)]: computed once, and kept. */
  async momentInverse(breathe: Breathe): Promise<Span> {
    if (this.inverse) return this.inverse;
    const { W } = this.shape;
    const { values } = await this.moment();
    const inverse = await inverseMoment(values, W, breathe);
    this.inverse ??= uploadHeadRows(this.context, inverse, { heads: 1, K: W, W });
    return this.inverse;
  }

  /** out[N, heads, pad4(K)] = x · weightsᵀ for weights [heads·pad4(K), pad4(W)]. */
  project(batch: Batch, weights: Span, heads: number, out: Span): void {
    const matrix = whole(weights, heads * pad4(this.shape.K), pad4(this.shape.W));
    linear(this.context, batch, this.x, matrix, out, this.N);
  }

  /** Turns [N, heads, pad4(K)] by position, in place; nothing where positions are not rotary. */
  turn(batch: Batch, projected: Span, heads: number): void {
    if (this.turns) this.rotate(batch, projected, this.turns.forth, heads);
  }

  /** The transpose of `turn`. */
  turnBack(batch: Batch, projected: Span, heads: number): void {
    if (this.turns) this.rotate(batch, projected, this.turns.back, heads);
  }

  /** out[heads·pad4(K), pad4(W)] = factor · aᵀ·x + keep · out for a [N, heads, pad4(K)]: the transpose of `project`. */
  gradient(batch: Batch, a: Span, heads: number, out: Span, factor: number, keep = 0): void {
    const M = heads * pad4(this.shape.K);
    transposedProduct(batch, a, this.x, out, { rows: this.N, M, N: pad4(this.shape.W), factor, keep });
  }

  private rotate(batch: Batch, projected: Span, table: RotaryTable, heads: number): void {
    rotate(batch, projected, table, { S: this.N, heads, stride: pad4(this.shape.K) });
  }
}

function rotaryTables(
  context: GpuContext,
  position: Extract<PositionSpec, { kind: 'rotary' }>,
  N: number,
  length: number,
): { forth: RotaryTable; back: RotaryTable } {
  const frequencies = frequenciesFor(position, length);
  const planes = frequencies.length;
  const window = rotaryTable(frequencies, 0, length, position.scale);
  const forth = new Float32Array(N * planes * 2);
  for (let start = 0; start < N; start += length) forth.set(window, start * planes * 2);
  // The transpose of the turn: the sine's sign changes, a scale on both stays.
  const back = forth.map((value, index) => (index % 2 === 1 ? -value : value));
  const table = (data: Float32Array): RotaryTable => ({
    span: context.upload(data, 'rotary table'),
    planes,
    layout: position.layout,
  });
  return { forth: table(forth), back: table(back) };
}
