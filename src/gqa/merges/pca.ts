/**
 * PCA: for each group the shared K and V that lose least of what the members' queries and outputs read.
 * Role: the data-free entry of the merge registry. The solution is solve/pca.ts; the same on a text is calibrated.ts.
 */
import type { SolvingMerge } from '../merge';
import { keyGauge } from '../solve/gauge';
import { readNormMetric, type AttentionSide } from '../solve/layerMetric';
import { membersOf, readLayerHeads, toWeights } from '../solve/layerHeads';
import type { Metric } from '../solve/metric';
import { LayerPca } from '../solve/pca';

/** PCA in the metric of the norm's gain; half of K's lost energy is given back and all of V's. */
export const pca: SolvingMerge = {
  kind: 'solve',
  id: 'pca',
  recommended: true,
  title: 'PCA',
  description:
    'The shared head that keeps most of what the queries and outputs read. Needs no data, takes seconds: the best there is without a text.',
  source: 'Low-rank approximation per rotary plane (Eckart and Young 1936), metric diag(gain²)',
  turnsKeys: true,
  solve: async (source, _calibration, task) => {
    const heads = await readLayerHeads(source, task.signal);
    const metric = (side: AttentionSide): Promise<Metric> =>
      readNormMetric(source.weights, source.layer, side, heads.W, task.signal);
    const keyMetric = await metric('keys');
    const solution = new LayerPca(heads, {
      gauge: keyGauge(source.spec, source.layer),
      queryMetric: await metric('queries'),
      keyMetric,
      valueMetric: keyMetric,
      restoreKeys: 0.5,
      restoreValues: 1,
    });
    return toWeights(solution.solve(membersOf(source.groupOfKvHead, source.G)), source);
  },
};
