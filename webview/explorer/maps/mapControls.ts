/** What is chosen for all maps of the explorer: whose, of what, in which colours. Role: controls; drawing is maps.ts. */
import { t } from '@vscode/l10n';
import { colorScaleOf, colorScales } from '../../shared/colorScale';
import { CheckBox, Segmented } from '../../shared/controls';
import { element } from '../../shared/dom';
import { mapValuesChoice } from '../../shared/mapValues';
import { shownGroups, type Actions, type ExplorerView } from '../view';

export class MapControls {
  readonly elements: HTMLElement[];
  readonly #runs: Segmented;
  readonly #values: Segmented;
  readonly #members: Segmented;
  readonly #scale: Segmented;
  readonly #hideFirst: CheckBox;
  readonly #sinks = element('span', { class: 'muted note', hidden: true });

  constructor(actions: Actions) {
    this.#runs = new Segmented(
      'maps-of',
      t('Whose maps'),
      [
        { value: 'original', title: t('Original'), description: t('The checkpoint as it is') },
        { value: 'converted', title: t('Converted'), description: t('After pooling the KV heads') },
      ],
      (value) => actions.choose({ mapsOf: value === 'converted' ? 'converted' : 'original' }),
    );
    this.#values = mapValuesChoice((mapValues) => actions.choose({ mapValues }));
    this.#members = new Segmented(
      'member-maps',
      t('What members show'),
      [
        { value: 'own', title: t('Members'), description: t('The map of each query head') },
        {
          value: 'deviations',
          title: t('Minus mean'),
          description: t('The map of each query head minus the mean of its group: what makes it different'),
        },
      ],
      (value) => actions.choose({ memberMaps: value === 'deviations' ? 'deviations' : 'own' }),
    );
    this.#scale = new Segmented('scale-picker', t('Colour scale'), colorScales, (value) =>
      actions.choose({ scale: colorScaleOf(value) }),
    );
    this.#hideFirst = new CheckBox(
      'hide-first',
      t('Hide first token'),
      t('Leaves the first token out of the colour scale: it often takes most of the weight'),
      (checked) => actions.choose({ hideFirstToken: checked }),
    );
    this.#sinks.textContent = t('and a sink a head');
    this.#sinks.title = t('A score that takes its share of the softmax and gives no value. A readout tells it.');
    const choices = [this.#runs, this.#values, this.#members, this.#scale, this.#hideFirst];
    this.elements = [...choices.map((choice) => choice.element), this.#sinks];
  }

  show(view: ExplorerView): void {
    const { ui, snapshot } = view;
    this.#runs.element.hidden = snapshot.converted === null;
    this.#runs.show(ui.mapsOf);
    this.#values.show(ui.mapValues);
    this.#members.show(ui.memberMaps);
    this.#members.element.hidden = shownGroups(view).every((heads) => heads.length === 1);
    this.#scale.show(ui.scale);
    // Scores are signed: they have one scale, from the lowest to the highest.
    this.#scale.element.hidden = ui.mapValues === 'scores';
    this.#hideFirst.show(ui.hideFirstToken);
    this.#sinks.hidden = ui.mapValues !== 'scores' || !snapshot.model.features.includes('attention sinks');
  }
}
