/**
 * What the change does to words: KL of every next-token prediction over the text, and how both models go on.
 */
import { element } from '../shared/dom';
import type { Figure } from '../shared/figure';
import { relativeToLargest } from '../shared/relative';
import { TextStrip } from '../shared/textStrip';
import { commonPrefixLength } from './commonPrefix';
import type { DiffData } from './data';
import { attentionName, type DiffActions, type DiffView } from './view';

export class Words implements Figure<DiffView> {
  readonly element: HTMLElement;
  readonly #numbers = element('div', { class: 'pane-numbers' });
  readonly #strip: TextStrip;
  readonly #continuations = element('div', { class: 'continuations' });
  readonly #data: DiffData;
  #view: DiffView | null = null;

  constructor(actions: DiffActions, data: DiffData) {
    this.#data = data;
    this.#strip = new TextStrip({
      hover: (query) => actions.hover({ query, key: null }),
      select: (token) => actions.choose({ token: this.#view?.ui.token === token ? null : token }),
    });
    this.element = element(
      'section',
      { class: 'panel words' },
      element('div', { class: 'panel-head' }, element('h2', {}, 'Predictions'), this.#numbers),
      this.#strip.element,
      this.#continuations,
    );
  }

  render(view: DiffView): void {
    this.#view = view;
    const { compare } = view.snapshot;
    this.#strip.show(compare?.a.tokens ?? []);
    if (compare === null) {
      this.#numbers.replaceChildren();
      this.#continuations.replaceChildren();
      return;
    }
    const hovered = element('span', { class: 'muted hovered-kl' });
    this.#numbers.replaceChildren(
      hovered,
      element(
        'span',
        { class: 'figure', title: 'Mean KL(original ‖ converted) a token: the shade of the tokens' },
        element('span', { class: 'muted' }, 'mean KL'),
        element('b', { 'data-testid': 'kl' }, compare.klMean.toFixed(3)),
        element('span', { class: 'muted' }, 'nat'),
      ),
      element(
        'span',
        { class: 'figure', title: 'Share of positions with the same most probable next token' },
        element('span', { class: 'muted' }, 'same top token'),
        element('b', { 'data-testid': 'top1' }, `${(compare.top1Agreement * 100).toFixed(0)} %`),
      ),
    );
    this.#drawContinuations(view, compare.a.runId, compare.b.runId);
    this.emphasise(view);
  }

  emphasise(view: DiffView): void {
    this.#view = view;
    const { compare } = view.snapshot;
    const query = view.hover.query ?? view.ui.token;
    this.#strip.mark({
      shade: compare === null ? null : relativeToLargest(compare.klPerToken),
      color: 'var(--gqa-more)',
      selected: view.ui.token,
      hovered: [view.hover.query, view.hover.key].filter((place) => place !== null),
    });
    const hovered = this.#numbers.querySelector('.hovered-kl');
    const kl = query === null ? undefined : compare?.klPerToken[query];
    if (hovered !== null) hovered.textContent = kl === undefined ? '' : `KL after this token ${kl.toFixed(3)} nat`;
  }

  #drawContinuations(view: DiffView, runA: string, runB: string): void {
    const answer = this.#data.continuations.get({ runA, runB });
    const { model, state } = view.snapshot;
    if (answer.state === 'loading') {
      this.#continuations.replaceChildren(element('p', { class: 'hint' }, 'Both models are writing on…'));
    } else if (answer.state === 'failed') {
      this.#continuations.replaceChildren(element('p', { class: 'failed note' }, answer.error.message));
    } else {
      const { a, b } = answer.value;
      const texts = { a: onOneLine(a.text), b: onOneLine(b.text) };
      const common = commonPrefixLength(texts.a, texts.b);
      this.#continuations.replaceChildren(
        continuation(`${attentionName(model.G, model.H)} goes on`, texts.a, common),
        continuation(`${attentionName(state.conversion.G, model.H)} goes on`, texts.b, common),
      );
    }
  }
}

/** Line breaks as marks: a continuation often starts with several. */
function onOneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ⏎ ').trimStart();
}

/** The text a model writes; what both write alike is muted. */
function continuation(title: string, text: string, common: number): HTMLElement {
  return element(
    'div',
    {},
    element('span', { class: 'muted' }, title),
    element('p', { class: 'written' }, element('span', { class: 'muted' }, text.slice(0, common)), text.slice(common)),
  );
}
