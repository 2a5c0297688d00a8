/**
 * The number under the pointer: which query token, which key token, which weight.
 * Role: a small card beside the pointer. The weight decoded from a map's code is shown at once and marked as rounded;
 * the exact one replaces it when it has arrived.
 */
import { element } from './dom';
import { formatWeight } from './format';
import { shortLabel } from './labels';
import { placeBeside } from './placement';

export interface ReadoutContent {
  /** What map: "Q3" or "mean of KV 1". */
  title: string;
  query: { place: number; text: string };
  key: { place: number; text: string };
  weight: number;
  exact: boolean;
  /** Further values of the same cell: the members of a group, the other run. */
  others: { label: string; weight: number; emphasised: boolean }[];
}

const TOKEN_LENGTH = 18;

export class Readout {
  readonly element = element('div', {
    class: 'readout',
    role: 'status',
    'aria-live': 'polite',
    'data-testid': 'readout',
    hidden: true,
  });

  /** @param at screen position of the pointer */
  show(content: ReadoutContent, at: { x: number; y: number }): void {
    const { title, query, key, weight, exact, others } = content;
    Object.assign(this.element.dataset, {
      query: String(query.place),
      key: String(key.place),
      weight: String(weight),
      exact: String(exact),
    });
    const largest = Math.max(weight, ...others.map((other) => other.weight), 1e-12);
    this.element.replaceChildren(
      element(
        'div',
        { class: 'readout-head' },
        element('b', {}, formatWeight(weight)),
        element('span', { class: 'muted' }, title),
      ),
      element(
        'div',
        { class: 'readout-pair' },
        element('q', {}, shortLabel(query.text, TOKEN_LENGTH)),
        element('span', { class: 'muted' }, String(query.place)),
        ' → ',
        element('q', {}, shortLabel(key.text, TOKEN_LENGTH)),
        element('span', { class: 'muted' }, String(key.place)),
      ),
      element('div', { class: 'readout-others' }, ...others.map((other) => bar(other, largest))),
    );
    this.element.hidden = false;
    placeBeside(this.element, at);
  }

  hide(): void {
    this.element.hidden = true;
  }
}

function bar(other: ReadoutContent['others'][number], largest: number): HTMLElement {
  const fill = element('i');
  fill.style.setProperty('--amount', `${(other.weight / largest) * 100}%`);
  return element(
    'div',
    { class: other.emphasised ? 'emphasised' : '' },
    element('span', {}, other.label),
    element('span', { class: 'readout-bar' }, fill),
    element('span', {}, formatWeight(other.weight)),
  );
}
