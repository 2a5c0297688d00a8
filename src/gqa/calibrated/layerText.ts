/**
 * A layer's attention on the calibration text, on the GPU, head by head: projections, attention, second moments.
 * Role: the products that least squares on a text are made of. What is solved with them is in the other files of this
 * folder. Every query head has K and V rows of its own here; sharing is the solver's business.
 */
import type { GpuContext, Span } from '../../gpu/context';
import { attentionMaps } from '../../gpu/operations/attention';
import { uploadChosenHeads } from '../../gpu/operations/headGroups';
import { linear } from '../../gpu/operations/linear';
import { pad4, type GpuMatrix } from '../../gpu/operations/matrix';
import { rotaryTable, rotate, type RotaryTable } from '../../gpu/operations/rotary';
import { transposedProduct } from '../../gpu/operations/transposedProduct';
import type { LayerCalibration } from '../../model/calibration';
import { padMatrix } from '../../model/gpuWeights';
import { frequenciesFor } from '../../model/rope';
import { layerOf, positionOf, type ModelSpec } from '../../model/spec';
import { GqaLensError } from '../../protocol/errors';

/** Windows must start at offsets that WebGPU can bind. */
export const windowMultiple = 16;

/** Sizes of one layer on the text: N tokens in windows of T, H heads of K, inputs of W numbers (D, and 1 for biases). */
export interface TextSizes {
  N: number;
  T: number;
  H: number;
  K: number;
  D: number;
  W: number;
}

export class LayerText {
  readonly context: GpuContext;
  readonly sizes: TextSizes;
  readonly scale: number;
  /** [N, pad4(W)] */
  private readonly x: Span;
  /** [windows] of [pad4(W), T] */
  private readonly transposedWindows: readonly Span[];
  private readonly turns: { forth: RotaryTable; back: RotaryTable } | null;
  private readonly owned: Span[] = [];

  /** @param layer decides the attention scale and the position */
  constructor({ context, x, N, T }: LayerCalibration, spec: ModelSpec, layer: number, W: number) {
    if (T % windowMultiple !== 0) {
      throw new GqaLensError('input-invalid', 'Windows of the calibration text have an odd length', {
        expected: `a multiple of ${windowMultiple} tokens`,
        found: `${T} tokens`,
        next: 'Use a longer text.',
      });
    }
    const { H, K, D } = spec;
    this.context = context;
    this.sizes = { N, T, H, K, D, W };
    this.scale = layerOf(spec, layer).scale;
    const width = pad4(W);
    const inputs = new Float32Array(N * width);
    for (let n = 0; n < N; n++) {
      inputs.set(x.subarray(n * D, (n + 1) * D), n * width);
      if (W > D) inputs[n * width + D] = 1;
    }
    this.x = this.own(context.upload(inputs, 'attention inputs'));
    this.transposedWindows = Array.from({ length: N / T }, (_, window) => {
      const turned = new Float32Array(width * T);
      for (let t = 0; t < T; t++) {
        for (let d = 0; d < width; d++) turned[d * T + t] = inputs[(window * T + t) * width + d] ?? 0;
      }
      return this.own(context.upload(turned, 'attention inputs of a window'));
    });
    this.turns = this.rotaryTables(spec, layer);
  }

  /** Frees everything this object made, and what callers got from it. */
  destroy(): void {
    for (const { buffer } of this.owned) buffer.destroy();
  }

  /** A buffer of `count` numbers that lives as long as this object, unless freed before. */
  storage(count: number, label: string): Span {
    return this.own(this.context.storage(count, label));
  }

  free(...spans: readonly Span[]): void {
    for (const span of spans) {
      span.buffer.destroy();
      this.owned.splice(this.owned.indexOf(span), 1);
    }
  }

  /** out[N, H, pad4(K)] = x · weightsᵀ for weights [H·K, W], rotated by position if wanted. */
  project(weights: Float64Array, out: Span, rotated: boolean): void {
    const { N, H, K } = this.sizes;
    const matrix = this.upload(weights, H);
    const batch = this.context.batch();
    linear(this.context, batch, this.x, matrix, out, N);
    if (rotated && this.turns) rotate(batch, out, this.turns.forth, { S: N, heads: H, stride: pad4(K) });
    batch.submit();
    release(matrix);
  }

  /** Rotates [N, H, pad4(K)] back by position, in place. */
  turnBack(span: Span): void {
    if (!this.turns) return;
    const batch = this.context.batch();
    rotate(batch, span, this.turns.back, { S: this.sizes.N, heads: this.sizes.H, stride: pad4(this.sizes.K) });
    batch.submit();
  }

