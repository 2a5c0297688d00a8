/** What is chosen for the comparison's maps: probabilities or scores, the head or what sets it apart from its group. Role: controls. */
import { t } from '@vscode/l10n';
import { Segmented } from '../shared/controls';
import { mapValuesChoice } from '../shared/mapValues';
import { orderedHeads, type DiffActions, type DiffView } from './view';

export class MapChoices {
  readonly elements: HTMLElement[];
  readonly #values: Segmented;
  readonly #members: Segmented;

  constructor(actions: DiffActions) {
    this.#values = mapValuesChoice((mapValues) => actions.choose({ mapValues }));
    this.#members = new Segmented(
      'member-maps',
      t('Heads as they are, or minus their mean'),
      [
        { value: 'own', title: t('Head'), description: t('The map of the query head') },
        {
          value: 'deviations',
          title: t('Minus mean'),
          description: t(
            'The head minus the mean of the heads that share its KV group, on each side the mean of that side: what sets it apart',
          ),
        },
      ],
      (value) => actions.choose({ memberMaps: value === 'deviations' ? 'deviations' : 'own' }),
    );
    this.elements = [this.#values.element, this.#members.element];
  }

  show(view: DiffView): void {
    this.#values.show(view.ui.mapValues);
    this.#members.show(view.ui.memberMaps);
    // A head alone is its own mean; heads of other groups may have one.
    const groups = orderedHeads(view).map(({ group }) => group);
    this.#members.element.hidden = new Set(groups).size === groups.length;
  }
}
