/**
 * The sample text as a strip of tokens, shaded by a number a token (attention received, or divergence).
 * Role: chips and their events; what the numbers mean is the view's business.
 */
import { t } from '@vscode/l10n';
import { select } from 'd3';
import type { Token } from '../../src/protocol/model';
import { element } from './dom';
import { tokenLabel } from './labels';

export interface TextStripEvents {
  hover(token: number | null): void;
  select(token: number): void;
}

/** How chips are shaded and outlined. */
export interface TextStripMarks {
  /** [S] shade of each token, 0 to 1; null shades none. */
  shade: readonly number[] | null;
  /** CSS colour of the shade. */
  color: string;
  selected: number | null;
  /** Hovered query and key. */
  hovered: readonly number[];
}

export class TextStrip {
  readonly element = element('div', { class: 'text-strip', role: 'listbox', 'aria-label': t('Tokens of the text') });
  readonly #events: TextStripEvents;
  #tokens: readonly Token[] = [];
  #chips: readonly HTMLElement[] = [];
  /** What each chip was marked with last. */
  #looks: string[] = [];

  constructor(events: TextStripEvents) {
    this.#events = events;
    this.element.addEventListener('pointerleave', () => events.hover(null));
    this.element.addEventListener('keydown', (event) => this.#press(event));
  }

  show(tokens: readonly Token[]): void {
    if (tokens === this.#tokens) return;
    this.#tokens = tokens;
    const events = this.#events;
    this.#looks = [];
    this.#chips = select(this.element)
      .selectAll<HTMLElement, Token>('.token')
      .data(tokens as Token[])
      .join('span')
      .attr('class', 'token')
      .attr('role', 'option')
      .attr('data-token', (_, place) => place)
      .attr('tabindex', (_, place) => (place === 0 ? 0 : -1))
      .attr('title', (token, place) => t('token {0}, id {1}', place, token.id))
      .classed('line-end', (token) => token.text.includes('\n'))
      .text((token) => tokenLabel(token.text))
      .on('pointerenter focus', (event: Event) => events.hover(tokenOf(event)))
      .on('blur', () => events.hover(null))
      .on('click', (event: Event) => events.select(tokenOf(event)))
      .nodes()
      .filter((chip) => chip instanceof HTMLElement);
  }

  /** Shades and outlines chips. It follows the pointer: only chips that change are touched. */
  mark({ shade, color, selected, hovered }: TextStripMarks): void {
    this.element.style.setProperty('--shade', color);
    this.#chips.forEach((chip, place) => {
      const amount = Math.round((shade?.[place] ?? 0) * 100);
      const look = `${amount} ${hovered.includes(place)} ${place === selected}`;
      if (this.#looks[place] === look) return;
      this.#looks[place] = look;
      chip.style.setProperty('--amount', `${amount}%`);
      chip.classList.toggle('hovered', hovered.includes(place));
      chip.classList.toggle('selected', place === selected);
      chip.setAttribute('aria-selected', String(place === selected));
    });
  }

  #press(event: KeyboardEvent): void {
    const chips = [...this.element.querySelectorAll<HTMLElement>('.token')];
    const current = chips.findIndex((chip) => chip === document.activeElement);
    if (event.key === 'Enter' || event.key === ' ') {
      if (current >= 0) this.#events.select(current);
    } else {
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (step === undefined) return;
      const next = chips[Math.min(chips.length - 1, Math.max(0, current + step))];
      chips[current]?.setAttribute('tabindex', '-1');
      next?.setAttribute('tabindex', '0');
      next?.focus();
    }
    event.preventDefault();
  }
}

function tokenOf(event: Event): number {
  return event.currentTarget instanceof HTMLElement ? Number(event.currentTarget.dataset.token) : 0;
}
