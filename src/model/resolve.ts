/**
 * From an opened checkpoint to the spec of its model.
 * Role: asks the registry of families. What the inspector shows of a model of no known family is describeUnknown.ts.
 */
import type { Checkpoint } from '../checkpoint/checkpoint';
import { whatIsMissing } from './describeUnknown';
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
  const spec = matched.family.spec(matched.checkpoint);
  return matched.field === null ? spec : asPart(spec, checkpoint, matched.field);
}
