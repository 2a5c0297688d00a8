/** Which heads are compared, by what, and in which order they stand. Role: controls; the matrix is similarity.ts. */
import { t } from '@vscode/l10n';
import { Picker, Segmented } from '../../shared/controls';
import { element } from '../../shared/dom';
import { shownMeasure, similarityBasis, type Actions, type ExplorerView } from '../view';

export class SimilarityControls {
  /** Beside the title. */
  readonly element: HTMLElement;
  /** Above the matrix. */
  readonly order: HTMLElement;
  readonly #target: Segmented;
  readonly #inputs: Picker;
  readonly #measure: Picker;
  readonly #order: Segmented;
  #comparesMaps = false;

  constructor(actions: Actions) {
    this.#target = new Segmented(
      'target-picker',
      t('Which heads are compared'),
      [
        { value: 'k', title: 'K', description: t('Key heads') },
        { value: 'v', title: 'V', description: t('Value heads') },
        { value: 'maps', title: t('Maps'), description: t('Attention maps of query heads') },
      ],
      (value) => {
        const isSame = (value === 'maps') === this.#comparesMaps;
        actions.choose({
          similarityTarget: value === 'maps' ? 'maps' : value === 'v' ? 'v' : 'k',
          // K and V heads are the same numbers; query heads may be others.
          ...(isSame ? {} : { pairRow: null, pairColumn: null }),
        });
      },
    );
    this.#inputs = new Picker('inputs-picker', t('Compared by'), (value) =>
      actions.choose({ similarityInputs: value === 'activations' ? 'activations' : 'weights' }),
    );
    this.#measure = new Picker('measure-picker', t('Measure'), (value) => actions.choose({ similarityMeasure: value }));
    this.#order = new Segmented(
      'matrix-order',
      t('Order of the heads'),
      [
        { value: 'group', title: t('by group'), description: t('Heads that share a KV head stand together') },
        { value: 'head', title: t('by number'), description: t('Heads as they are numbered') },
        {
          value: 'likeness',
          title: t('by likeness'),
          description: t('Heads that are alike stand together, under their tree'),
        },
      ],
      (value) => actions.choose({ similarityOrder: value === 'head' || value === 'likeness' ? value : 'group' }),
    );
    const parts = [this.#target.element, this.#inputs.element, this.#measure.element];
    this.element = element('div', { class: 'controls' }, ...parts);
    this.order = element(
      'div',
      { class: 'matrix-order' },
      element('span', { class: 'muted' }, t('Order')),
      this.#order.element,
    );
  }

  show(view: ExplorerView): void {
    const { ui, snapshot } = view;
    this.#comparesMaps = ui.similarityTarget === 'maps';
    this.#target.show(ui.similarityTarget);
    this.#order.show(ui.similarityOrder);
    const on = similarityBasis(ui);
    this.#inputs.element.hidden = on === 'attention';
    this.#inputs.show(
      [
        { value: 'weights', title: t('weights'), description: t('The projections as they are; needs no run') },
        { value: 'activations', title: t('activations'), description: t('What the text that was run makes of them') },
      ],
      ui.similarityInputs,
    );
    const fitting = snapshot.registries.similarities.filter((measure) => measure.on.includes(on));
    this.#measure.element.hidden = fitting.length < 2;
    this.#measure.show(
      fitting.map(({ id, title, description }) => ({ value: id, title, description })),
      shownMeasure(view)?.id ?? '',
    );
  }
}
