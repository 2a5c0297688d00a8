/**
 * One layer solved on a text, step by step: K shared by PCA, W_Q and W_K fitted to the original's scores, V shared by PCA, W_V
 * and W_O fitted to the original's outputs, then all four.
 * Role: the order of the steps, and what each is given. How far to go is the merge's choice (merges/calibrated.ts).
 */
import type { LayerCalibration } from '../../model/calibration';
import { groupOfHead } from '../../model/specFacts';
import type { TaskContext } from '../../protocol/tasks';
import type { SolvedLayer, SourceLayer } from '../merge';
import { keyGauge, keyGaugeForbiddenBy } from '../solve/gauge';
import { membersOf, readLayerHeads, toWeights, type LayerHeads } from '../solve/layerHeads';
import { matrixMetric } from '../solve/metric';
import { LayerPca } from '../solve/pca';
import { attendedMoment } from './attendedMoment';
import { fitAttention, type AttentionSettings } from './attention';
import { readHeadNorms, type HeadNorms } from './headNorms';
import { uploadHeadRows } from './headRows';
import { LayerText, type Projected, type Sharing, type TextMaps } from './layerText';
import { attentionOutput, fitOutputs, headOutputs, type OutputSettings } from './outputs';
import { fitScores, type ScoreSettings } from './scores';

/** How far a merge goes: what is fitted after the PCA of K, and after that of V. */
export interface Effort {
  scores: ScoreSettings | null;
  outputs: OutputSettings | null;
  /** Only after outputs. */
  attention: AttentionSettings | null;
}

/** Solves a layer. @throws AbortError when cancelled; GqaLensError gpu-failed where the text does not fit on the GPU */
export async function solveOnText(
  source: SourceLayer,
  calibration: LayerCalibration,
  effort: Effort,
  task: TaskContext,
): Promise<SolvedLayer> {
  const { spec, layer, G, groupOfKvHead } = source;
  task.report('reading weights', 0);
  const original = await readLayerHeads(source, task.signal);
  const groups = membersOf(groupOfKvHead, G);
  // Keys that may not be turned are pooled by their mean and queries stay: values and outputs are solved for alone.
  const { outputs, scores, attention } =
    keyGaugeForbiddenBy(spec) === null ? effort : { ...effort, scores: null, attention: null };
  const gauge = keyGauge(spec, layer);
  const kvHeadOfHead = groupOfHead(spec, layer);
  const text = new LayerText(calibration, spec, layer, kvHeadOfHead, original.W);
  try {
    const norms = (pooled: boolean): Promise<HeadNorms | null> =>
      readHeadNorms(text.context, source, pooled, (span) => text.own(span), task.signal);
    const own = text.sharing(kvHeadOfHead, original.sizes.G, await norms(false));
    const sharing = text.sharing(
      kvHeadOfHead.map((kvHead) => groupOfKvHead[kvHead] ?? 0),
      G,
      await norms(true),
    );
    const keyMetric = matrixMetric((await text.keys.moment()).values, original.W);
    const queryMetric = matrixMetric((await text.queries.moment()).values, original.W);
    const setting = { gauge, queryMetric, keyMetric, valueMetric: keyMetric, restoreKeys: 0, restoreValues: 0 };

    const originally = project(text, original, own);
    const originalMaps = await text.maps(originally, own, task.signal);
    const seen = headOutputs(text, originalMaps, own, original.v);
    const target = attentionOutput(text, seen, original.o);
    text.free(seen);

    task.report('sharing keys', 0);
    let heads = new LayerPca(original, setting).shareKeys(original, groups);
    if (scores) {
      const wanted = { ...originally, G: own.G, maps: originalMaps };
      heads = await fitScores(text, wanted, sharing, gauge, heads, scores, task);
    }
    text.freeMaps(originalMaps);
    text.free(originally.queries, originally.keys);

    task.report('sharing values', 0);
    const maps = await mapsOf(text, heads, sharing, task.signal);
    const attended = await attendedMoment(text, maps, task.signal);
    const valueMetric = matrixMetric(attended, original.W);
    heads = new LayerPca(original, { ...setting, valueMetric }).shareValues(heads, groups);
    if (outputs) heads = await fitOutputs({ text, target, maps, attended, sharing, settings: outputs }, heads, task);
    text.freeMaps(maps);
    for (let round = 0; outputs && attention && round < attention.rounds; round++) {
      task.report('fitting attention', round / attention.rounds);
      heads = await fitAttention(text, target, sharing, gauge, heads, attention, task);
      const maps = await mapsOf(text, heads, sharing, task.signal);
      const settings = { ...outputs, turns: 1 };
      heads = await fitOutputs({ text, target, maps, attended, sharing, settings }, heads, task);
      text.freeMaps(maps);
    }
    return toWeights(heads, source);
  } finally {
    text.destroy();
  }
}

/** What a layer's heads attend to on the text; the caller frees it. */
async function mapsOf(text: LayerText, heads: LayerHeads, sharing: Sharing, signal: AbortSignal): Promise<TextMaps> {
  const { queries, keys } = project(text, heads, sharing);
  const maps = await text.maps({ queries, keys }, sharing, signal);
  text.free(queries, keys);
  return maps;
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
