/**
 * Figure: which predictions does the change move? The text shaded by KL, and below it the tokens that moved most, what
 * both models expect next, and how they go on.
 */
import { isEncoderOnly } from '../../src/protocol/layers';
import { element } from '../shared/dom';
import type { Figure } from '../shared/figure';
import { formatNumber } from '../shared/format';
import { panel } from '../shared/panel';
import { relativeToLargest } from '../shared/relative';
import { TextStrip } from '../shared/textStrip';
import { Continuations } from './continuations';
import type { DiffData } from './data';
import { Moved } from './moved';
import { NextTokens } from './nextTokens';
import { hoveredTokens, NO_HOVER, predictedAfter, type DiffActions, type DiffView } from './view';

export class Words implements Figure<DiffView> {
  readonly element: HTMLElement;
  readonly #hovered = element('div', { class: 'muted note', 'aria-live': 'polite', 'data-testid': 'token-kl' });
  /** Predictions are of what follows a token; an encoder's of the token itself. */
  readonly #where = element('span', {}, 'after');
  readonly #strip: TextStrip;
  readonly parts: readonly Figure<DiffView>[];
  #view: DiffView | null = null;

  constructor(actions: DiffActions, data: DiffData) {
    this.#strip = new TextStrip({
      hover: (token) => actions.hover({ ...NO_HOVER, token }),
      select: (token) => actions.choose({ token: this.#view?.ui.token === token ? null : token }),
    });
    this.parts = [new Moved(actions), new NextTokens(data), new Continuations(data)];
    this.element = panel(
      'words',
      element('span', {}, 'Predictions changed, token by token'),
      this.#hovered,
      element(
        'p',
        { class: 'muted note' },
        'Shade: KL(original ‖ converted) of the prediction ',
        this.#where,
        ' each token, in nats: 0 is unchanged, lower is better.',
      ),
      this.#strip.element,
      element('div', { class: 'words-parts figure-parts' }, ...this.parts.map((part) => part.element)),
    );
  }

  render(view: DiffView): void {
    this.#view = view;
    this.#where.textContent = isEncoderOnly(view.snapshot.model) ? 'at' : 'after';
    this.#strip.show(view.snapshot.compare?.a.tokens ?? []);
    for (const part of this.parts) part.render(view);
    this.emphasise(view);
  }

  emphasise(view: DiffView): void {
    this.#view = view;
    const { compare } = view.snapshot;
    const chosen = predictedAfter(view);
    const hovered = hoveredTokens(view);
    this.#strip.mark({
      shade: compare === null ? null : relativeToLargest(compare.klPerToken),
      color: 'var(--gqa-more)',
      selected: chosen,
      hovered,
    });
    const query = hovered[0] ?? chosen;
    const kl = query === null ? undefined : compare?.klPerToken[query];
    this.#hovered.textContent =
      kl === undefined || query === null
        ? ''
        : `KL ${this.#where.textContent} token ${query}: ${formatNumber(kl, 3)} nat`;
  }
}
