/**
 * Least squares for what comes after the scores: W_O by ridge regression, and W_V together with it by turns.
 * Role: fits the converted layer's attention output to the original's on the text. The scores are scores.ts.
 */
import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import type { Span } from '../../gpu/context';
import { pad4 } from '../../gpu/operations/matrix';
import type { TaskContext } from '../../protocol/tasks';
import { takeColumns } from '../solve/blocks';
import type { LayerHeads } from '../solve/layerHeads';
import { matrixMetric, type Metric } from '../solve/metric';
import { conjugateGradients } from './conjugateGradients';
import { inverseMoment } from './inverse';
import type { LayerText } from './layerText';
import { repeatForHeads, sumOverHeads } from './sharing';

/** Share of the mean diagonal that pulls W_O towards what it was. */
const outputRidge = 1e-3;
/** Share of the mean curvature that pulls W_V towards what it was. */
const valueRidge = 1e-4;
/** Steps of conjugate gradients on W_V a turn. */
const valueSteps = 8;

/** What the outputs are fitted on. */
export interface OutputFit {
  text: LayerText;
  /** [N, pad4(D)] the original layer's attention output without its bias. */
  target: Span;
  /** [H] of [N, pad4(W)]: what each head of the converted layer attends to. */
  attended: readonly Span[];
  /** [H] */
  groupOfHead: readonly number[];
}

/** `heads` with W_O refitted: O = (YᵀF + λO₀)(FᵀF + λI)⁻¹. */
export async function refitOutputs(fit: OutputFit, heads: LayerHeads): Promise<LayerHeads> {
  const { text, target, attended, groupOfHead } = fit;
  const { N, H, K, D } = text.sizes;
  const F = text.storage(N * H * pad4(K), 'head outputs');
  text.headOutputs(attended, repeatForHeads(heads.v, groupOfHead, heads.sizes.G), F);
  const { FF, FY } = await text.outputMoments(F, target);
  text.free(F);
  const width = H * K;
  const squares = Matrix.from1DArray(width, width, FF);
  const lambda = (outputRidge * squares.trace()) / width + 1e-30;
  const products = Matrix.from1DArray(width, D, FY);
  for (let j = 0; j < width; j++) {
    squares.set(j, j, squares.get(j, j) + lambda);
    for (let d = 0; d < D; d++) products.set(j, d, products.get(j, d) + lambda * (heads.o[d * width + j] ?? 0));
  }
  const solution = new CholeskyDecomposition(squares).solve(products);
  return { ...heads, o: Float64Array.from(solution.transpose().to1DArray()) };
}

/** `heads` with W_O and W_V fitted by turns. */
export async function fitValues(
  fit: OutputFit,
  heads: LayerHeads,
  turns: number,
  task: TaskContext,
): Promise<LayerHeads> {
  const { text, attended } = fit;
  const C = await text.moment(attended, pad4(text.sizes.W));
  const inverse = matrixMetric(inverseMoment(C, text.sizes.W), text.sizes.W);
  const spread =
    C.reduce((sum, value, index) => sum + (index % (text.sizes.W + 1) === 0 ? value : 0), 0) / text.sizes.W;
  let fitted = heads;
  for (let turn = 0; turn < turns; turn++) {
    task.report('fitting values and outputs', turn / turns);
    fitted = await refitOutputs(fit, fitted);
    fitted = await fitSharedValues(fit, fitted, inverse, spread, task);
  }
  return refitOutputs(fit, fitted);
}

/** W_V of all groups, given W_O: min Σ‖Y − Σ_h O_h V_g(h) z_h‖². */
async function fitSharedValues(
  { text, target, attended, groupOfHead }: OutputFit,
  heads: LayerHeads,
  inverse: Metric,
  spread: number,
  task: TaskContext,
): Promise<LayerHeads> {
  const { N, H, K, D, W } = text.sizes;
  const { G } = heads.sizes;
  const F = text.storage(N * H * pad4(K), 'head outputs');
  const E = text.storage(N * pad4(D), 'output errors');
  const readers = readingOf(heads, groupOfHead);
  const ridge = readers.map((reader) => (valueRidge * spread * reader.trace()) / K);
  const inverses = readers.map((reader) => Float64Array.from(inverseMoment(Float64Array.from(reader.to1DArray()), K)));
  /** Σ_h∈g E[(Oᵀe) ⊗ z] for the errors in E. */
  const gradient = async (): Promise<Float64Array> => {
    text.errorsOfHeads(E, heads.o, F);
    return sumOverHeads(await text.momentsWithAttended(F, attended), groupOfHead, G);
  };
  const residual = async (): Promise<Float64Array> => {
    text.headOutputs(attended, repeatForHeads(heads.v, groupOfHead, G), F);
    const batch = text.context.batch();
    batch.copy(target, E);
    batch.submit();
    text.outputs(
      F,
      heads.o.map((value) => -value),
      E,
      true,
    );
    return gradient();
  };
  const system = {
    blocks: 1,
    apply: async (vector: Float64Array): Promise<Float64Array> => {
      text.headOutputs(attended, repeatForHeads(vector, groupOfHead, G), F);
      text.outputs(F, heads.o, E);
      const image = await gradient();
      image.forEach((value, index) => {
        image[index] = value + (ridge[Math.floor(index / (K * W))] ?? 0) * (vector[index] ?? 0);
      });
      return image;
    },
    precondition: (vector: Float64Array): Float64Array => {
      const right = inverse.times(vector);
      const result = new Float64Array(vector.length);
      inverses.forEach((left, group) => {
        const start = group * K * W;
        for (let i = 0; i < K; i++) {
          for (let j = 0; j < K; j++) {
            const factor = left[i * K + j] ?? 0;
            const [to, from] = [start + i * W, start + j * W];
            for (let d = 0; d < W; d++) result[to + d] = (result[to + d] ?? 0) + factor * (right[from + d] ?? 0);
          }
        }
      });
      return result;
    },
  };
  const v = await conjugateGradients(system, heads.v, await residual(), valueSteps, task);
  text.free(F, E);
  return { ...heads, v };
}

/** Σ_h∈g O_hᵀO_h of each group. */
function readingOf({ o, sizes }: LayerHeads, groupOfHead: readonly number[]): Matrix[] {
  const { H, K, G } = sizes;
  const sums = Array.from({ length: G }, () => Matrix.zeros(K, K));
  groupOfHead.forEach((group, head) => {
    const output = takeColumns(o, head, K, H * K);
    sums[group]?.add(output.transpose().mmul(output));
  });
  return sums;
}
