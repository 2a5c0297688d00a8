/** Figure: where did predictions change most? The tokens with the largest KL, each a button that chooses it. */
import { isEncoderOnly } from '../../src/protocol/layers';
import type { CompareSummary } from '../../src/protocol/model';
import { plainButton } from '../shared/controls';
import { element } from '../shared/dom';
import type { Figure } from '../shared/figure';
import { formatNumber } from '../shared/format';
import { tokenLabel } from '../shared/labels';
import { part } from '../shared/panel';
import { mostMoved } from './mostMoved';
import { predictedAfter, type DiffActions, type DiffView } from './view';

const SHOWN = 6;
/** Tokens before a prediction that are shown with it. */
const CONTEXT = 4;

export class Moved implements Figure<DiffView> {
  readonly element: HTMLElement;
  readonly #rows = element('ol', { class: 'moved' });
  readonly #actions: DiffActions;
  /** Then a prediction is of the token of its place, and not of the one after it. */
  #isEncoder = false;

  constructor(actions: DiffActions) {
    this.#actions = actions;
    this.element = part('moved', element('span', {}, 'Moved most'), this.#rows);
  }

  render(view: DiffView): void {
    const { compare, model } = view.snapshot;
    if (compare === null) return;
    this.#isEncoder = isEncoderOnly(model);
    const chosen = predictedAfter(view);
    this.#rows.replaceChildren(
      ...mostMoved(compare.klPerToken, SHOWN).map((place) => this.#row(compare, place, place === chosen)),
    );
  }

  emphasise(): void {
    // The list does not follow the pointer.
  }

  #row({ a, b, klPerToken }: CompareSummary, place: number, isChosen: boolean): HTMLElement {
    const next = a.tokens[this.#isEncoder ? place : place + 1];
    const end = this.#isEncoder ? place : place + 1;
    const losses = [a.lossPerToken[place], b.lossPerToken[place]].map((loss) => (loss ?? NaN).toFixed(2));
    const title =
      next === undefined || this.#isEncoder ? '' : `Loss of ${tokenLabel(next.text)}: ${losses.join(' → ')} nat`;
    const context = a.tokens.slice(Math.max(0, end - CONTEXT), end).map(({ text }) => text);
    const row = plainButton(
      '',
      { 'data-testid': 'moved-token', 'data-token': String(place), 'aria-pressed': String(isChosen), title },
      () => this.#actions.choose({ token: place }),
    );
    row.append(
      element('b', {}, formatNumber(klPerToken[place] ?? NaN, 2)),
      element('span', { class: 'moved-context muted' }, context.join('').replace(/\s+/g, ' ')),
      element('span', { class: 'moved-next' }, next === undefined ? '…' : tokenLabel(next.text)),
    );
    return element('li', {}, row);
  }
}
