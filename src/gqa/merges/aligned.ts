/**
 * Means of heads that were turned towards each other first, and means rescaled to the members' size.
 * Role: three entries of the merge registry. The turning is solve/align.ts; that it leaves the model's function alone is
 * checked on logits when a conversion is prepared.
 */
import type { SolvedLayer, SolvingMerge, SourceLayer } from '../merge';
import { alignLayer } from '../solve/align';
import { keyGauge } from '../solve/gauge';
import { poolGroups } from '../solve/groupMean';
import { membersOf, readLayerHeads, toWeights } from '../solve/layerHeads';

/** The layer with aligned heads, before anything is pooled: the same function. */
async function turn(source: SourceLayer, signal: AbortSignal): Promise<SolvedLayer> {
  const heads = await readLayerHeads(source, signal);
  const groups = membersOf(source.groupOfKvHead, source.G);
  return toWeights(alignLayer(heads, groups, keyGauge(source.spec, source.layer)), source);
}

async function pool(source: SourceLayer, signal: AbortSignal, renormalise: boolean): Promise<SolvedLayer> {
  const heads = await readLayerHeads(source, signal);
  const groups = membersOf(source.groupOfKvHead, source.G);
  return toWeights(poolGroups(heads, groups, keyGauge(source.spec, source.layer), renormalise), source);
}

/** The mean, rescaled. */
export const renormalised: SolvingMerge = {
  kind: 'solve',
  id: 'renormalised',
  title: 'Renormalised mean',
  description:
    "The mean, rescaled to the members' mean norm: undoes the shrinking, not the clash of bases. Needs no data.",
  source: 'METHODS of this project; per rotary plane for K, as a block for V',
  solve: (source, _calibration, task) => pool(source, task.signal, true),
};

/** The mean of aligned heads. */
export const aligned: SolvingMerge = {
  kind: 'solve',
  id: 'aligned',
  title: 'Aligned mean',
  description:
    'The mean after turning each head towards the others without changing the model. Needs no data, under a second.',
  source: 'Generalised Procrustes (Gower 1975), per rotary plane for K',
  turnsKeys: true,
  turn: (source, task) => turn(source, task.signal),
  solve: (source, _calibration, task) => pool(source, task.signal, false),
};

/** The mean of aligned heads, rescaled. */
export const alignedRenormalised: SolvingMerge = {
  kind: 'solve',
  id: 'aligned-renormalised',
  title: 'Aligned mean, renormalised',
  description:
    "The aligned mean, rescaled to the members' mean norm: about half of what the plain mean loses. Needs no data.",
  source: 'Generalised Procrustes (Gower 1975), per rotary plane for K',
  turnsKeys: true,
  turn: (source, task) => turn(source, task.signal),
  solve: (source, _calibration, task) => pool(source, task.signal, true),
};
