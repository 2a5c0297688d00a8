/**
 * Score ALS: W_Q and the shared W_K fitted by turns, so that the converted layer's attention scores meet the original's.
 * Role: minimises, over heads and queries m, the variance of S̃ − S over the keys under ½ softmax(S) + ½ uniform. Quadratic
 * in each W_Q with K fixed, and in each group's W_K with its W_Q fixed. The error's kernels are gpu/kernels/score*.wgsl.
 */
import type { Span } from '../../gpu/context';
import { pad4 } from '../../gpu/operations/matrix';
import { normaliseScores, scoreColumns, scoreRows, type ScoreTarget } from '../../gpu/operations/scores';
import type { TaskContext } from '../../protocol/tasks';
import type { Gauge } from '../solve/gauge';
import type { LayerHeads } from '../solve/layerHeads';
import { matrixMetric, type Metric } from '../solve/metric';
import { conjugateGradients } from './conjugateGradients';
import { inverseMoment } from './inverse';
import type { LayerText } from './layerText';
import { repeatForHeads, sumOverHeads } from './sharing';

/** Steps of conjugate gradients on each side a round. */
const steps = 10;
/** Share of the mean curvature that pulls a side towards what it was. */
const ridge = 1e-3;

/** The two sides of a score, by what is solved for. */
type Side = 'q' | 'k';

export interface ScoreFit {
  text: LayerText;
  target: ScoreTarget;
  /** [H] */
  groupOfHead: readonly number[];
  gauge: Gauge;
  /** E[x xᵀ] [W, W] */
  moment: Float64Array;
}

/** The original's rotated queries, keys (one a query head) and softmax normalisers on the text. */
export function scoreTarget(text: LayerText, q: Float64Array, keysOfHeads: Float64Array): ScoreTarget {
  const { N, H, K } = text.sizes;
  const queries = text.storage(N * H * pad4(K), 'original queries');
  const keys = text.storage(N * H * pad4(K), 'original keys');
  const normalisers = text.storage(N * H, 'normalisers');
  text.project(q, queries, true);
  text.project(keysOfHeads, keys, true);
  const batch = text.context.batch();
  normaliseScores(batch, queries, keys, normalisers, { ...text.sizes, scale: text.scale });
  batch.submit();
  return { queries, keys, normalisers };
}

/** `heads` with q and k fitted by `rounds` turns of both. */
export async function fitScores(
  fit: ScoreFit,
  heads: LayerHeads,
  rounds: number,
  task: TaskContext,
): Promise<LayerHeads> {
  const { text } = fit;
  const { N, H, K, W } = text.sizes;
  const C = matrixMetric(fit.moment, W);
  const inverse = matrixMetric(inverseMoment(fit.moment, W), W);
  const buffers = {
    queries: text.storage(N * H * pad4(K), 'queries'),
    keys: text.storage(N * H * pad4(K), 'keys'),
    gradient: text.storage(N * H * pad4(K), 'score gradient'),
    average: text.storage(N * H, 'score averages'),
  };
  let fitted = heads;
  for (let round = 0; round < rounds; round++) {
    for (const side of ['q', 'k'] as const) {
      task.report('fitting attention scores', (round + (side === 'k' ? 0.5 : 0)) / rounds);
      fitted = { ...fitted, [side]: await fitSide(fit, fitted, side, buffers, { C, inverse }, task) };
    }
  }
  text.free(...Object.values(buffers));
  return fitted;
}

interface Buffers {
  queries: Span;
  keys: Span;
  gradient: Span;
  average: Span;
}

async function fitSide(
  { text, target, groupOfHead, gauge }: ScoreFit,
  heads: LayerHeads,
  side: Side,
  { queries, keys, gradient, average }: Buffers,
  { C, inverse }: { C: Metric; inverse: Metric },
  task: TaskContext,
): Promise<Float64Array> {
  const { K, W } = text.sizes;
  const { G } = heads.sizes;
  const { context } = text;
  const shape = { ...text.sizes, scale: text.scale };
  const ofHeads = (weights: Float64Array): Float64Array =>
    side === 'q' ? weights : repeatForHeads(weights, groupOfHead, G);
  /** Half the error's gradient by `weights` (with the other side fixed); its linear part alone without `subtract`. */
  const gradientAt = async (weights: Float64Array, subtract: boolean): Promise<Float64Array> => {
    text.project(ofHeads(weights), side === 'q' ? queries : keys, true);
    const batch = context.batch();
    const scores = { queries, keys, subtract };
    scoreRows(batch, scores, target, average, side === 'q' ? gradient : null, context.nothing, shape);
    if (side === 'k') scoreColumns(batch, scores, target, average, gradient, shape);
    batch.submit();
    text.turnBack(gradient);
    const perHead = await text.momentWithInput(gradient);
    return side === 'q' ? perHead : sumOverHeads(perHead, groupOfHead, G);
  };

  if (side === 'q') text.project(repeatForHeads(heads.k, groupOfHead, G), keys, true);
  else text.project(heads.q, queries, true);
  const curvature = curvatures(heads, side, groupOfHead, gauge, C, text.scale);
  const spread = curvature.reduce((sum, value) => sum + value, 0) / curvature.length;
  const pull = ridge * spread * meanDiagonal(C, W);
  const current = heads[side];
  const residual = (await gradientAt(current, true)).map((value) => -value);
  const system = {
    blocks: current.length / (K * W),
    apply: async (vector: Float64Array): Promise<Float64Array> => {
      const image = await gradientAt(vector, false);
      return image.map((value, index) => value + pull * (vector[index] ?? 0));
    },
    precondition: (vector: Float64Array): Float64Array =>
      inverse.times(vector).map((value, index) => value / (curvature[Math.floor(index / W)] ?? 1)),
  };
  return conjugateGradients(system, current, residual, steps, task);
}

/** Of each row that is solved for: the energy of the fixed side in the row's plane, which is how curved the error is. */
function curvatures(
  { q, k, sizes, W }: LayerHeads,
  side: Side,
  groupOfHead: readonly number[],
  { planes }: Gauge,
  C: Metric,
  scale: number,
): Float64Array {
  const { K, G } = sizes;
  const fixed = side === 'q' ? k : q;
  const measured = C.times(fixed);
  const energies = Float64Array.from({ length: fixed.length / W }, (_, row) => {
    let sum = 0;
    for (let d = 0; d < W; d++) sum += (fixed[row * W + d] ?? 0) * (measured[row * W + d] ?? 0);
    return sum * scale ** 2;
  });
  for (let head = 0; head < energies.length / K; head++) {
    for (const [first, second] of planes) {
      const mean = ((energies[head * K + first] ?? 0) + (energies[head * K + second] ?? 0)) / 2;
      energies[head * K + first] = mean;
      energies[head * K + second] = mean;
    }
  }
  const result = side === 'q' ? repeatForHeads(energies, groupOfHead, G) : sumOverHeads(energies, groupOfHead, G);
  const floor = Math.max(...result) * 1e-6 + 1e-30;
  return result.map((value) => Math.max(value, floor));
}

function meanDiagonal(C: Metric, W: number): number {
  const unit = new Float64Array(W * W);
  for (let d = 0; d < W; d++) unit[d * W + d] = 1;
  const image = C.times(unit);
  let sum = 0;
  for (let d = 0; d < W; d++) sum += image[d * W + d] ?? 0;
  return sum / W;
}
