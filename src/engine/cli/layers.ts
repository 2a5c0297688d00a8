/**
 * Which layers a command is about, as people name them: "3", "cross.0", or all of a stack, "decoder".
 * Role: from an option's text to indices into a model's layers.
 */
import { InvalidArgumentError } from 'commander';
import { GqaLensError } from '../../protocol/errors';
import type { ModelSummary } from '../../protocol/model';

/** Checks what can be told without a model. */
export function layerName(text: string): string {
  if (/^[a-z]*\.?\d*$/.test(text) && text !== '') return text;
  throw new InvalidArgumentError('Expected a number, or a name such as cross.0 or decoder.');
}

/**
 * Indices of the layers that a name means: the name of one, the first part of several names, or a number, which counts
 * attentions from 0.
 * @throws GqaLensError input-invalid when there is no such layer
 */
export function layersNamed({ layers }: Pick<ModelSummary, 'layers'>, name: string): number[] {
  const matching = (check: (own: string) => boolean): number[] =>
    layers.flatMap((layer, index) => (check(layer.name) ? [index] : []));
  const one = matching((own) => own === name);
  if (one.length > 0) return one;
  if (/^\d+$/.test(name) && Number(name) < layers.length) return [Number(name)];
  const stack = matching((own) => own.startsWith(`${name}.`));
  if (stack.length > 0) return stack;
  const names = layers.map((layer) => layer.name);
  const named = /^\d+$/.test(names[0] ?? '') ? '' : `, or one of ${names.join(', ')}`;
  throw new GqaLensError('input-invalid', `There is no layer ${name}`, {
    expected: `0 to ${layers.length - 1}${named}`,
    found: name,
  });
}
