/**
 * The floor of a similarity: what unrelated heads of the same shape score on the same inputs.
 * Role: random heads put through the same measure, grouping and merge as the real ones. Without its floor a similarity
 * means nothing: V heads of a trained model may be no more alike than random ones.
 */
import { quietTask, type TaskContext } from '../protocol/tasks';
import type { WeightSource } from '../model/weightSource';
import type { Calibration } from '../model/calibration';
import { convert } from './convert';
import type { Grouping } from './grouping';
import { compareGroups, comparePairs, compareToPooled, readCompared, type HeadSetting } from './headSimilarity';
import { mean } from './measures';
import type { MergeMethod } from './merge';
import { pcaText } from './merges/calibrated';
import { RandomLayer } from './randomLayer';

export interface Floor {
  /** Mean similarity of two random heads, and that of the most alike two. */
  floor: number;
  floorExtreme: number;
  /** Mean similarity of a random head to the pooled head of its random group. */
  pooledFloor: number;
  /** Mean over random groups; null for measures of pairs only. */
  groupFloor: number | null;
}

/** Random heads compared with each other: 28 pairs. They vary little from pair to pair, as heads have many entries. */
const sampledHeads = 8;

/** What random heads are pooled by. */
export interface Pooling {
  grouping: Grouping;
  merge: MergeMethod;
  /** null unless the merge needs a text */
  calibration: Calibration | null;
}

/** Measures the floor of a layer. */
export async function measureFloor(source: WeightSource, pooling: Pooling, setting: HeadSetting): Promise<Floor> {
  const { layer, measure } = setting;
  const few = await readCompared(new RandomLayer(source, layer, sampledHeads), setting);
  const { mean: floor, extreme } = summarisePairs(await comparePairs(few, setting), sampledHeads, measure.alike);

  const random = new RandomLayer(source, layer);
  const groups = pooling.grouping.groupOfKvHead[layer] ?? [];
  const chosen = sampleOf(groups, measure.group !== undefined);
  const groupsOfChosen = chosen.map((head) => groups[head] ?? 0);
  const compared = await readCompared(random, setting, chosen);
  const converted = await convertRandom(random, pooling, setting.task);
  const toPooled = await compareToPooled(compared, converted, groupsOfChosen, setting);
  const ofGroups = await compareGroups(compared, groupsOfChosen, setting);
  return {
    floor,
    floorExtreme: extreme,
    pooledFloor: mean(toPooled),
    groupFloor: ofGroups && mean(ofGroups),
  };
}

/** Enough heads to tell; of whole groups where groups are measured. */
function sampleOf(groups: readonly number[], wholeGroups: boolean): number[] {
  const heads = groups.map((_, head) => head);
  if (!wholeGroups) return heads.slice(0, sampledHeads);
  const chosen: number[] = [];
  for (const group of new Set(groups)) {
    if (chosen.length >= sampledHeads) break;
    chosen.push(...heads.filter((head) => groups[head] === group));
  }
  return chosen;
}

/** The random layer under the same conversion. Fits to a text take minutes: the PCA that they start from stands for them. */
export function convertRandom(
  random: RandomLayer,
  { grouping, merge, calibration }: Pooling,
  task: TaskContext,
): Promise<WeightSource> {
  const { H, layers } = random.spec;
  const own = Array.from({ length: H }, (_, head) => head);
  const groupOfKvHead = layers.map(({ grouped }, layer) => (grouped ? (grouping.groupOfKvHead[layer] ?? own) : own));
  const method = merge.needsText === true ? pcaText : merge;
  const quiet = { ...quietTask, signal: task.signal };
  return convert(random, { G: grouping.G, groupOfKvHead }, method, { calibration, task: quiet });
}

/** Mean and most alike of the pairs of different heads. @param matrix [n, n] */
export function summarisePairs(
  matrix: Float32Array,
  n: number,
  alike: 'high' | 'low',
): { mean: number; extreme: number } {
  const pairs = matrix.filter((_, index) => index % n > Math.floor(index / n));
  return { mean: mean(pairs), extreme: alike === 'high' ? Math.max(...pairs) : Math.min(...pairs) };
}
