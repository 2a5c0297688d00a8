/**
 * One layer solved on a text, step by step: K shared by PCA, W_Q and W_K fitted to the original's scores, V shared by PCA, W_V
 * and W_O fitted to the original's outputs.
 * Role: the order of the steps, and what each is given. How far to go is the merge's choice (merges/calibrated.ts).
 */
import type { LayerCalibration } from '../../model/calibration';
import { groupOfHead } from '../../model/spec';
import { GqaLensError } from '../../protocol/errors';
import type { TaskContext } from '../../protocol/tasks';
import type { SolvedLayer, SourceLayer } from '../merge';
import { keyGauge, keyGaugeForbiddenBy } from '../solve/gauge';
import { membersOf, readLayerHeads, toWeights, type LayerHeads } from '../solve/layerHeads';
import { matrixMetric, type Metric } from '../solve/metric';
import { LayerPca } from '../solve/pca';
import { uploadHeadRows } from './headRows';
import { LayerText, type Projected, type Sharing } from './layerText';
import { attentionOutput, fitOutputs, headOutputs, type OutputSettings } from './outputs';
import { fitScores, type ScoreSettings } from './scores';
import type { TextSide } from './textSide';

/** How far a merge goes: what is fitted after the PCA of K, and after that of V. */
export interface Effort {
  scores: ScoreSettings | null;
  outputs: OutputSettings | null;
}

/** Solves a layer. @throws AbortError when cancelled; GqaLensError gpu-failed where the text does not fit on the GPU */
export async function solveOnText(
  source: SourceLayer,
  calibration: LayerCalibration,
  { scores: scoreSettings, outputs: settings }: Effort,
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
  const kvHeadOfHead = groupOfHead(spec, layer);
  const text = new LayerText(calibration, spec, layer, kvHeadOfHead, original.W);
  try {
    const own = text.sharing(kvHeadOfHead, original.sizes.G);
    const sharing = text.sharing(
      kvHeadOfHead.map((kvHead) => groupOfKvHead[kvHead] ?? 0),
      G,
    );
    const keyMetric = await metricOf(text, text.keys);
    const queryMetric = text.queries === text.keys ? keyMetric : await metricOf(text, text.queries);
    const setting = { gauge, queryMetric, keyMetric, valueMetric: keyMetric, restoreKeys: 0, restoreValues: 0 };

    const scores = project(text, original, own);
    const originalMaps = await text.maps(scores, own, task.signal);
    const seen = headOutputs(text, originalMaps, own, original.v);
    const target = attentionOutput(text, seen, original.o);
    text.free(seen);

    task.report('sharing keys', 0);
    let heads = new LayerPca(original, setting).shareKeys(original, groups);
    if (scoreSettings) {
      const wanted = { ...scores, G: own.G, maps: originalMaps };
      heads = await fitScores(text, wanted, sharing, gauge, heads, scoreSettings, task);
    }
    text.freeMaps(originalMaps);
    text.free(scores.queries, scores.keys);

    task.report('sharing values', 0);
    const converted = project(text, heads, sharing);
    const maps = await text.maps(converted, sharing, task.signal);
    text.free(converted.queries, converted.keys);
    const attendedMoment = await text.attendedMoment(maps, task.signal);
    const attended = await text.readMoment(attendedMoment);
    text.free(attendedMoment);
    const valueMetric = matrixMetric(attended, original.W);
    heads = new LayerPca(original, { ...setting, valueMetric }).shareValues(heads, groups);
    if (settings) heads = await fitOutputs({ text, target, maps, attended, sharing, settings }, heads, task);
    return toWeights(heads, source);
  } finally {
    text.destroy();
  }
}

/** E[x xᵀ] of a side's inputs. */
async function metricOf(text: LayerText, side: TextSide): Promise<Metric> {
  const moment = text.inputMoment(side);
  const values = await text.readMoment(moment);
  text.free(moment);
  return matrixMetric(values, text.sizes.W);
}

/** A layer's queries and keys on the text; the caller frees them. */
function project(text: LayerText, { q, k }: LayerHeads, sharing: Sharing): Projected {
  const { H, K, W } = text.sizes;
  const weights = [
    uploadHeadRows(text.context, q, { heads: H, K, W }),
    uploadHeadRows(text.context, k, { heads: sharing.G, K, W }),
  ] as const;
  const projected = text.projectBoth(...weights, sharing);
  for (const { buffer } of weights) buffer.destroy();
  return projected;
}
