/** How attention in the text is shown, which way, and of whom. Role: controls; what they choose between is drawn by text.ts. */
import { t } from '@vscode/l10n';
import type { ExplorerUi } from '../../../src/protocol/explorerView';
import { Segmented } from '../../shared/controls';
import { element } from '../../shared/dom';
import type { Actions } from '../view';

export class TextControls {
  readonly element: HTMLElement;
  readonly #mode: Segmented;
  readonly #direction: Segmented;
  readonly #by: Segmented;

  constructor(actions: Actions) {
    this.#mode = new Segmented(
      'text-mode',
      t('How attention is shown'),
      [
        { value: 'shades', title: t('Shades'), description: t('The text, each token shaded by its weight') },
        { value: 'lines', title: t('Lines'), description: t('Lines from the tokens that look to those looked at') },
      ],
      (value) => actions.choose({ textMode: value === 'lines' ? 'lines' : 'shades' }),
    );
    this.#direction = new Segmented(
      'text-direction',
      t('Direction'),
      [
        { value: 'from', title: t('From'), description: t('What the token looks at') },
        { value: 'to', title: t('To'), description: t('Who looks at the token') },
        { value: 'both', title: t('Both'), description: t('What it looks at, and who looks at it') },
      ],
      (value) => actions.choose({ textDirection: value === 'to' || value === 'both' ? value : 'from' }),
    );
    this.#by = new Segmented(
      'text-by',
      t('Of groups or heads'),
      [
        { value: 'group', title: t('Groups'), description: t('The mean of each group’s heads') },
        { value: 'head', title: t('Heads'), description: t('Each head of the chosen group') },
      ],
      (value) => actions.choose({ textBy: value === 'head' ? 'head' : 'group' }),
    );
    const parts = [this.#mode.element, this.#direction.element, this.#by.element];
    this.element = element('div', { class: 'controls' }, ...parts);
  }

  show({ textMode, textDirection, textBy }: ExplorerUi): void {
    this.#mode.show(textMode);
    this.#direction.show(textDirection);
    this.#by.show(textBy);
  }
}
