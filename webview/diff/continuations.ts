/** Figure: how do both models write on? Greedy continuations; what both write alike is muted. */
import { t } from '@vscode/l10n';
import { isEncoderOnly } from '../../src/protocol/layers';
import { element } from '../shared/dom';
import type { Figure, FigureNumbers } from '../shared/figure';
import { part } from '../shared/panel';
import { commonPrefixLength } from './commonPrefix';
import type { DiffData } from './data';
import { continuationNumbers } from './numbers';
import type { DiffView } from './view';

export class Continuations implements Figure<DiffView> {
  readonly element: HTMLElement;
  readonly #body = element('div', { class: 'continuations' });
  readonly #data: DiffData;

  constructor(data: DiffData) {
    this.#data = data;
    this.element = part('going-on', element('span', {}, t('How both go on')), this.#body);
  }

  render({ snapshot: { compare, model, sides } }: DiffView): void {
    this.element.hidden = isEncoderOnly(model);
    if (compare === null || isEncoderOnly(model)) {
      this.#body.replaceChildren();
      return;
    }
    const answer = this.#data.continuations.get({ runA: compare.a.runId, runB: compare.b.runId });
    if (answer.state === 'loading') {
      this.#body.replaceChildren(element('p', { class: 'hint' }, t('Both models are writing on…')));
    } else if (answer.state === 'failed') {
      this.#body.replaceChildren(element('p', { class: 'failed note' }, answer.error.message));
    } else {
      const { a, b } = answer.value;
      const texts = { a: onOneLine(a.text), b: onOneLine(b.text) };
      const common = commonPrefixLength(texts.a, texts.b);
      this.#body.replaceChildren(
        continuation(sides.a.name, texts.a, common),
        continuation(sides.b.name, texts.b, common),
      );
    }
  }

  numbers(view: DiffView): FigureNumbers | null {
    return continuationNumbers(view, this.#data);
  }

  emphasise(): void {
    // Nothing here follows the pointer.
  }
}

/** Line breaks as marks: a continuation often starts with several. */
function onOneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ⏎ ').trimStart();
}

function continuation(title: string, text: string, common: number): HTMLElement {
  return element(
    'div',
    {},
    element('span', { class: 'muted' }, title),
    element('p', { class: 'written' }, element('span', { class: 'muted' }, text.slice(0, common)), text.slice(common)),
  );
}
