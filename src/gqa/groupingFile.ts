/**
 * Groupings as JSON: `{ "kvHeads": G, "groupOfKvHead": [[group of each KV head], one a layer], … }`. All other keys are for
 * people; gqa-lens.json of an exported folder has the same two and can be read as a grouping file.
 * Role: text to a checked grouping, and back. It touches no files (engine/groupingFiles.ts does).
 */
import { GqaLensError } from '../protocol/errors';
import type { ModelSpec } from '../model/spec';
import { checkGrouping, type Grouping } from './grouping';

/** What a file tells besides the grouping. */
export interface GroupingOrigin {
  /** Name of the checkpoint whose heads are grouped. */
  source: string;
  sourceKvHeads: number;
  /** Registry id of what made the groups. */
  grouping: string;
}

/**
 * Reads a grouping for a model.
 * @param file names the text in errors
 * @throws GqaLensError input-invalid when the text is no grouping; conversion-invalid when it is another model's
 */
export function parseGrouping(text: string, file: string, spec: ModelSpec): Grouping {
  const invalid = (expected: string, found: string): GqaLensError =>
    new GqaLensError('input-invalid', 'This is not a grouping file', {
      file,
      expected,
      found,
      next: 'The form is { "kvHeads": 2, "groupOfKvHead": [[0, 0, 1, 1], …] }, one list a layer.',
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid('JSON', error instanceof Error ? error.message : String(error));
  }
  const { kvHeads, groupOfKvHead } = (typeof value === 'object' && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  if (typeof kvHeads !== 'number' || !Number.isInteger(kvHeads) || kvHeads < 1) {
    throw invalid('"kvHeads", a whole number of at least 1', describe(kvHeads));
  }
  if (!Array.isArray(groupOfKvHead)) throw invalid('"groupOfKvHead", a list of layers', describe(groupOfKvHead));
  const layers = groupOfKvHead.map((groups: unknown, layer) => {
    if (Array.isArray(groups) && groups.every((group) => typeof group === 'number')) return groups;
    throw invalid(`layer ${layer} as a list of numbers, the group of each KV head`, describe(groups));
  });
  const grouping = { G: kvHeads, groupOfKvHead: layers };
  checkGrouping(grouping, spec, file);
  return grouping;
}

/** A grouping as the text of a file: one line a layer. */
export function formatGrouping({ G, groupOfKvHead }: Grouping, origin: GroupingOrigin): string {
  const layers = groupOfKvHead.map((groups) => `    ${JSON.stringify(groups)}`).join(',\n');
  const facts = Object.entries({ ...origin, kvHeads: G }).map(
    ([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)},\n`,
  );
  return `{\n${facts.join('')}  "groupOfKvHead": [\n${layers}\n  ]\n}\n`;
}

/** A value in an error, short. */
function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
