/**
 * What the overview shows of the layers and in which order, the layer that is chosen, and what is known so far, in words.
 * Role: controls and their note. The layers themselves are overview.ts.
 */
import { t } from '@vscode/l10n';
import type { LayerOrder } from '../../../src/protocol/explorerView';
import { Picker, plainButton } from '../../shared/controls';
import { element } from '../../shared/dom';
import { capitalised, layerTitle } from '../../shared/labels';
import type { ExplorerData } from '../data';
import { isOffered, statistics, type Statistic } from './statistics';
import { shownRun, type Actions, type ExplorerView } from '../view';

export class OverviewControls {
  /** Beside the title: the chosen layer. */
  readonly element: HTMLElement;
  /** Below it: statistic, order, and what is known. */
  readonly below: readonly HTMLElement[];
  readonly #layer: Picker;
  readonly #statistic: Picker;
  readonly #order: Picker;
  readonly #direction: HTMLButtonElement;
  readonly #note = element('p', { class: 'note muted', role: 'status', 'data-testid': 'overview-note' });
  #isDescending = false;

  /** @param step goes so many layers on in the order that is shown */
  constructor(actions: Actions, step: (by: number) => void) {
    this.#layer = new Picker('layer-picker', t('Layer'), (value) => actions.choose({ layer: Number(value) }));
    this.#statistic = new Picker('statistic-picker', t('Statistic'), (statistic) => actions.choose({ statistic }));
    this.#order = new Picker('layer-order', t('Order'), (value) => actions.choose({ layerOrder: layerOrderOf(value) }));
    this.#direction = plainButton('', { class: 'direction', 'data-testid': 'layer-order-direction' }, () => {
      actions.choose({ layerOrderDescending: !this.#isDescending });
    });
    this.element = element(
      'div',
      { class: 'controls stepper' },
      plainButton('‹', { 'aria-label': t('Previous layer'), title: t('Previous layer ([)') }, () => step(-1)),
      this.#layer.element,
      plainButton('›', { 'aria-label': t('Next layer'), title: t('Next layer (])') }, () => step(1)),
    );
    const choices = element(
      'div',
      { class: 'controls overview-choices' },
      this.#statistic.element,
      element('span', { class: 'order' }, this.#order.element, this.#direction),
    );
    this.below = [choices, this.#note];
  }

  /** @param statistic null before there is one to show */
  show(view: ExplorerView, statistic: Statistic | null, data: ExplorerData): void {
    const { ui, snapshot } = view;
    const { model } = snapshot;
    this.#isDescending = ui.layerOrderDescending;
    this.#layer.show(
      model.layers.map((_, layer) => ({ value: String(layer), title: capitalised(layerTitle(model, layer)) })),
      String(ui.layer),
    );
    this.#statistic.show(
      statistics.map((one) => ({
        value: one.id,
        title: one.title(),
        description: one.description(view),
        disabled: !isOffered(one, view),
      })),
      statistic?.id ?? ui.statistic,
    );
    const [worst, byWorst] =
      (statistic?.good(view) ?? null) === null
        ? [t('Largest group'), t('largest group')]
        : [t('Worst group'), t('worst group')];
    this.#order.show(
      [
        { value: 'number', title: t('Layer number') },
        { value: 'mean', title: t('Mean of the layer') },
        { value: 'worst', title: worst },
      ],
      ui.layerOrder,
    );
    const by = { number: t('layer number'), mean: t('mean of the layer'), worst: byWorst }[ui.layerOrder];
    const order = ui.layerOrderDescending ? t('By {0}, descending', by) : t('By {0}, ascending', by);
    this.#direction.textContent = ui.layerOrderDescending ? '↓' : '↑';
    this.#direction.setAttribute('aria-label', order);
    this.#direction.title = t('{0}. Press to turn it round.', order);
    const known = statistic === null ? 0 : knownLayers(view, statistic, data);
    const total =
      statistic === null ? 0 : snapshot.model.layers.filter((_, layer) => statistic.applies(view, layer)).length;
    const progress = known < total ? ` ${t('{0} of {1} layers known.', known, total)}` : '';
    this.#note.textContent =
      statistic === null
        ? t('Press Run: the statistics are of attention on your text.')
        : `${whose(view)}${ui.layerOrder === 'number' && !ui.layerOrderDescending ? '' : `${order}.`}${progress}`;
  }
}

/** Whose maps and statistics the cells show, in words. */
function whose(view: ExplorerView): string {
  const { converted } = view.snapshot;
  const said = converted !== null && shownRun(view) === converted ? `${t('Maps of the converted model.')} ` : '';
  return `${t('Means of each group’s heads.')} ${said}`;
}

/** How many layers have their numbers. */
function knownLayers(view: ExplorerView, statistic: Statistic, data: ExplorerData): number {
  return view.snapshot.model.layers.filter((_, layer) => statistic.peek(view, layer, data) !== null).length;
}

function layerOrderOf(value: string): LayerOrder {
  return value === 'mean' || value === 'worst' ? value : 'number';
}
