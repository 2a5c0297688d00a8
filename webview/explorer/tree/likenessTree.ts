/**
 * The tree of likeness of what a similarity result compares.
 * Role: from a result to a tree whose leaves can be grouped, and what it is called. The arithmetic is linkage.ts.
 */
import { t } from '@vscode/l10n';
import type { SimilarityInfo } from '../../../src/protocol/methods';
import type { SimilarityResult } from '../../../src/protocol/similarity';
import { averageLinkage, blockMeans, type Alike, type Branch } from './linkage';

export interface LikenessTree {
  root: Branch;
  /** Leaves. */
  n: number;
  alike: Alike;
  /** What random heads have. */
  floor: number;
  /** What heights are of: "K · Aligned cosine". */
  title: string;
  /** More is more alike. */
  likeness: (a: number, b: number) => number;
}

const known = new WeakMap<SimilarityResult, Map<number, LikenessTree>>();

/**
 * @param R heads a leaf: query heads that read one KV head stay together, and count by their mean
 */
export function likenessTree(result: SimilarityResult, measure: SimilarityInfo | null, R: number): LikenessTree {
  const trees = known.get(result) ?? new Map<number, LikenessTree>();
  known.set(result, trees);
  const tree = trees.get(R) ?? grow(result, measure, R);
  trees.set(R, tree);
  return tree;
}

function grow(result: SimilarityResult, measure: SimilarityInfo | null, R: number): LikenessTree {
  const alike = measure?.alike ?? 'high';
  const n = result.n / R;
  const matrix = R === 1 ? result.matrix : blockMeans(result.matrix, result.n, R);
  const sign = alike === 'high' ? 1 : -1;
  const target = result.on === 'attention' ? t('maps') : result.target.toUpperCase();
  return {
    root: averageLinkage(matrix, n, alike),
    n,
    alike,
    floor: result.floor,
    title: `${target} · ${measure?.title ?? result.measure}`,
    likeness: (a, b) => sign * (matrix[a * n + b] ?? 0),
  };
}
