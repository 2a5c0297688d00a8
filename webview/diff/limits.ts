/** What of two models cannot be compared, in words: which figures are left out, and why. Pure. */
import { t } from '@vscode/l10n';
import type { DiffSnapshot } from '../../src/protocol/diffView';
import type { ModelSummary } from '../../src/protocol/model';
import { comparedParts } from './view';

/** One sentence for each kind of figure that is left out; none where all is shown, or while a side is not open. */
export function limitsOf(snapshot: DiffSnapshot): string[] {
  const { a, b } = snapshot.sides;
  if (a.model === null || b.model === null) return [];
  const parts = comparedParts(snapshot);
  const shapes = (shape: (model: ModelSummary) => string): string[] =>
    [a, b].map(({ name, model }) => `${name}: ${model === null ? '' : shape(model)}`);
  return [
    ...(parts.heads
      ? []
      : [
          t(
            'Heads do not correspond, so attention maps and their divergence are not shown ({0}; {1}).',
            ...shapes(({ L, H }) => t('{0} layers of {1} heads', L, H)),
          ),
        ]),
    ...(parts.streams
      ? []
      : [
          t(
            'Layers do not correspond, so drift is not shown ({0}; {1}).',
            ...shapes(({ L, D }) => t('{0} layers of hidden size {1}', L, D)),
          ),
        ]),
  ];
}
