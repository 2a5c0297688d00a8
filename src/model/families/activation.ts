/**
 * Names of activation functions in configs, and what the forward pass calls them.
 * Role: one table for all families.
 */
import { invalidField, readText } from '../../checkpoint/config';
import type { JsonObject } from '../../checkpoint/json';
import type { Activation } from '../spec';

/** By the name in transformers (activations.py, ACT2CLS). */
const activations: Readonly<Record<string, Activation>> = {
  silu: 'silu',
  swish: 'silu',
  relu: 'relu',
  gelu: 'gelu',
  gelu_python: 'gelu',
  gelu_new: 'gelu-tanh',
  gelu_fast: 'gelu-tanh',
  gelu_pytorch_tanh: 'gelu-tanh',
};

/** Reads an activation function's name. Throws GqaLensError when it is not one that the forward pass has. */
export function readActivation(config: JsonObject, field: string, fallback: string): Activation {
  const name = readText(config, field, fallback);
  const activation = Object.hasOwn(activations, name) ? activations[name] : undefined;
  if (activation === undefined) throw invalidField(field, `one of ${Object.keys(activations).join(', ')}`, name);
  return activation;
}
