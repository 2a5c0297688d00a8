/**
 * From an opened checkpoint to the spec of its model.
 * Role: asks the registry of families. What the inspector shows of a model of no known family is describeUnknown.ts.
 */
import type { Checkpoint } from '../checkpoint/checkpoint';
import { GqaLensError, summaryOf } from '../protocol/errors';
import { whatIsMissing } from './describeUnknown';
import type { ModelFamily } from './families';
import { asPart, matchFamily } from './languagePart';
import type { ModelSpec } from './spec';

/**
 * The spec of a checkpoint's model, or of the language model within it, with every tensor checked against the config.
 * @throws GqaLensError checkpoint-unsupported when no family matches, checkpoint-invalid when config and tensors disagree
 */
export function resolveModel(checkpoint: Checkpoint): ModelSpec {
  if (checkpoint.quantisation?.problem) throw checkpoint.quantisation.problem;
  const matched = matchFamily(checkpoint);
  if (matched === null) throw whatIsMissing(checkpoint);
  const spec = specOf(matched.family, matched.checkpoint);
  return matched.field === null ? spec : asPart(spec, checkpoint, matched.field);
}

/** Families speak of config.json. Where a container's metadata stand in its place, the error says so. */
function specOf(family: ModelFamily, checkpoint: Checkpoint): ModelSpec {
  try {
    return family.spec(checkpoint);
  } catch (error) {
    if (!(error instanceof GqaLensError) || !checkpoint.embedded) throw error;
    throw new GqaLensError(error.code, ofMetadata(summaryOf(error)), {
      ...error.detail,
      file: checkpoint.path,
      next: 'Convert the model again with a current llama.cpp, or download another file of it.',
    });
  }
}

function ofMetadata(summary: string): string {
  const field = /^The field (.+) of config\.json is not usable$/.exec(summary)?.[1];
  if (field !== undefined) return `The field ${field} of the file's metadata is not usable`;
  return summary === 'A tensor does not fit config.json' ? "A tensor does not fit the file's metadata" : summary;
}
