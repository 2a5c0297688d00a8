/** Every registry as its entries describe themselves: what pickers, views and --help show. */
import { groupings } from '../gqa/grouping';
import { merges } from '../gqa/merge';
import { describeMethods } from '../gqa/registry';
import { describeSimilarities } from '../gqa/similarity';
import { families } from '../model/families';
import type { Registries } from '../protocol/methods';

export function describeRegistries(): Registries {
  return {
    families: describeMethods(families),
    groupings: describeMethods(groupings),
    merges: describeMethods(merges),
    similarities: describeSimilarities(),
  };
}
