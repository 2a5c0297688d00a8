/**
 * Merges that are solved on a text: PCA in the text's own metric, W_O and W_V refitted to the original's outputs, and
 * W_Q and W_K to its scores.
 * Role: four entries of the merge registry, each one step further than the one before. The steps are in calibrated/.
 */
import { GqaLensError } from '../../protocol/errors';
import { usualAttentionSettings } from '../calibrated/attention';
import { usualOutputSettings } from '../calibrated/outputs';
import { usualScoreSettings } from '../calibrated/scores';
import { solveOnText, type Effort } from '../calibrated/solveLayer';
import type { SolvingMerge } from '../merge';

function calibrated(info: Omit<SolvingMerge, 'kind' | 'solve' | 'turn' | 'needsText'>, effort: Effort): SolvingMerge {
  return {
    ...info,
    kind: 'solve',
    needsText: true,
    turnsKeys: true,
    solve: (source, calibration, task) => {
      if (calibration === null) {
        throw new GqaLensError('conversion-invalid', `The merge "${info.id}" needs a text to be solved on`, {
          next: 'Give a calibration text, or choose a merge that needs no data.',
        });
      }
      return solveOnText(source, calibration, effort, task);
    },
  };
}

/** PCA in the metric of the text. */
export const pcaText = calibrated(
  {
    id: 'pca-text',
    title: 'PCA on a text',
    description: 'PCA weighted by what a text does in the model, V by what heads attend to. Seconds.',
    source: 'Principal components in the metric E[xxᵀ]',
  },
  { scores: null, outputs: null, attention: null },
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
  { scores: null, outputs: { ...usualOutputSettings, turns: 0 }, attention: null },
);

/** PCA, then W_V and W_O by turns. */
export const pcaAls = calibrated(
  {
    id: 'pca-als',
    title: 'PCA + V least squares',
    description: 'PCA on a text, then W_V and W_O fitted by turns. Half a minute; helps at few groups.',
    source: 'Alternating least squares on activations',
  },
  { scores: null, outputs: usualOutputSettings, attention: null },
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
  { scores: usualScoreSettings, outputs: usualOutputSettings, attention: null },
);

/** Scores, values, and then everything towards the outputs. */
export const attentionAls = calibrated(
  {
    id: 'attention-als',
    title: 'Attention least squares',
    description:
      "Score + V least squares, then all four projections fitted to the original's attention output. Minutes: the best without training.",
    source: 'Gauss-Newton through the softmax on activations, alternating with least squares of outputs',
  },
  { scores: usualScoreSettings, outputs: usualOutputSettings, attention: usualAttentionSettings },
);
