/**
 * Merges that are solved on a text: PCA in the text's own metric, W_O and W_V refitted to the original's outputs, and
 * W_Q and W_K to its scores.
 * Role: four entries of the merge registry, each one step further than the one before. The steps are in calibrated/.
 */
import { pad4 } from '../../gpu/operations/matrix';
import type { LayerCalibration } from '../../model/calibration';
import { GqaLensError } from '../../protocol/errors';
import type { TaskContext } from '../../protocol/tasks';
import { LayerText } from '../calibrated/layerText';
import { fitValues, refitOutputs, type OutputFit } from '../calibrated/outputs';
import { fitScores, scoreTarget } from '../calibrated/scores';
import { repeatForHeads } from '../calibrated/sharing';
import type { SolvedLayer, SolvingMerge, SourceLayer } from '../merge';
import { keyGauge, keyGaugeForbiddenBy } from '../solve/gauge';
import { membersOf, readLayerHeads, toWeights } from '../solve/layerHeads';
import { matrixMetric } from '../solve/metric';
import { LayerPca } from '../solve/pca';

/** How far a merge goes. */
interface Effort {
  /** Rounds of fitting W_Q and W_K to the scores. */
  scoreRounds: number;
  /** Turns of fitting W_V and W_O to the outputs; 0 with `refit` fits W_O alone. */
  valueTurns: number;
  refit: boolean;
}

function calibrated(info: Omit<SolvingMerge, 'kind' | 'solve' | 'turn' | 'needsText'>, effort: Effort): SolvingMerge {
  return {
    ...info,
    kind: 'solve',
    needsText: true,
    solve: (source, calibration, task) => {
      if (calibration === null) {
        throw new GqaLensError('conversion-invalid', `The merge "${info.id}" needs a text to be solved on`, {
          next: 'Give a calibration text, or choose a merge that needs no data.',
        });
      }
      return solve(source, calibration, effort, task);
    },
  };
}

async function solve(
  source: SourceLayer,
  calibration: LayerCalibration,
  { scoreRounds, valueTurns, refit }: Effort,
  task: TaskContext,
): Promise<SolvedLayer> {
  const { spec, layer, G, groupOfKvHead } = source;
  task.report('reading weights', 0);
  const original = await readLayerHeads(source, task.signal);
  const groups = membersOf(groupOfKvHead, G);
  const forbidden = keyGaugeForbiddenBy(spec);
  if (forbidden !== null) {
    throw new GqaLensError('conversion-invalid', `Queries and keys cannot be solved for: ${forbidden}`, {
      next: 'Choose a merge that needs no text: what may not be turned is pooled by its mean there.',
    });
  }
  const gauge = keyGauge(spec, layer);
  const text = new LayerText(calibration, spec, layer, original.W);
  try {
    const { N, H, K, D, W } = text.sizes;
    const kvHeadOfHead = Array.from({ length: H }, (_, head) => Math.floor(head / (H / spec.G)));
    const groupOfHead = kvHeadOfHead.map((kvHead) => groupOfKvHead[kvHead] ?? 0);
    const moment = await text.inputMoment();
    const metric = matrixMetric(moment, W);
    const setting = {
      gauge,
      queryMetric: metric,
      keyMetric: metric,
      valueMetric: metric,
      restoreKeys: 0,
      restoreValues: 0,
    };
    const target = scoreTarget(text, original.q, repeatForHeads(original.k, kvHeadOfHead, spec.G));

    task.report('sharing keys', 0);
    let heads = new LayerPca(original, setting).shareKeys(original, groups);
    if (scoreRounds > 0) {
      heads = await fitScores({ text, target, groupOfHead, gauge, moment }, heads, scoreRounds, task);
    }

    // What the original's attention puts out, and what the converted layer's heads attend to.
    const outputs = text.storage(N * pad4(D), 'original outputs');
    const headOutputs = text.storage(N * H * pad4(K), 'head outputs');
    const originally = await text.attendedInputs(target.queries, target.keys);
    text.headOutputs(originally, repeatForHeads(original.v, kvHeadOfHead, spec.G), headOutputs);
    text.outputs(headOutputs, original.o, outputs);
    text.free(...originally, headOutputs);
    const queries = text.storage(N * H * pad4(K), 'queries');
    const keys = text.storage(N * H * pad4(K), 'keys');
    text.project(heads.q, queries, true);
    text.project(repeatForHeads(heads.k, groupOfHead, G), keys, true);
    const attended = await text.attendedInputs(queries, keys);
    text.free(queries, keys);

    task.report('sharing values', 0);
    const valueMetric = matrixMetric(await text.moment(attended, pad4(W)), W);
    heads = new LayerPca(original, { ...setting, valueMetric }).shareValues(heads, groups);
    const fit: OutputFit = { text, target: outputs, attended, groupOfHead };
    if (valueTurns > 0) heads = await fitValues(fit, heads, valueTurns, task);
    else if (refit) heads = await refitOutputs(fit, heads);
    return toWeights(heads, source);
  } finally {
    text.destroy();
  }
}

/** PCA in the metric of the text. */
export const pcaText = calibrated(
  {
    id: 'pca-text',
    title: 'PCA on a text',
    description: 'PCA weighted by what a text does in the model, V by what heads attend to. Seconds.',
    source: 'Principal components in the metric E[xxᵀ]',
  },
  { scoreRounds: 0, valueTurns: 0, refit: false },
);

/** PCA, then ridge regression of W_O. */
export const pcaRefit = calibrated(
  {
    id: 'pca-refit',
    recommended: true,
    title: 'PCA + W_O refit',
    description:
      "PCA on a text, then W_O refitted to the original's attention output. Seconds; the choice with a text.",
    source: 'Ridge regression on activations',
  },
  { scoreRounds: 0, valueTurns: 0, refit: true },
);

/** PCA, then W_V and W_O by turns. */
export const pcaAls = calibrated(
  {
    id: 'pca-als',
    title: 'PCA + V least squares',
    description: 'PCA on a text, then W_V and W_O fitted by turns. Half a minute; helps at few groups.',
    source: 'Alternating least squares on activations',
  },
  { scoreRounds: 0, valueTurns: 4, refit: true },
);

/** Scores first, then values. */
export const scoreAls = calibrated(
  {
    id: 'score-als',
    title: 'Score + V least squares',
    description:
      'W_Q and W_K fitted to the attention scores, then W_V and W_O. Minutes: thorough, the best without training.',
    source: 'Alternating least squares of attention scores and outputs on activations',
  },
  { scoreRounds: 4, valueTurns: 4, refit: true },
);
