/**
 * The number under the pointer: which query token, which key token, which weight.
 * Role: a small card beside the pointer. The weight decoded from a map's code is shown at once and marked as rounded;
 * the exact one replaces it when it has arrived.
 */
import { t } from '@vscode/l10n';
import { element } from './dom';
import { formatWeight } from './format';
import { shortLabel } from './labels';
import { placeBeside } from './placement';
import type { ReadoutContent } from './readoutContent';

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
    const { title, query, key, weight, exact, note = '', others } = content;
    Object.assign(this.element.dataset, {
      query: String(query.place),
      key: String(key.place),
      weight: String(weight),
      exact: String(exact),
    });
    const largest = Math.max(weight, ...others.map((other) => other.weight), 1e-12);
    // Bars start at 0: signed numbers and scores have none.
    const hasBars = others.every((other) => other.weight >= 0);
    this.element.replaceChildren(
      element(
        'div',
        { class: 'readout-head' },
        element('b', {}, formatCell(weight)),
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
      element(
        'div',
        { class: hasBars ? 'readout-others' : 'readout-others numbers-only' },
        ...others.map((other) => line(other, hasBars ? largest : null)),
      ),
      ...(note === '' ? [] : [element('div', { class: 'muted' }, note)]),
    );
    this.element.hidden = false;
    placeBeside(this.element, at);
  }

  hide(): void {
    this.element.hidden = true;
  }
}

/** @param largest what a full bar is; null draws none */
function line(other: ReadoutContent['others'][number], largest: number | null): HTMLElement {
  return element(
    'div',
    { class: other.emphasised ? 'emphasised' : '' },
    element('span', {}, other.label),
    ...(largest === null ? [] : [bar(other.weight / largest)]),
    element('span', {}, formatCell(other.weight)),
  );
}

function bar(share: number): HTMLElement {
  const fill = element('i');
  fill.style.setProperty('--amount', `${share * 100}%`);
  return element('span', { class: 'readout-bar' }, fill);
}

/** A number of a cell; what a query does not see has none. */
function formatCell(value: number): string {
  return Number.isFinite(value) ? formatWeight(value) : t('not seen');
}
