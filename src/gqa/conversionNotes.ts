/**
 * What a conversion does otherwise than its merge says, in sentences for people: the command line, the panel and the README
 * of an export tell them.
 * Role: words. The fallback itself is in the solvers (solve/gauge.ts says where rows are `fixed`).
 */
import type { ModelSpec } from '../model/spec';
import { isIdentity, type Grouping } from './grouping';
import type { MergeMethod } from './merge';
import { keyGaugeForbiddenBy } from './solve/gauge';

/** Empty where the merge does what it says. */
export function conversionNotes(spec: ModelSpec, grouping: Grouping, merge: MergeMethod): string[] {
  const forbidden = keyGaugeForbiddenBy(spec);
  if (isIdentity(grouping) || forbidden === null || merge.turnsKeys !== true) return [];
  return [`K heads are pooled by their mean and not turned: ${forbidden}. V heads are merged by "${merge.title}".`];
}
