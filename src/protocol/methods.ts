/**
 * What the entries of registries say about themselves, for all who let somebody choose: pickers, views, the command line.
 * Not what they do: that is in the folders of their registries.
 */
import type { SimilarityBasis } from './similarity';

/** One entry of a registry (merges, groupings, similarities): what pickers and --help show. */
export interface MethodInfo {
  id: string;
  title: string;
  /** One line: what it does and what it costs. */
  description: string;
  /** Where it comes from: paper section or author. */
  source: string;
  /** It solves on what a text does in the model (ConversionRequest.calibration). Absent: the weights are enough. */
  needsText?: boolean;
  /** What to take when in doubt: among those that need a text, or among those that need none. */
  recommended?: boolean;
  /** It needs ConversionRequest.assignment, so pickers do not offer it by itself. Absent: it decides alone. */
  needsAssignment?: boolean;
}

/** An entry of the similarity registry. */
export interface SimilarityInfo extends MethodInfo {
  /** What it can compare. */
  on: readonly SimilarityBasis[];
  /** Which numbers mean "alike": high for cosines, low for what is left unexplained. */
  alike: 'high' | 'low';
  /** What its floor is, and how to read it: one line. */
  floorNote: string;
}

/** Every registry in one value, so that views and commands never hard-code a list. */
export interface Registries {
  families: MethodInfo[];
  groupings: MethodInfo[];
  merges: MethodInfo[];
  similarities: SimilarityInfo[];
}

/**
 * The method that is taken when nobody chooses: the recommended one of those that need a text where there is one, else of
 * those that need none.
 */
export function recommendedMethod<Method extends MethodInfo>(methods: readonly Method[], hasText: boolean): Method {
  const fitting = methods.filter(({ needsText = false }) => needsText === hasText);
  const method = fitting.find(({ recommended }) => recommended === true) ?? fitting[0] ?? methods[0];
  if (method === undefined) throw new Error('there is nothing to recommend');
  return method;
}