  /** E[a ⊗ x] = aᵀx / N for a [N, H, pad4(K)], read back as [H·K, W]. */
  async momentWithInput(a: Span): Promise<Float64Array> {
    const { N, H, K, W } = this.sizes;
    const width = H * pad4(K);
    const out = this.storage(width * pad4(W), 'moment');
    const batch = this.context.batch();
    transposedProduct(batch, a, this.x, out, { rows: N, M: width, N: pad4(W), stride: width });
    batch.submit();
    const values = await this.context.readFloat32(out);
    this.free(out);
    return this.unpad(values, H, 1 / N);
  }

  /** E[x xᵀ] [W, W]. */
  async inputMoment(): Promise<Float64Array> {
    return this.moment([this.x], pad4(this.sizes.W));
  }

  /** Mean over heads of E[z zᵀ] [W, W] for inputs [N, pad4(W)] a head. */
  async moment(inputs: readonly Span[], stride: number): Promise<Float64Array> {
    const { N, W } = this.sizes;
    const out = this.storage(stride * stride, 'second moment');
    const batch = this.context.batch();
    inputs.forEach((input, index) => {
      const shape = { rows: N, M: stride, N: stride, stride, accumulate: index > 0 };
      transposedProduct(batch, input, input, out, shape);
    });
    batch.submit();
    const values = await this.context.readFloat32(out);
    this.free(out);
    return Float64Array.from({ length: W * W }, (_, index) => {
      const [row, column] = [Math.floor(index / W), index % W];
      return (values[row * stride + column] ?? 0) / (N * inputs.length);
    });
  }

  /**
   * What each head attends to: z_h[m] = Σ_n p_h(m, n)·x[n] for rotated queries and keys [N, H, pad4(K)].
   * @returns [H] of [N, pad4(W)]; free them when they are used up
   */
  async attendedInputs(queries: Span, keys: Span): Promise<Span[]> {
    const { N, T, H, K, W } = this.sizes;
    const width = pad4(W);
    const result = Array.from({ length: H }, (_, head) => this.storage(N * width, `attended inputs of head ${head}`));
    const maps = this.storage(H * T * T, 'maps');
    const heads = Array.from({ length: H }, (_, head) => head);
    // Every head has keys of its own here.
    const chosen = uploadChosenHeads(this.context, heads, heads, H);
    this.own(chosen.span);
    const bytes = T * H * pad4(K) * 4;
    for (let window = 0; window < N / T; window++) {
      const part = (span: Span): Span => ({ buffer: span.buffer, offset: window * bytes, size: bytes });
      const shape = { S: T, T, past: 0, K, scale: this.scale, causal: true, bias: null };
      const batch = this.context.batch();
      attentionMaps(this.context, batch, part(queries), part(keys), chosen, maps, { row0: 0, rows: T }, shape);
      const transposed = this.transposedWindows[window];
      result.forEach((out, head) => {
        if (!transposed) return;
        const matrix = whole(transposed, width, T);
        const map = { buffer: maps.buffer, offset: head * T * T * 4, size: T * T * 4 };
        linear(this.context, batch, map, matrix, out, T, { row0: window * T });
      });
      batch.submit();
      await this.context.settled();
    }
    this.free(maps, chosen.span);
    return result;
  }

  /** out[N, H, pad4(K)] = z_h · V_hᵀ: head outputs for V weights [H·K, W] (a shared head repeated for its readers). */
  headOutputs(attended: readonly Span[], values: Float64Array, out: Span): void {
    const { N, K, H, W } = this.sizes;
    const batch = this.context.batch();
    const parts = attended.map((input, head) => {
      const block = Float32Array.from(values.subarray(head * K * W, (head + 1) * K * W));
      const padded = padMatrix(block, { blocks: 1, size: K }, { blocks: 1, size: W });
      const span = this.context.upload(padded, 'values of a head');
      const matrix = { rows: H * pad4(K), columns: pad4(W), parts: [{ span, row0: head * pad4(K), rows: pad4(K) }] };
      linear(this.context, batch, input, matrix, out, N);
      return span;
    });
    batch.submit();
    for (const { buffer } of parts) buffer.destroy();
  }

  /** out[N, pad4(D)] (+)= F·Oᵀ for head outputs F [N, H, pad4(K)] and O [D, H·K]. */
  outputs(headOutputs: Span, O: Float64Array, out: Span, accumulate = false): void {
    const { N, H, K, D } = this.sizes;
    const data = padMatrix(Float32Array.from(O), { blocks: 1, size: D }, { blocks: H, size: K });
    const span = this.context.upload(data, 'output projection');
    const batch = this.context.batch();
    linear(this.context, batch, headOutputs, whole(span, pad4(D), H * pad4(K)), out, N, { accumulate });
    batch.submit();
    span.buffer.destroy();
  }

