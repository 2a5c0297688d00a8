/**
 * Least squares for what comes after the scores: W_O by ridge regression, and W_V together with it by turns.
 * Role: fits the converted layer's attention output to the original's on the text. The scores are scores.ts.
 */
import { Matrix } from 'ml-matrix';
import type { Batch } from '../../gpu/batch';
import type { Span } from '../../gpu/context';
import { blockAdd, blockDot } from '../../gpu/operations/blocks';
import { pad4 } from '../../gpu/operations/matrix';
import { transposedProduct } from '../../gpu/operations/transposedProduct';
import type { TaskContext } from '../../protocol/tasks';
import { pace } from '../pace';
import { takeColumns, transposed } from '../solve/blocks';
import { solvePositive } from '../solve/cholesky';
import type { LayerHeads } from '../solve/layerHeads';
import { conjugateGradients, type BlockSystem } from './conjugateGradients';
import { readHeadRows, uploadHeadRows } from './headRows';
import { inverseMoment, meanDiagonal } from './inverse';
import type { LayerText, Sharing, TextMaps } from './layerText';
import { HeadOperator } from './headOperator';
import { OutputReading } from './outputReading';

/** How W_V and W_O are fitted. */
export interface OutputSettings {
  /** Turns of both; 0 fits W_O alone. */
  turns: number;
  /** Steps of conjugate gradients on W_V a turn. */
  steps: number;
  /** Share of the mean diagonal that pulls W_O towards what it was. */
  outputRidge: number;
  /** Share of the mean curvature that pulls W_V towards what it was. */
  valueRidge: number;
}

export const usualOutputSettings: OutputSettings = { turns: 4, steps: 8, outputRidge: 1e-3, valueRidge: 1e-4 };

/** Share of the target's energy below which what is missing is the rounding of float32: fitting it would fit noise. */
export const roundingShare = 1e-9;

/** What the outputs are fitted on. */
export interface OutputFit {
  text: LayerText;
  /** [windows·S, pad4(D)] the original layer's attention output without its bias. */
  target: Span;
  /** What the converted layer attends to. */
  maps: TextMaps;
  /** E[z zᵀ] [W, W] of what its heads attend to. */
  attended: Float64Array;
  sharing: Sharing;
  settings: OutputSettings;
}

/** What heads see: values of `v` [G·K, W] through the maps, as [windows·S, H, pad4(K)]; the caller frees it. */
export function headOutputs(text: LayerText, maps: TextMaps, sharing: Sharing, v: Float64Array): Span {
  const { H, K, W } = text.sizes;
  const { G } = sharing;
  const weights = uploadHeadRows(text.context, v, { heads: G, K, W });
  const values = text.storage(text.keys.N * G * pad4(K), 'values');
  const out = text.storage(text.queries.N * H * pad4(K), 'head outputs');
  const batch = text.context.batch();
  text.keys.project(batch, weights, G, values);
  text.product(batch, maps, values, sharing, out);
  batch.submit();
  weights.buffer.destroy();
  text.free(values);
  return out;
}

/** [windows·S, pad4(D)] = F·Oᵀ for head outputs F and o [D, H·K]; the caller frees it. */
export function attentionOutput(text: LayerText, F: Span, o: Float64Array): Span {
  const reading = new OutputReading(text.context, o, text.sizes);
  const out = text.storage(text.queries.N * pad4(text.sizes.D), 'attention output');
  const batch = text.context.batch();
  reading.read(batch, F, out, text.queries.N);
  batch.submit();
  reading.destroy();
  return out;
}

/** `heads` with W_O refitted: O = (YᵀF + λO₀)(FᵀF + λI)⁻¹. */
export async function refitOutputs(
  { text, target, maps, sharing, settings }: Omit<OutputFit, 'attended'>,
  heads: LayerHeads,
  task: TaskContext,
): Promise<LayerHeads> {
  const { H, K, D } = text.sizes;
  const F = headOutputs(text, maps, sharing, heads.v);
  const [width, N] = [H * pad4(K), text.queries.N];
  const squares = text.storage(width * width, 'moment of head outputs');
  const products = text.storage(width * pad4(D), 'moment with targets');
  const batch = text.context.batch();
  transposedProduct(batch, F, F, squares, { rows: N, M: width, N: width, factor: 1 / N });
  transposedProduct(batch, F, target, products, { rows: N, M: width, N: pad4(D), factor: 1 / N });
  batch.submit();
  const [ff, fy] = [await text.context.readFloat32(squares), await text.context.readFloat32(products)];
  text.free(F, squares, products);

  const n = H * K;
  const place = (j: number): number => Math.floor(j / K) * pad4(K) + (j % K);
  const FF = new Float64Array(n * n);
  const right = new Float64Array(n * D);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) FF[i * n + j] = ff[place(i) * width + place(j)] ?? 0;
  const lambda = settings.outputRidge * meanDiagonal(FF, n) + 1e-30;
  for (let i = 0; i < n; i++) {
    FF[i * n + i] = (FF[i * n + i] ?? 0) + lambda;
    for (let d = 0; d < D; d++) {
      right[i * D + d] = (fy[place(i) * pad4(D) + d] ?? 0) + lambda * (heads.o[d * n + i] ?? 0);
    }
  }
  const solution = await solvePositive(FF, right, n, pace(task));
  return { ...heads, o: transposed(solution, n, D) };
}

