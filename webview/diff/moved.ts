/**
 * Figure: where did predictions change most? The worst tokens, by KL or by how much their own loss rose, each a button that
 * chooses it.
 */
import { t } from '@vscode/l10n';
import { isEncoderOnly } from '../../src/protocol/layers';
import type { CompareSummary } from '../../src/protocol/measures';
import { plainButton, Segmented } from '../shared/controls';
import { element } from '../shared/dom';
import type { Figure, FigureNumbers } from '../shared/figure';
import { formatNumber } from '../shared/format';
import { tokenLabel } from '../shared/labels';
import { part } from '../shared/panel';
import { mostMoved } from './mostMoved';
import { predictedAfter, type DiffActions, type DiffView } from './view';

const SHOWN = 8;
/** Tokens before a prediction that are shown with it. */
const CONTEXT = 4;

export class Moved implements Figure<DiffView> {
  readonly element: HTMLElement;
  readonly #rows = element('ol', { class: 'moved' });
  readonly #head = element('div', { class: 'moved-head muted' });
  readonly #by: Segmented;
  readonly #actions: DiffActions;
  /** Then a prediction is of the token of its place, and not of the one after it. */
  #isEncoder = false;

  constructor(actions: DiffActions) {
    this.#actions = actions;
    this.#by = new Segmented(
      'moved-by',
      t('Worst tokens by'),
      [
        { value: 'kl', title: t('KL'), description: t('How far the prediction as a whole has moved') },
        { value: 'loss', title: t('Loss'), description: t('How much less probable the token of the text has become') },
      ],
      (value) => actions.choose({ movedBy: value === 'loss' ? 'loss' : 'kl' }),
    );
    this.element = part('moved-most', element('span', {}, t('Moved most')), this.#by.element, this.#head, this.#rows);
  }

  render(view: DiffView): void {
    const { compare, model, sides } = view.snapshot;
    if (compare === null) return;
    this.#isEncoder = isEncoderOnly(model);
    this.#by.element.hidden = this.#isEncoder;
    this.#by.show(movedBy(view));
    const chosen = predictedAfter(view);
    this.#head.replaceChildren(
      ...[t('KL'), this.#isEncoder ? t('at') : t('after'), t('the text has'), this.#isEncoder ? '' : t('loss')].map(
        (name) => element('span', {}, name),
      ),
    );
    this.#head.title = this.#isEncoder ? '' : t('Loss in nats: {0} → {1}', sides.a.name, sides.b.name);
    const places = worst(view);
    this.#head.hidden = places.length === 0;
    this.#rows.replaceChildren(
      ...(places.length === 0
        ? [element('li', { class: 'muted' }, nothing(view))]
        : places.map((place) => this.#row(compare, place, place === chosen))),
    );
  }

  emphasise(): void {
    // The list does not follow the pointer.
  }

  numbers(view: DiffView): FigureNumbers | null {
    const { compare, sides } = view.snapshot;
    if (compare === null) return null;
    const { a, b, klPerToken } = compare;
    return {
      title: t('Tokens that moved most, {0} against {1}', sides.b.name, sides.a.name),
      columns: [
        ...[t('Position'), t('Token'), t('KL (nats)'), t('Next token')],
        ...[a, b].map((_, side) => t('Loss of {0} (nats)', side === 0 ? sides.a.name : sides.b.name)),
      ],
      rows: worst(view).map((place) => [
        ...[place, a.tokens[place]?.text ?? '', klPerToken[place] ?? null, a.tokens[place + 1]?.text ?? null],
        ...[a, b].map(({ lossPerToken }) => lossPerToken[place] ?? null),
      ]),
    };
  }

  #row(compare: CompareSummary, place: number, isChosen: boolean): HTMLElement {
    const { a, b, klPerToken } = compare;
    const end = this.#isEncoder ? place : place + 1;
    const next = a.tokens[end];
    const losses = [a.lossPerToken[place], b.lossPerToken[place]].flatMap((loss) => (loss === undefined ? [] : [loss]));
    const context = a.tokens.slice(Math.max(0, end - CONTEXT), end).map(({ text }) => text);
    const row = plainButton(
      '',
      { 'data-testid': 'moved-token', 'data-token': String(place), 'aria-pressed': String(isChosen) },
      () => this.#actions.choose({ token: place }),
    );
    row.append(
      element('b', {}, formatNumber(klPerToken[place] ?? NaN, 2)),
      element('span', { class: 'moved-context muted' }, context.join('').replace(/\s+/g, ' ')),
      element('span', { class: 'moved-next' }, next === undefined ? '…' : tokenLabel(next.text)),
      element('span', { class: 'muted' }, losses.map((loss) => formatNumber(loss, 2)).join(' → ')),
    );
    return element('li', {}, row);
  }
}

/** An encoder has no loss on a text that is not masked. */
function movedBy({ snapshot: { model }, ui }: DiffView): DiffView['ui']['movedBy'] {
  return isEncoderOnly(model) ? 'kl' : ui.movedBy;
}

function nothing(view: DiffView): string {
  return movedBy(view) === 'kl'
    ? t('Nothing: both sides predict the same.')
    : t('Nothing: no token has become less probable.');
}

/** Positions of the worst tokens, worst first. */
function worst(view: DiffView): number[] {
  const { compare } = view.snapshot;
  if (compare === null) return [];
  const { a, b, klPerToken } = compare;
  const rises = a.lossPerToken.map((loss, place) => (b.lossPerToken[place] ?? loss) - loss);
  return mostMoved(movedBy(view) === 'kl' ? klPerToken : rises, SHOWN);
}
