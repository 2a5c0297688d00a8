/**
 * Score ALS: W_Q and the shared W_K fitted by turns, so that the converted layer's attention scores meet the original's.
 * Role: minimises, over heads and queries m, the variance of S̃ − S over the keys under ½ softmax(S) + ½ uniform. Quadratic
 * in each W_Q with K fixed, and in each group's W_K with its W_Q fixed. What scores are off by is gpu/kernels/scoreErrors.wgsl.
 */
import type { Batch } from '../../gpu/batch';
import type { Span } from '../../gpu/context';
import { pad4 } from '../../gpu/operations/matrix';
import { scoreErrors } from '../../gpu/operations/scores';
import type { TaskContext } from '../../protocol/tasks';
import type { Gauge } from '../solve/gauge';
import type { LayerHeads } from '../solve/layerHeads';
import { conjugateGradients, type BlockSystem } from './conjugateGradients';
import { meanDiagonal } from './inverse';
import type { LayerText, Projected, Sharing, TextMaps } from './layerText';
import { ScoreSides, type Side } from './scoreSides';

/** How scores are fitted. */
export interface ScoreSettings {
  /** Turns of both sides. */
  rounds: number;
  /** Steps of conjugate gradients on each side a round. */
  steps: number;
  /** Share of the mean curvature that pulls a side towards what it was. */
  ridge: number;
  /** Share of the softmax in the weights of keys; the rest is uniform. */
  share: number;
}

export const usualScoreSettings: ScoreSettings = { rounds: 4, steps: 10, ridge: 1e-3, share: 0.5 };

/** The scores to be met. */
export interface ScoreTarget extends Projected {
  /** KV heads in `keys`. */
  G: number;
  /** Their softmax. */
  maps: TextMaps;
}

/** `heads` with q and k fitted. */
export async function fitScores(
  text: LayerText,
  target: ScoreTarget,
  sharing: Sharing,
  gauge: Gauge,
  heads: LayerHeads,
  settings: ScoreSettings,
  task: TaskContext,
): Promise<LayerHeads> {
  const { rounds } = settings;
  const sides = new ScoreSides(text, sharing, gauge, heads);
  const errors = text.storage(text.numbersOfPiece, 'score errors');
  try {
    await sides.prepare(task);
    for (let round = 0; round < rounds; round++) {
      for (const side of ['q', 'k'] as const) {
        task.report('fitting attention scores', (round + (side === 'k' ? 0.5 : 0)) / rounds);
        await fitSide(sides, side, target, errors, settings, task);
      }
    }
    return { ...heads, ...(await sides.read()) };
  } finally {
    sides.destroy();
    text.free(errors);
  }
}

/**
 * Moves one side towards the least error, with the other fixed.
 * @param errors for the errors of the largest piece of maps
 */
async function fitSide(
  sides: ScoreSides,
  side: Side,
  target: ScoreTarget,
  errors: Span,
  { steps, ridge, share }: ScoreSettings,
  task: TaskContext,
): Promise<void> {
  const { text, sharing, weights } = sides;
  const { context } = text;
  const { heads, K, W } = sides.shape(side);
  /** Records the weighted errors of the scores, collected: of the scores alone, unless the target's are taken off. */
  const collect = (batch: Batch, of: Span, minus: ScoreTarget | null): void => {
    sides.project(batch, side, of);
    for (const piece of target.maps) {
      const shape = { ...text.windowsOf(piece), K, scale: text.scale, share };
      scoreErrors(batch, sides.scores, minus, sharing.readers, piece.span, errors, shape);
      sides.collect(batch, side, [{ ...piece, span: errors }]);
    }
  };
  const curvatures = await sides.curvatures(side);
  const mean = curvatures.reduce((sum, value) => sum + value, 0) / curvatures.length;
  const { values } = await sides.inputs(side).moment();
  const pull = ridge * mean * meanDiagonal(values, W);
  const preconditioner = sides.preconditioner(side, curvatures);
  const length = pad4(K) * pad4(W);
  const residual = context.storage(heads * length, 'score residual');
  try {
    const batch = context.batch();
    collect(batch, weights[side], target);
    sides.finish(batch, side, residual, -1);
    batch.submit();
    const system: BlockSystem = {
      context,
      blocks: heads,
      length,
      apply: (recorded, from, to) => {
        collect(recorded, from, null);
        recorded.copy(from, to);
        sides.finish(recorded, side, to, 1, pull);
      },
      precondition: (recorded, from, to) => preconditioner.apply(recorded, from, to),
    };
    await conjugateGradients(system, weights[side], residual, steps, task);
    // The other side is fitted to what this one has become.
    const last = context.batch();
    sides.project(last, side, weights[side]);
    last.submit();
  } finally {
    preconditioner.destroy();
    residual.buffer.destroy();
  }
}
