/** Figure: what does each model expect next? The most probable next tokens of both after one position. */
import { isEncoderOnly } from '../../src/protocol/layers';
import type { Prediction } from '../../src/protocol/model';
import { element } from '../shared/dom';
import type { Figure } from '../shared/figure';
import { formatNumber } from '../shared/format';
import { shortLabel, tokenLabel } from '../shared/labels';
import { part } from '../shared/panel';
import type { DiffData } from './data';
import { attentionName, predictedAfter, type DiffView } from './view';

const SHOWN = 5;
const LABEL_LENGTH = 14;

export class NextTokens implements Figure<DiffView> {
  readonly element: HTMLElement;
  readonly #title = element('span');
  readonly #body = element('div', { class: 'next-tokens', 'data-testid': 'next-tokens' });
  readonly #data: DiffData;

  constructor(data: DiffData) {
    this.#data = data;
    this.element = part('next-tokens', this.#title, this.#body);
  }

  render(view: DiffView): void {
    const { compare, model, state } = view.snapshot;
    const position = predictedAfter(view);
    if (compare === null || position === null) {
      this.element.hidden = true;
      return;
    }
    this.element.hidden = false;
    const { a, b } = compare;
    const here = a.tokens[position];
    const label = shortLabel(here?.text ?? '', LABEL_LENGTH);
    // An encoder predicts the token of the place itself, which it sees unless it is masked.
    const encoderOnly = isEncoderOnly(model);
    const next = encoderOnly ? here : a.tokens[position + 1];
    this.#title.replaceChildren(
      encoderOnly ? `Predicted at “${label}”` : `Next token after “${label}”`,
      element(
        'span',
        { class: 'muted' },
        next === undefined || encoderOnly ? '' : ` · the text has “${tokenLabel(next.text)}”`,
      ),
    );
    const answer = this.#data.predictions.get({ runA: a.runId, runB: b.runId, position, count: SHOWN });
    this.#body.classList.toggle('loading', answer.state === 'loading');
    if (answer.state === 'failed') {
      this.#body.replaceChildren(element('p', { class: 'failed note' }, answer.error.message));
    } else if (answer.state === 'ready') {
      this.#body.dataset.position = String(position);
      const nextId = next?.id ?? null;
      this.#body.replaceChildren(
        list('a', attentionName(model.G, model.H), answer.value.a, nextId),
        list('b', attentionName(state.conversion.G, model.H), answer.value.b, nextId),
      );
    }
  }

  emphasise(): void {
    // It shows the chosen token, not the one under the pointer: each answer is a request.
  }
}

function list(side: 'a' | 'b', name: string, predictions: readonly Prediction[], next: number | null): HTMLElement {
  return element(
    'div',
    {},
    element('span', { class: 'muted' }, name),
    ...predictions.map(({ token, probability }) => {
      const bar = element('i');
      bar.style.setProperty('--amount', `${probability * 100}%`);
      return element(
        'div',
        {
          class: token.id === next ? 'prediction right' : 'prediction',
          'data-testid': `prediction-${side}`,
          'data-id': token.id,
          'data-probability': probability,
        },
        element('span', {}, shortLabel(token.text, LABEL_LENGTH)),
        element('span', { class: 'prediction-bar' }, bar),
        element('span', { class: 'muted' }, formatNumber(probability, 2)),
      );
    }),
  );
}
