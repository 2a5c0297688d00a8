/**
 * What the registries say about their entries, in the reader's language. The engine says it in English, as its command line does; the
 * host translates it as it comes, and reports what they hold. scripts/lib/messages.mjs gathers these words from the registries' folders.
 */
import type { MethodInfo, Registries } from './methods';

/** Translates words that come as values: what stays as it is has no translation, or is translated already. */
export type Translate = (words: string) => string;

/** Entries with their words translated; where they come from are names, and families are names too. */
export function translateMethods<Method extends MethodInfo>(
  methods: readonly Method[],
  translate: Translate,
): Method[] {
  return methods.map((method) => ({
    ...method,
    title: translate(method.title),
    description: translate(method.description),
  }));
}

/** All that pickers and pages offer. */
export function translateRegistries(
  { families, groupings, merges, similarities }: Registries,
  translate: Translate,
): Registries {
  return {
    families,
    groupings: translateMethods(groupings, translate),
    merges: translateMethods(merges, translate),
    similarities: translateMethods(similarities, translate).map((similarity) => ({
      ...similarity,
      floorNote: translate(similarity.floorNote),
    })),
  };
}
