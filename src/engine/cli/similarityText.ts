/** Similarity and damage as people read them in a terminal: a line a layer, or the matrix of one. */
import { summarisePairs } from '../../gqa/floor';
import { mean } from '../../gqa/measures';
import type { SimilarityMeasure } from '../../gqa/similarities/measure';
import type { ConversionRequest } from '../../protocol/conversion';
import type { HeadDamage } from '../../protocol/damage';
import type { ModelSummary } from '../../protocol/model';
import type { SimilarityBasis, SimilarityResult } from '../../protocol/similarity';
import { table } from './text';

/** What was compared in one layer. */
export interface LayerSimilarity {
  layer: number;
  /** "3", "cross.3" */
  name: string;
  /** K and V; on attention the query heads. */
  results: readonly SimilarityResult[];
  damage: HeadDamage | null;
}

/** What the numbers are of. */
export interface SimilarityTopic {
  on: SimilarityBasis;
  measure: SimilarityMeasure;
  /** One layer was asked for: its matrix is shown. */
  isSingle: boolean;
  /** null: nothing is pooled. */
  pooled: ConversionRequest | null;
}

export function describeSimilarity(
  model: ModelSummary,
  layers: readonly LayerSimilarity[],
  topic: SimilarityTopic,
): string {
  const { on, measure, isSingle, pooled } = topic;
  const text = layers[0]?.results[0]?.text ?? null;
  const heads = on === 'attention' ? `${model.H} query heads` : `${model.G} KV heads`;
  const title = [
    model.name,
    `${heads} on ${on}${text === null ? '' : ` (${text})`}`,
    ...(isSingle ? [`layer ${layers[0]?.name ?? ''}`] : []),
    measure.title,
    ...(pooled ? [`pooled to ${pooled.G} groups (${pooled.merge})`] : []),
  ].join(' · ');
  const body = isSingle
    ? layers.flatMap(({ results }) => results.map((result) => describeMatrix(result, topic)))
    : [describeLayers(layers, topic)];
  const damage = layers.some((layer) => layer.damage !== null) ? [describeDamage(layers, isSingle)] : [];
  const floor = `floor: ${measure.floorNote}${measure.alike === 'high' ? '' : ' 0 is alike.'}`;
  return [title, ...body, floor, ...damage].join('\n\n');
}

/** "K", "V", or "Q" for attention maps. */
const nameOf = ({ on, target }: SimilarityResult): string => (on === 'attention' ? 'Q' : target.toUpperCase());

function describeLayers(layers: readonly LayerSimilarity[], { measure, pooled }: SimilarityTopic): string {
  const { alike } = measure;
  const withGroups = pooled !== null && layers.some(({ results }) => results.some(({ ofGroup }) => ofGroup !== null));
  const columns = [
    'mean',
    alike === 'high' ? 'max' : 'min',
    ...(pooled ? ['pooled'] : []),
    ...(withGroups ? ['group'] : []),
  ];
  const header = [
    'layer',
    ...(layers[0]?.results ?? []).flatMap((result) => columns.map((name) => `${nameOf(result)} ${name}`)),
  ];
  const cells = (pairs: { mean: number; extreme: number }, toPooled: number, ofGroup: number): string[] =>
    [pairs.mean, pairs.extreme, ...(pooled ? [toPooled] : []), ...(withGroups ? [ofGroup] : [])].map(number);
  const rows = layers.map(({ name, results }) => [
    name,
    ...results.flatMap(({ matrix, n, toPooled, ofGroup }) =>
      cells(summarisePairs(matrix, n, alike), mean(toPooled), mean(ofGroup ?? [])),
    ),
  ]);
  const floor = (layers[0]?.results ?? []).flatMap((_, place) => {
    const all = layers.flatMap(({ results }) => results[place] ?? []);
    const over = (value: (result: SimilarityResult) => number): number => mean(all.map(value));
    const extremes = all.map(({ floorExtreme }) => floorExtreme);
    const extreme = alike === 'high' ? Math.max(...extremes) : Math.min(...extremes);
    const pairs = { mean: over((result) => result.floor), extreme };
    return cells(pairs, over((result) => result.pooledFloor), over((result) => result.groupFloor ?? NaN)); // prettier-ignore
  });
  return table([header, ...rows, ['floor', ...floor]], `l${'r'.repeat(header.length - 1)}`);
}

function describeMatrix(result: SimilarityResult, { pooled }: SimilarityTopic): string {
  const { matrix, n, toPooled, ofGroup, groups } = result;
  const heads = Array.from(toPooled, (_, head) => String(head));
  const header = [nameOf(result), ...heads, ...(pooled ? ['pooled'] : [])];
  const rows = heads.map((head, row) => [
    head,
    ...Array.from(matrix.subarray(row * n, (row + 1) * n), number),
    ...(pooled ? [number(toPooled[row] ?? NaN)] : []),
  ]);
  const floors = [
    `floor ${number(result.floor)}, most alike ${number(result.floorExtreme)}`,
    ...(pooled ? [`of pooled heads ${number(result.pooledFloor)}`] : []),
  ].join(', ');
  const lines = [table([header, ...rows], 'r'.repeat(header.length)), floors];
  if (pooled && ofGroup) {
    const shares = Array.from(ofGroup, (share, group) => {
      const members = groups.flatMap((own, head) => (own === group ? [head] : []));
      return `heads ${members.join(' ')}: ${number(share)}`;
    });
    lines.push(`of groups: ${shares.join(', ')}; floor ${number(result.groupFloor ?? NaN)}`);
  }
  return lines.join('\n');
}

function describeDamage(layers: readonly LayerSimilarity[], isSingle: boolean): string {
  const explanation =
    "Damage: change of what a query head adds to the residual stream on the layer's own inputs, relative L2. Predicted is a\n" +
    'bound: what changed values do under the attention as it was, and at most what changed keys add to that.';
  const parts = (damage: HeadDamage, head: number): number[] => {
    const [byValues, byKeys] = [damage.byValues[head] ?? NaN, damage.byKeys[head] ?? NaN];
    return [damage.observed[head] ?? NaN, byValues + byKeys, byValues, byKeys];
  };
  const header = ['observed', 'predicted', 'by values', 'by keys'];
  const [only] = layers;
  if (isSingle && only?.damage) {
    const { damage } = only;
    const rows = Array.from(damage.observed, (_, head) => [`Q${head}`, ...parts(damage, head).map(percent)]);
    return `${table([['damage', ...header], ...rows], 'lrrrr')}\n${explanation}`;
  }
  const rows = layers.flatMap(({ name, damage }) => {
    if (damage === null) return [];
    const heads = Array.from(damage.observed, (_, head) => parts(damage, head));
    const worst = heads.map(([observed]) => observed ?? NaN);
    const place = worst.indexOf(Math.max(...worst));
    const means = header.map((_, part) => percent(mean(heads.map((values) => values[part] ?? NaN))));
    return [[name, ...means, `${percent(worst[place] ?? NaN)} (Q${place})`]];
  });
  return `${table([['damage', ...header, 'worst head'], ...rows], 'lrrrrr')}\n${explanation}`;
}

function percent(value: number): string {
  return Number.isFinite(value) ? `${(100 * value).toFixed(0)} %` : '–';
}

function number(value: number): string {
  return Number.isFinite(value) ? value.toFixed(3) : '–';
}
