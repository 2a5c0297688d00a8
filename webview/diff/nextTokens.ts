/**
 * Figure: what does each model expect next? The most probable next tokens of both after one position, rank beside rank;
 * tokens that only one of the lists has are marked, the others tell their rank in the other list.
 */
import { t } from '@vscode/l10n';
import { isEncoderOnly } from '../../src/protocol/layers';
import { element } from '../shared/dom';
import type { Figure, FigureNumbers } from '../shared/figure';
import { formatNumber } from '../shared/format';
import { shortLabel, tokenLabel } from '../shared/labels';
import { part } from '../shared/panel';
import { aligned, type RankedPrediction } from './alignedLists';
import type { DiffData } from './data';
import { predictedAfter, type DiffView, type Side } from './view';

const SHOWN = 5;
const LABEL_LENGTH = 14;

export class NextTokens implements Figure<DiffView> {
  readonly element: HTMLElement;
  readonly #title = element('span');
  readonly #body = element('div', { class: 'next-tokens', 'data-testid': 'next-tokens' });
  readonly #note = element('p', { class: 'muted note' });
  readonly #data: DiffData;

  constructor(data: DiffData) {
    this.#data = data;
    this.element = part('predictions', this.#title, this.#body, this.#note);
  }

  render(view: DiffView): void {
    const { compare, model, sides } = view.snapshot;
    const position = predictedAfter(view);
    if (compare === null || position === null) {
      this.element.hidden = true;
      return;
    }
    this.element.hidden = false;
    const { tokens } = compare.a;
    const label = shortLabel(tokens[position]?.text ?? '', LABEL_LENGTH);
    // An encoder predicts the token of the place itself, which it sees unless it is masked.
    const encoderOnly = isEncoderOnly(model);
    const next = encoderOnly ? tokens[position] : tokens[position + 1];
    this.#title.replaceChildren(
      encoderOnly ? t('Predicted at “{0}”', label) : t('Next token after “{0}”', label),
      element(
        'span',
        { class: 'muted' },
        next === undefined || encoderOnly ? '' : ` · ${t('the text has “{0}”', tokenLabel(next.text))}`,
      ),
    );
    this.#note.textContent = t(
      'Dashed: not among the first {0} of the other side. Underlined: what the text has.',
      SHOWN,
    );
    const answer = this.#data.predictions.get(requestOf(compare, position));
    this.#body.classList.toggle('loading', answer.state === 'loading');
    if (answer.state === 'failed') {
      this.#body.replaceChildren(element('p', { class: 'failed note' }, answer.error.message));
    } else if (answer.state === 'ready') {
      this.#body.dataset.position = String(position);
      const { a, b } = aligned(answer.value.a, answer.value.b);
      const names = { a: sides.a.name, b: sides.b.name };
      const most = Math.max(...[...a, ...b].map(({ probability }) => probability));
      this.#body.replaceChildren(
        ...(['a', 'b'] as const).map((side) => element('span', { class: 'muted' }, names[side])),
        ...Array.from({ length: Math.max(a.length, b.length) }, (_, rank) => [
          cell('a', a[rank], names.b, most, next?.id ?? null),
          cell('b', b[rank], names.a, most, next?.id ?? null),
        ]).flat(),
      );
    }
  }

  emphasise(): void {
    // It shows the chosen token, not the one under the pointer: each answer is a request.
  }

  numbers(view: DiffView): FigureNumbers | null {
    const { compare, sides } = view.snapshot;
    const position = predictedAfter(view);
    const answer =
      compare === null || position === null ? null : this.#data.predictions.peek(requestOf(compare, position));
    if (answer === null || compare === null || position === null) return null;
    return {
      title: t('Most probable tokens at position {0}, {1}', position, compare.a.tokens[position]?.text ?? ''),
      columns: [t('Side'), t('Rank'), t('Token'), t('Id'), t('Probability')],
      rows: (['a', 'b'] as const).flatMap((side) =>
        answer[side].map(({ token, probability }, rank) => [
          sides[side].name,
          rank + 1,
          token.text,
          token.id,
          probability,
        ]),
      ),
    };
  }
}

function requestOf({ a, b }: { a: { runId: string }; b: { runId: string } }, position: number) {
  return { runA: a.runId, runB: b.runId, position, count: SHOWN };
}

/** @param other name of the other side  @param most probability of a full bar  @param next id of what the text has */
function cell(
  side: Side,
  entry: RankedPrediction | undefined,
  other: string,
  most: number,
  next: number | null,
): HTMLElement {
  if (entry === undefined) return element('span');
  const { token, probability, elsewhere } = entry;
  const bar = element('i');
  bar.style.setProperty('--amount', `${(probability / most) * 100}%`);
  const where = elsewhere < 0 ? t('not in the list of {0}', other) : t('number {0} of {1}', elsewhere + 1, other);
  const classes = ['prediction', token.id === next ? 'right' : '', elsewhere < 0 ? 'only' : ''];
  return element(
    'div',
    {
      class: classes.filter((name) => name !== '').join(' '),
      title: `${tokenLabel(token.text)} (id ${token.id}): ${probability.toPrecision(4)}, ${where}`,
      'data-testid': `prediction-${side}`,
      'data-id': token.id,
      'data-probability': probability,
      'data-elsewhere': elsewhere,
    },
    element('span', { class: 'prediction-word' }, shortLabel(token.text, LABEL_LENGTH)),
    element('span', { class: 'prediction-bar' }, bar),
    element('span', { class: 'muted' }, formatNumber(probability, 2)),
  );
}
