/**
 * What the registries say about their entries, in the editor's language. The engine says it in English, as its command line does;
 * scripts/lib/messages.mjs gathers these words from the registries' folders.
 */
import * as vscode from 'vscode';
import type { MethodInfo, Registries } from '../protocol/methods';

/** Words that come as values: gathered where they are written, and not here. */
const translate: (words: string) => string = vscode.l10n.t;

/** Entries with their words translated; where they come from are names, and families are names too. */
export function translateMethods<Method extends MethodInfo>(methods: readonly Method[]): Method[] {
  return methods.map((method) => ({
    ...method,
    title: translate(method.title),
    description: translate(method.description),
  }));
}

/** All that pickers and pages offer. */
export function translateRegistries({ families, groupings, merges, similarities }: Registries): Registries {
  return {
    families,
    groupings: translateMethods(groupings),
    merges: translateMethods(merges),
    similarities: translateMethods(similarities).map((similarity) => ({
      ...similarity,
      floorNote: translate(similarity.floorNote),
    })),
  };
}
