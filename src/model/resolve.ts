/**
 * From an opened checkpoint to the spec of its model.
 * Role: asks the registry of families. What the inspector shows of a model of no known family is describeUnknown.ts.
 */
import type { Checkpoint } from '../checkpoint/checkpoint';
import { GqaLensError } from '../protocol/errors';
import { families } from './families';
import type { ModelSpec } from './spec';

/**
 * The spec of a checkpoint's model, with every tensor checked against the config.
 * @throws GqaLensError checkpoint-unsupported when no family matches, checkpoint-invalid when config and tensors disagree
 */
export function resolveModel(checkpoint: Checkpoint): ModelSpec {
  const family = families.find((candidate) => candidate.match(checkpoint.config));
  if (family) return family.spec(checkpoint);
  const { model_type: modelType } = checkpoint.config;
  throw new GqaLensError('checkpoint-unsupported', 'The model is of a family that cannot be run yet', {
    file: checkpoint.path,
    expected: `model_type one of ${families.map(({ id }) => id).join(', ')} in config.json`,
    found: typeof modelType === 'string' ? `model_type ${modelType}` : 'no model_type',
    next: 'Its tensors and sizes can be looked at; choose a supported checkpoint to run one.',
  });
}
