/**
 * The sample text as a strip of tokens, shaded by a number a token (attention received, or divergence), with bars above and
 * below each for more numbers.
 * Role: chips and their events. Shades and bars are drawn by textInk.ts; what the numbers mean is the view's business.
 */
import './textStrip.css';
import { t } from '@vscode/l10n';
import { select } from 'd3';
import type { Token } from '../../src/protocol/tokens';
import { element } from './dom';
import { tokenLabel } from './labels';
import { TextInk } from './textInk';
import type { TokenBars } from './textInkMarks';

export interface TextStripEvents {
  hover(token: number | null): void;
  select(token: number): void;
  /** Escape was pressed. */
  leave?(): void;
}

/** How chips are shaded and outlined. */
export interface TextStripMarks {
  /** [S] shade of each token, 0 to 1; null shades none. */
  shade: readonly number[] | null;
  /** [S] a second shade: it takes the lower half of the tokens, and `shade` the upper one. */
  lowerShade?: readonly number[] | null;
  /** CSS colour of the shade. */
  color: string;
  /** Bars above and below the tokens, and how many there is always room for: pointing at a token must not move it. */
  barsAbove?: readonly TokenBars[];
  barsBelow?: readonly TokenBars[];
  room?: { above: number; below: number };
  selected: number | null;
  /** Hovered query and key. */
  hovered: readonly number[];
}

export class TextStrip {
  readonly element: HTMLElement;
  readonly #events: TextStripEvents;
  #tokens: readonly Token[] = [];
  #chips: HTMLElement[] = [];
  readonly #ink: TextInk;
  /** Of a thousand chips only those that change are touched. */
  #hovered: readonly number[] = [];
  #selected: number | null = null;
  #room = { above: 0, below: 0 };

  constructor(events: TextStripEvents, label = t('Tokens of the text')) {
    this.#events = events;
    this.element = element('div', { class: 'text-strip', role: 'listbox', 'aria-label': label });
    this.#ink = new TextInk(this.element);
    // The chips move with the width, the room for bars and the text; all of it changes the strip's size or its chips.
    new ResizeObserver(() => this.#ink.measure(this.element, this.#chips)).observe(this.element, { box: 'border-box' });
    this.element.addEventListener('pointerleave', () => events.hover(null));
    this.element.addEventListener('keydown', (event) => this.#press(event));
  }

  show(tokens: readonly Token[]): void {
    if (tokens === this.#tokens) return;
    this.#tokens = tokens;
    const events = this.#events;
    this.#chips = select(this.element)
      .selectAll<HTMLElement, Token>('.token')
      .data(tokens as Token[])
      .join('span')
      .attr('class', 'token')
      .attr('role', 'option')
      .attr('data-token', (_, place) => place)
      .attr('tabindex', (_, place) => (place === 0 ? 0 : -1))
      .attr('title', (token, place) => t('token {0}, id {1}', place, token.id))
      .attr('aria-selected', 'false')
      .classed('line-end', (token) => token.text.includes('\n'))
      .text((token) => tokenLabel(token.text))
      .on('pointerenter focus', (event: Event) => events.hover(tokenOf(event)))
      .on('blur', () => events.hover(null))
      .on('click', (event: Event) => events.select(tokenOf(event)))
      .nodes()
      .filter((node) => node instanceof HTMLElement);
    this.#hovered = [];
    this.#selected = null;
    this.#ink.measure(this.element, this.#chips);
  }

  mark(marks: TextStripMarks): void {
    const { shade, lowerShade = null, color, selected, hovered, barsAbove = [], barsBelow = [] } = marks;
    this.#makeRoom(marks.room ?? { above: barsAbove.length, below: barsBelow.length });
    this.#ink.show({ shade, lowerShade, color, barsAbove, barsBelow });
    for (const place of this.#hovered) this.#chips[place]?.classList.remove('hovered');
    for (const place of hovered) this.#chips[place]?.classList.add('hovered');
    this.#hovered = hovered;
    if (selected === this.#selected) return;
    this.#select(this.#selected, false);
    this.#select(selected, true);
    this.#selected = selected;
  }

  #select(token: number | null, isSelected: boolean): void {
    const chip = token === null ? undefined : this.#chips[token];
    chip?.classList.toggle('selected', isSelected);
    chip?.setAttribute('aria-selected', String(isSelected));
  }

  #makeRoom({ above, below }: { above: number; below: number }): void {
    if (above === this.#room.above && below === this.#room.below) return;
    this.#room = { above, below };
    this.element.style.setProperty('--above', String(above));
    this.element.style.setProperty('--below', String(below));
  }

  /** Scrolls a token into sight. */
  reveal(token: number): void {
    this.#chips[token]?.scrollIntoView({ block: 'nearest' });
  }

  #press(event: KeyboardEvent): void {
    const current = this.#chips.findIndex((chip) => chip === document.activeElement);
    if (event.key === 'Enter' || event.key === ' ') {
      if (current >= 0) this.#events.select(current);
    } else if (event.key === 'Escape') {
      if (this.#events.leave === undefined) return;
      this.#events.leave();
    } else {
      const next = this.#after(event.key, current);
      if (next === null) return;
      this.#chips[current]?.setAttribute('tabindex', '-1');
      this.#chips[next]?.setAttribute('tabindex', '0');
      this.#chips[next]?.focus();
    }
    event.preventDefault();
  }

  /** The token that a key leads to: left and right by one, up and down by a line of the text. */
  #after(key: string, current: number): number | null {
    const last = this.#chips.length - 1;
    switch (key) {
      case 'ArrowLeft':
        return Math.max(0, current - 1);
      case 'ArrowRight':
        return Math.min(last, current + 1);
      case 'Home':
        return 0;
      case 'End':
        return last;
      case 'ArrowUp':
        return this.#inNextLine(current, -1);
      case 'ArrowDown':
        return this.#inNextLine(current, 1);
      default:
        return null;
    }
  }

  /** The token nearest to one in the line above or below; itself where there is none. */
  #inNextLine(current: number, by: 1 | -1): number {
    const from = this.#chips[current]?.getBoundingClientRect();
    if (from === undefined) return 0;
    let best = current;
    let line: number | null = null;
    let nearest = Infinity;
    for (let place = current + by; place >= 0 && place < this.#chips.length; place += by) {
      const box = this.#chips[place]?.getBoundingClientRect();
      if (box === undefined || Math.abs(box.top - from.top) < from.height / 2) continue;
      line ??= box.top;
      if (Math.abs(box.top - line) > box.height / 2) break;
      const distance = Math.abs(box.left + box.width / 2 - from.left - from.width / 2);
      if (distance < nearest) [best, nearest] = [place, distance];
    }
    return best;
  }
}

function tokenOf(event: Event): number {
  return event.currentTarget instanceof HTMLElement ? Number(event.currentTarget.dataset.token) : 0;
}