/** `heads` with W_O fitted, and W_V with it by turns. */
export async function fitOutputs(fit: OutputFit, heads: LayerHeads, task: TaskContext): Promise<LayerHeads> {
  const { text, attended, settings } = fit;
  const { turns } = settings;
  if (turns === 0) return refitOutputs(fit, heads, task);
  const { W } = text.sizes;
  const inverse = await inverseMoment(attended, W, pace(task));
  const right = text.own(uploadHeadRows(text.context, inverse, { heads: 1, K: W, W }));
  let fitted = heads;
  if ((await missingShare(fit, heads)) < roundingShare) return heads;
  for (let turn = 0; turn < turns; turn++) {
    task.report('fitting values and outputs', turn / turns);
    fitted = await refitOutputs(fit, fitted, task);
    fitted = { ...fitted, v: await fitSharedValues(fit, fitted, right, meanDiagonal(attended, W), task) };
  }
  text.free(right);
  return refitOutputs(fit, fitted, task);
}

/** ‖Y − F·Oᵀ‖² / ‖Y‖². */
async function missingShare({ text, target, maps, sharing }: OutputFit, { v, o }: LayerHeads): Promise<number> {
  const { context } = text;
  const F = headOutputs(text, maps, sharing, v);
  const output = attentionOutput(text, F, o);
  const [ones, squares] = [context.upload(Float32Array.from([1]), 'one'), context.storage(1, 'squares')];
  const whole = { blocks: 1, length: text.queries.N * pad4(text.sizes.D) };
  const square = async (of: Span): Promise<number> => {
    const batch = context.batch();
    blockDot(batch, of, of, squares, whole);
    batch.submit();
    return (await context.readFloat32(squares))[0] ?? NaN;
  };
  try {
    const batch = context.batch();
    blockAdd(batch, output, target, { numerator: ones, denominator: ones }, -1, whole);
    batch.submit();
    return (await square(output)) / (await square(target));
  } finally {
    text.free(F, output);
    for (const { buffer } of [ones, squares]) buffer.destroy();
  }
}

/**
 * W_V [G·K, W] of all groups, given W_O: min Σ‖Y − Σ_h O_h V_g(h) z_h‖² with z_h what head h attends to.
 * @param inverse about E[z zᵀ]⁻¹ on the GPU
 * @param spread mean diagonal of E[z zᵀ]
 */
async function fitSharedValues(
  { text, target, maps, sharing, settings }: OutputFit,
  { o, v }: LayerHeads,
  inverse: Span,
  spread: number,
  task: TaskContext,
): Promise<Float64Array> {
  const { context, keys, queries } = text;
  const { H, K, D, W } = text.sizes;
  const { G } = sharing;
  const shape = { heads: G, K, W };
  const readers = readingOf(o, sharing, K, D);
  const ridge = (settings.valueRidge * spread * readers.reduce((sum, reader) => sum + reader.trace(), 0)) / (G * K);
  const left = new Float64Array(G * K * K);
  for (const [group, reader] of readers.entries()) {
    left.set(await inverseMoment(Float64Array.from(reader.to1DArray()), K, pace(task)), group * K * K);
  }
  const length = G * pad4(K) * pad4(W);
  const preconditioner = new HeadOperator(context, shape, left, inverse);
  const reading = new OutputReading(context, o, text.sizes);
  const weights = uploadHeadRows(context, v, shape);
  const residual = context.storage(length, 'value residual');
  const values = context.storage(keys.N * G * pad4(K), 'values');
  const seen = context.storage(queries.N * H * pad4(K), 'head outputs');
  const wanted = context.storage(queries.N * H * pad4(K), 'wanted of heads');
  /** Records in `wanted` what the output of some values is, as heads see it. */
  const forth = (batch: Batch, of: Span): void => {
    keys.project(batch, of, G, values);
    text.product(batch, maps, values, sharing, seen);
    reading.forthAndBack(batch, seen, wanted, queries.N);
  };
  /** Records to = sign · Σ over a group's heads of E[wanted ⊗ z] + keep · to. */
  const back = (batch: Batch, to: Span, sign: 1 | -1, keep: number): void => {
    text.transposedProduct(batch, maps, wanted, sharing, values);
    keys.gradient(batch, values, G, to, sign / queries.N, keep);
  };
  try {
    const batch = context.batch();
    reading.back(batch, target, wanted, queries.N);
    back(batch, residual, 1, 0);
    forth(batch, weights);
    back(batch, residual, -1, 1);
    batch.submit();
    const system: BlockSystem = {
      ...{ context, blocks: 1, length },
      apply: (recorded, of, to) => {
        forth(recorded, of);
        recorded.copy(of, to);
        back(recorded, to, 1, ridge);
      },
      precondition: (recorded, of, to) => preconditioner.apply(recorded, of, to),
    };
    await conjugateGradients(system, weights, residual, settings.steps, task);
    return await readHeadRows(context, weights, shape);
  } finally {
    preconditioner.destroy();
    reading.destroy();
    for (const { buffer } of [weights, residual, values, seen, wanted]) buffer.destroy();
  }
}

/** Σ_h∈g O_hᵀO_h of each group, for o [D, H·K]. */
function readingOf(o: Float64Array, { groupOfHead, G }: Sharing, K: number, D: number): Matrix[] {
  const sums = Array.from({ length: G }, () => Matrix.zeros(K, K));
  groupOfHead.forEach((group, head) => {
    const output = takeColumns(o, head, K, o.length / D);
    sums[group]?.add(output.transpose().mmul(output));
  });
  return sums;
}
