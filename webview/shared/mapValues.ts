/** The choice of what attention maps show, the same on every page that has maps. Role: a control; who asks for the maps is the page. */
import { t } from '@vscode/l10n';
import type { MapValues } from '../../src/protocol/maps';
import { Segmented } from './controls';

/** Probabilities, or scores before the softmax. @param choose called with what the user presses */
export function mapValuesChoice(choose: (values: MapValues) => void): Segmented {
  return new Segmented(
    'map-values',
    t('What maps show'),
    [
      { value: 'probabilities', title: t('Probabilities'), description: t('What each query pays to each key') },
      {
        value: 'scores',
        title: t('Scores'),
        description: t('What the softmax is taken of: scaled, capped, with position biases'),
      },
    ],
    (value) => choose(value === 'scores' ? 'scores' : 'probabilities'),
  );
}
