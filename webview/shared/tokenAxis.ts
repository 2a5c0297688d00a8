/**
 * Token labels of a map. Along the diagonal of a causal one: right of cell (i, i) stands token i, and names both the end of
 * its row (query) and the top of its column (key), in the half of the square that is empty anyway. Other maps have
 * their queries right of the rows and their keys below the columns.
 * Role: the labels only; the map is heatmap.ts.
 */
import { select } from 'd3';
import type { Token } from '../../src/protocol/model';
import { element, watchWidth } from './dom';
import { shortLabel, visibleLabels } from './labels';
import type { LayerTokens } from './layerTokens';

/** Pixels that a label needs to be read. */
const LABEL_HEIGHT = 10.5;
const LABEL_LENGTH = { diagonal: 12, query: 9, key: 12 };

/** One label: where it stands, in shares of the map's sides. */
interface Label {
  side: 'diagonal' | 'query' | 'key';
  place: number;
  left: number;
  top: number;
  text: string;
  marked: boolean;
}

export class TokenAxis {
  readonly element = element('div', { class: 'token-axis', 'aria-hidden': 'true' });
  #tokens: LayerTokens = { queries: [], keys: [] };
  #causal = true;
  #width = 0;
  #marked: { queries: readonly number[]; keys: readonly number[] } = { queries: [], keys: [] };

  constructor() {
    watchWidth(this.element, (width) => {
      this.#width = width;
      this.#draw();
    });
  }

  /** Shows the tokens of a map that lies below. */
  show(tokens: LayerTokens, causal: boolean): void {
    const { queries, keys } = this.#tokens;
    if (tokens.queries === queries && tokens.keys === keys && causal === this.#causal) return;
    this.#tokens = tokens;
    this.#causal = causal;
    this.element.classList.toggle('whole', !causal);
    this.#draw();
  }

  /** Tokens whose labels stand out, whether or not they had room. */
  mark(queries: readonly (number | null)[], keys: readonly (number | null)[]): void {
    const marked = { queries: queries.filter((place) => place !== null), keys: keys.filter((place) => place !== null) };
    if (JSON.stringify(marked) === JSON.stringify(this.#marked)) return;
    this.#marked = marked;
    this.#draw();
  }

  #draw(): void {
    const { queries, keys } = this.#tokens;
    const labels = this.#causal
      ? this.#along('diagonal', queries, [...this.#marked.queries, ...this.#marked.keys])
      : [...this.#along('query', queries, this.#marked.queries), ...this.#along('key', keys, this.#marked.keys)];
    select(this.element)
      .selectAll<HTMLSpanElement, Label>('span')
      .data(labels, ({ side, place }) => `${side} ${place}`)
      .join('span')
      .attr('class', ({ side }) => side)
      .classed('marked', ({ marked }) => marked)
      .style('left', ({ left }) => `${left * 100}%`)
      .style('top', ({ top }) => `${top * 100}%`)
      .text(({ text }) => text);
  }

  /** Labels of one side: as many as have room, and the marked ones. */
  #along(side: Label['side'], tokens: readonly Token[], marked: readonly number[]): Label[] {
    const count = tokens.length;
    const spacing = count === 0 ? 0 : this.#width / count;
    const far = (place: number): boolean => marked.every((one) => Math.abs(one - place) * spacing >= LABEL_HEIGHT);
    const regular = visibleLabels(count, spacing, LABEL_HEIGHT).filter(far);
    const shown = [...new Set([...regular, ...marked])].filter((place) => place < count);
    return shown.map((place) => ({
      side,
      place,
      left: side === 'query' ? 1 : (place + (side === 'key' ? 0.5 : 1)) / count,
      top: side === 'key' ? 1 : (place + 0.5) / count,
      text: shortLabel(tokens[place]?.text ?? '', LABEL_LENGTH[side]),
      marked: marked.includes(place),
    }));
  }
}
