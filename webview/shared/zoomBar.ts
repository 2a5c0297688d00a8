/** Buttons and words of a zoom: what part of the maps is seen, and the way back. Role: controls only; views are mapView.ts. */
import { t } from '@vscode/l10n';
import { formatInteger } from '../../src/protocol/numbers';
import { button } from './controls';
import { element } from './dom';
import { isWhole, seenTokens, type MapView } from './mapView';
import './zoomBar.css';

/** Zoom of one press. */
const FACTOR = 2;

export class ZoomBar {
  readonly element: HTMLElement;
  readonly #words = element('span', { class: 'muted zoom-words', role: 'status', 'data-testid': 'zoom-words' });
  readonly #out: ReturnType<typeof button>;
  readonly #whole: ReturnType<typeof button>;

  /** @param zoom called with a factor, or with null for the whole map */
  constructor(zoom: (factor: number | null) => void) {
    const [nearer, farther] = [t('Zoom in (Ctrl and wheel, or +)'), t('Zoom out (Ctrl and wheel, or -)')];
    this.#out = button('−', { 'data-testid': 'zoom-out', 'aria-label': farther, title: farther }, () =>
      zoom(1 / FACTOR),
    );
    const into = button('+', { 'data-testid': 'zoom-in', 'aria-label': nearer, title: nearer }, () => zoom(FACTOR));
    const whole = t('Show the whole maps (double click, Escape or 0)');
    this.#whole = button(t('Whole map'), { 'data-testid': 'zoom-reset', title: whole }, () => zoom(null));
    this.element = element('div', { class: 'zoom-bar', role: 'group', 'aria-label': t('Zoom') });
    this.element.append(this.#words, this.#out, into, this.#whole);
  }

  /** Says what part of maps of S queries and T keys is seen. @param isMoving it has not come to rest: nobody keeps it yet */
  show(view: MapView, S: number, T: number, isMoving: boolean): void {
    this.element.dataset.moving = String(isMoving);
    this.#out.disabled = this.#whole.disabled = isWhole(view);
    this.#words.textContent = isWhole(view) ? '' : seenWords(view, S, T);
  }
}

function seenWords(view: MapView, S: number, T: number): string {
  const { q0, q1, k0, k1 } = seenTokens(view, S, T);
  const range = (from: number, end: number): string => `${from}–${end - 1}`;
  if (S === T && q0 === k0 && q1 === k1) return t('tokens {0} of {1}', range(q0, q1), formatInteger(S));
  if (S === T) return t('queries {0}, keys {1} of {2}', range(q0, q1), range(k0, k1), formatInteger(S));
  return t('queries {0} of {1}, keys {2} of {3}', range(q0, q1), formatInteger(S), range(k0, k1), formatInteger(T));
}
