/**
 * Heads share that lose least by sharing: groups by PCA's unexplained share of K and V, by weights or by a text.
 * Role: two entries of the grouping registry. The loss of a set is similarities/pca.ts, the search is partition.ts.
 * Source: METHODS "Grouping"; CALIBRATED found PCA's residual the best guide among the similarities it tried.
 */
import { layerInputs } from '../../model/calibration';
import { cpuGram } from '../gram';
import type { GroupingLayer, GroupingMethod } from '../grouping';
import { headSetting, readCompared } from '../headSimilarity';
import { inputMoments, type InputMoments } from '../inputMetric';
import { pace } from '../pace';
import { pca, sharedEnergy } from '../similarities/pca';
import { divide, setsToTry, type SetCost } from './partition';

/** Multiplications of a layer's eigenvalue problems up to which whole sets are compared: some ten seconds. */
const mostWork = 1e10;

export const similarity: GroupingMethod = {
  id: 'similarity',
  title: 'Similarity',
  description:
    'Equal groups that lose least by sharing, layer by layer, judged by the weights. Needs no data; seconds, minutes for large models.',
  source: 'PCA residual of K and V; exact search, or greedy and exchanges',
  assign: (context) => assign(context, null),
};

export const similarityText: GroupingMethod = {
  id: 'similarity-text',
  title: 'Similarity on a text',
  description:
    'Equal groups that lose least by sharing, layer by layer, judged by what a text does in the model. Seconds; the best with a text.',
  source: 'PCA residual of K and V in the metric E[xxᵀ]',
  needsText: true,
  assign: async (context) => {
    const { calibration, gram = cpuGram, task } = context;
    if (calibration === null) throw new Error('the grouping needs a calibration text');
    return assign(context, await inputMoments(layerInputs(calibration), gram, quiet(task)));
  },
};

/** @param moments of the layer's inputs on a text; null goes by the weights and the norm's gain */
async function assign(context: GroupingLayer, moments: InputMoments | null): Promise<number[]> {
  const { n, G, source, task } = context;
  if (G === n || G === 1) return Array.from({ length: n }, (_, head) => (G === 1 ? 0 : head));
  const breathe = pace(task);
  const losses = [await lossesOf(context, 'k', moments), await lossesOf(context, 'v', moments)];
  const whole: SetCost = async (members) => {
    let sum = 0;
    for (const loss of losses) sum += await loss(members);
    return sum;
  };
  // Whole sets say most; where that takes too long, a set loses what its pairs lose.
  const work = setsToTry(n, G) * ((n / G) * source.spec.K) ** 3;
  return divide(n, G, work <= mostWork ? whole : ofPairs(whole), breathe);
}

/** Of a set of heads: the energy that one shared head cannot hold, as a share of the layer's. */
async function lossesOf(
  { source, layer, gram = cpuGram, n, task }: GroupingLayer,
  target: 'k' | 'v',
  moments: InputMoments | null,
): Promise<SetCost> {
  const setting = await headSetting(source, { layer, target, measure: pca }, moments, gram, quiet(task));
  const { products } = await readCompared(source, setting);
  const blocks = new Map<number, Float64Array>();
  const block = (a: number, b: number): Float64Array => {
    const known = blocks.get(a * n + b) ?? products.block(a, b);
    blocks.set(a * n + b, known);
    return known;
  };
  const lost = async (members: readonly number[]): Promise<{ total: number; lost: number }> => {
    const product = (a: number, b: number): Float64Array => block(members[a] ?? 0, members[b] ?? 0);
    const { total, kept } = await sharedEnergy(members.length, product, setting.comparison);
    return { total, lost: Math.max(0, total - kept) };
  };
  let energy = 0;
  for (let head = 0; head < n; head++) energy += (await lost([head])).total;
  return async (members) => (energy > 0 ? (await lost(members)).lost / energy : 0);
}

/** The sum over the pairs of a set. */
function ofPairs(whole: SetCost): SetCost {
  const known = new Map<string, number>();
  return async (members) => {
    let sum = 0;
    for (const [place, a] of members.entries()) {
      for (const b of members.slice(place + 1)) {
        const pair = known.get(`${a} ${b}`) ?? (await whole([a, b]));
        known.set(`${a} ${b}`, pair);
        sum += pair;
      }
    }
    return sum;
  };
}

/** The layer is told already; the steps within it are too quick to read. */
function quiet<Task extends { report: unknown }>(task: Task): Task {
  return { ...task, report: () => undefined };
}