  /** out[N, H, pad4(K)] = E·O for errors E [N, pad4(D)]: how an error of the output looks to each head. */
  errorsOfHeads(errors: Span, O: Float64Array, out: Span): void {
    const { N, H, K, D } = this.sizes;
    const turned = new Float32Array(H * K * D);
    for (let d = 0; d < D; d++) for (let j = 0; j < H * K; j++) turned[j * D + d] = O[d * H * K + j] ?? 0;
    const span = this.context.upload(
      padMatrix(turned, { blocks: H, size: K }, { blocks: 1, size: D }),
      'output projection',
    );
    const batch = this.context.batch();
    linear(this.context, batch, errors, whole(span, H * pad4(K), pad4(D)), out, N);
    batch.submit();
    span.buffer.destroy();
  }

  /** E[a_h ⊗ z_h] of each head, read back as [H·K, W], for a [N, H, pad4(K)] and inputs z [H] of [N, pad4(W)]. */
  async momentsWithAttended(a: Span, attended: readonly Span[]): Promise<Float64Array> {
    const { N, H, K, W } = this.sizes;
    const height = pad4(K);
    const out = this.storage(H * height * pad4(W), 'moments');
    const batch = this.context.batch();
    attended.forEach((input, head) => {
      const place = { column: head * height, outRow: head * height };
      transposedProduct(batch, a, input, out, { rows: N, M: height, N: pad4(W), stride: H * height, ...place });
    });
    batch.submit();
    const values = await this.context.readFloat32(out);
    this.free(out);
    return this.unpad(values, H, 1 / N);
  }

  /** E[FᵀF] [H·K, H·K] and E[FᵀY] [H·K, D] for head outputs F [N, H, pad4(K)] and targets Y [N, pad4(D)]. */
  async outputMoments(F: Span, Y: Span): Promise<{ FF: Float64Array; FY: Float64Array }> {
    const { N, H, K, D } = this.sizes;
    const width = H * pad4(K);
    const squares = this.storage(width * width, 'moment of head outputs');
    const products = this.storage(width * pad4(D), 'moment with targets');
    const batch = this.context.batch();
    transposedProduct(batch, F, F, squares, { rows: N, M: width, N: width, stride: width });
    transposedProduct(batch, F, Y, products, { rows: N, M: width, N: pad4(D), stride: width });
    batch.submit();
    const [ff, fy] = [await this.context.readFloat32(squares), await this.context.readFloat32(products)];
    this.free(squares, products);
    const place = (j: number): number => Math.floor(j / K) * pad4(K) + (j % K);
    const FF = new Float64Array((H * K) ** 2);
    const FY = new Float64Array(H * K * D);
    for (let i = 0; i < H * K; i++) {
      for (let j = 0; j < H * K; j++) FF[i * H * K + j] = (ff[place(i) * width + place(j)] ?? 0) / N;
      for (let d = 0; d < D; d++) FY[i * D + d] = (fy[place(i) * pad4(D) + d] ?? 0) / N;
    }
    return { FF, FY };
  }

  /** A projection [H·K, W] on the GPU. */
  private upload(weights: Float64Array, H: number): GpuMatrix {
    const { K, W } = this.sizes;
    const data = padMatrix(Float32Array.from(weights), { blocks: H, size: K }, { blocks: 1, size: W });
    return whole(this.context.upload(data, 'projection'), H * pad4(K), pad4(W));
  }

  /** [H·pad4(K), pad4(W)] to [H·K, W] times `factor`. */
  private unpad(values: Float32Array, H: number, factor: number): Float64Array {
    const { K, W } = this.sizes;
    const [height, width] = [pad4(K), pad4(W)];
    const result = new Float64Array(H * K * W);
    for (let row = 0; row < H * K; row++) {
      const from = (Math.floor(row / K) * height + (row % K)) * width;
      for (let d = 0; d < W; d++) result[row * W + d] = (values[from + d] ?? 0) * factor;
    }
    return result;
  }

  private rotaryTables(spec: ModelSpec, layer: number): LayerText['turns'] {
    const position = positionOf(spec, layer);
    if (position.kind !== 'rotary') return null;
    const { layout, scale } = position;
    const { N, T } = this.sizes;
    const frequencies = frequenciesFor(position, T);
    const planes = frequencies.length;
    const window = rotaryTable(frequencies, 0, T, scale);
    const forth = new Float32Array(N * planes * 2);
    for (let start = 0; start < N; start += T) forth.set(window, start * planes * 2);
    // The transpose of the turn: the sine's sign changes, a scale on both stays.
    const back = forth.map((value, index) => (index % 2 === 1 ? -value : value));
    const table = (data: Float32Array): RotaryTable => ({
      span: this.own(this.context.upload(data, 'rotary table')),
      planes,
      layout,
    });
    return { forth: table(forth), back: table(back) };
  }

  private own(span: Span): Span {
    this.owned.push(span);
    return span;
  }
}

/** A matrix of one part. */
export function whole(span: Span, rows: number, columns: number): GpuMatrix {
  return { rows, columns, parts: [{ span, row0: 0, rows }] };
}

function release({ parts }: GpuMatrix): void {
  for (const { span } of parts) span.buffer.destroy();
}
