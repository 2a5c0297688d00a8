/**
 * Token labels along the diagonal of a causal map: right of cell (i, i) stands token i. There it names both the end of
 * its row (query) and the top of its column (key), in the half of the square that is empty anyway.
 * Role: the labels only; the map is heatmap.ts.
 */
import { select } from 'd3';
import type { Token } from '../../src/protocol/model';
import { element, watchWidth } from './dom';
import { shortLabel, visibleLabels } from './labels';

/** Pixels that a label needs to be read. */
const LABEL_HEIGHT = 10.5;
const LABEL_LENGTH = 12;

export class TokenAxis {
  readonly element = element('div', { class: 'token-axis', 'aria-hidden': 'true' });
  #tokens: readonly Token[] = [];
  #width = 0;
  #marked: readonly number[] = [];

  constructor() {
    watchWidth(this.element, (width) => {
      this.#width = width;
      this.#draw();
    });
  }

  /** Shows these tokens; a square map of side `tokens.length` is assumed to lie below. */
  show(tokens: readonly Token[]): void {
    if (tokens === this.#tokens) return;
    this.#tokens = tokens;
    this.#draw();
  }

  /** Tokens whose labels stand out, whether or not they had room. */
  mark(tokens: readonly number[]): void {
    if (tokens.join() === this.#marked.join()) return;
    this.#marked = tokens;
    this.#draw();
  }

  #draw(): void {
    const S = this.#tokens.length;
    const spacing = S === 0 ? 0 : this.#width / S;
    const regular = visibleLabels(S, spacing, LABEL_HEIGHT);
    const far = (token: number) => this.#marked.every((marked) => Math.abs(marked - token) * spacing >= LABEL_HEIGHT);
    const shown = [...new Set([...regular.filter(far), ...this.#marked])].filter((token) => token < S);
    select(this.element)
      .selectAll<HTMLSpanElement, number>('span')
      .data(shown, (token) => token)
      .join('span')
      .classed('marked', (token) => this.#marked.includes(token))
      .style('left', (token) => `${((token + 1) / S) * 100}%`)
      .style('top', (token) => `${((token + 0.5) / S) * 100}%`)
      .text((token) => shortLabel(this.#tokens[token]?.text ?? '', LABEL_LENGTH));
  }
}
