/**
 * Figure: which predictions differ? KL along the text as a strip and as shades of its words, and below it the tokens that
 * moved most, what both models expect next, and how they go on.
 */
import './klStrip.css';
import { t } from '@vscode/l10n';
import { isEncoderOnly } from '../../src/protocol/layers';
import { element } from '../shared/dom';
import type { Figure, FigureNumbers } from '../shared/figure';
import { formatNumber } from '../shared/format';
import { panel } from '../shared/panel';
import { relativeToLargest } from '../shared/relative';
import { TextStrip } from '../shared/textStrip';
import { Continuations } from './continuations';
import type { DiffData } from './data';
import { describeToken, KlStrip } from './klStrip';
import { Moved } from './moved';
import { NextTokens } from './nextTokens';
import { hoveredTokens, NO_HOVER, predictedAfter, type DiffActions, type DiffView } from './view';

export class Words implements Figure<DiffView> {
  readonly element: HTMLElement;
  readonly #hovered = element('div', { class: 'muted note', 'aria-live': 'polite', 'data-testid': 'token-kl' });
  readonly #what = element('span');
  readonly #largest = element('span');
  readonly #kl: KlStrip;
  readonly #strip: TextStrip;
  readonly parts: readonly Figure<DiffView>[];
  #view: DiffView | null = null;

  constructor(actions: DiffActions, data: DiffData) {
    this.#strip = new TextStrip({
      hover: (token) => actions.hover({ ...NO_HOVER, token }),
      select: (token) => actions.choose({ token: this.#view?.ui.token === token ? null : token }),
    });
    this.#kl = new KlStrip(actions);
    this.parts = [new Moved(actions), new NextTokens(data), new Continuations(data)];
    this.element = panel(
      'words',
      element('span', {}, t('Predictions changed, token by token')),
      this.#hovered,
      element(
        'p',
        { class: 'muted note' },
        this.#what,
        ' ',
        element('span', { class: 'kl-scale' }, t('Shade: 0'), element('i'), this.#largest),
      ),
      this.#kl.element,
      this.#strip.element,
      element('div', { class: 'words-parts figure-parts' }, ...this.parts.map((part) => part.element)),
    );
  }

  render(view: DiffView): void {
    this.#view = view;
    const { compare, model, sides } = view.snapshot;
    const names = [sides.a.name, sides.b.name];
    this.#what.textContent = isEncoderOnly(model)
      ? t('KL({0} ‖ {1}) of the prediction at each token, in nats: 0 is unchanged, lower is better.', ...names)
      : t('KL({0} ‖ {1}) of the prediction after each token, in nats: 0 is unchanged, lower is better.', ...names);
    this.#largest.textContent = t('{0} nat', formatNumber(Math.max(0, ...(compare?.klPerToken ?? [])), 2));
    this.#strip.show(compare?.a.tokens ?? []);
    this.#kl.render(view);
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
    this.#kl.emphasise(view);
    this.#hovered.textContent = describeToken(view, hovered[0] ?? chosen);
  }

  numbers(view: DiffView): FigureNumbers | null {
    return this.#kl.numbers(view);
  }
}
