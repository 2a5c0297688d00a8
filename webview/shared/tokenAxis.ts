/**
 * Token labels of a map. Along the diagonal of a causal one that is seen as a whole: right of cell (i, i) stands token i, and
 * names both the end of its row (query) and the top of its column (key), in the half of the square that is empty anyway; where
 * that is too narrow, beside the map. Others, and parts of maps, have their queries right of the rows and their keys below the
 * columns.
 * Role: the labels only; the map is heatmap.ts.
 */
import { select } from 'd3';
import type { Token } from '../../src/protocol/tokens';
import { element, watchWidth } from './dom';
import { labelWidth, shortLabel, visibleLabels } from './labels';
import type { LayerTokens } from './layerTokens';
import { isWhole, seenTokens, WHOLE_MAP, type MapView } from './mapView';

/** Pixels that a label needs to be read, and what of a label along the diagonal stands above the middle of its row (heatmap.css). */
const LABEL_HEIGHT = 10.5;
const ABOVE_ROW = 8;
/** Pixels between two labels that touch. */
const LEAST_DISTANCE = 8;
/** Pixels of a letter of a marked label, which is bold, and of what stands before the first. */
const LETTER = { width: 6.1, before: 5 };
const LABEL_LENGTH = { diagonal: 12, query: 9, key: 12 };

type Side = 'diagonal' | 'query' | 'key';

/** One label: where it stands, in shares of the map's sides. */
interface Label {
  side: Side;
  /** Right of the map, for want of room within it. */
  beside: boolean;
  place: number;
  left: number;
  top: number;
  text: string;
}

export class TokenAxis {
  readonly element: HTMLElement;
  readonly #labels = element('div');
  /** Labels of marked tokens lie over the others, which stay where they are: pointing moves a few elements only. */
  readonly #marks = element('div', { class: 'marked-labels' });
  #tokens: LayerTokens = { queries: [], keys: [] };
  #causal = true;
  #view: MapView = WHOLE_MAP;
  #width = 0;
  #marked: { queries: readonly (number | null)[]; keys: readonly (number | null)[] } = { queries: [], keys: [] };

  /** @param hover the pointer is on the label of a token, as a query, a key or (on the diagonal) both, or on none */
  constructor(hover?: (token: { query: number | null; key: number | null }) => void) {
    this.element = element('div', { class: 'token-axis', 'aria-hidden': 'true' }, this.#labels, this.#marks);
    if (hover !== undefined) {
      this.element.classList.add('hoverable');
      this.#labels.addEventListener('pointerover', ({ target }) => {
        if (!(target instanceof HTMLElement) || target.dataset.place === undefined) return;
        const place = Number(target.dataset.place);
        const { classList } = target;
        hover({ query: classList.contains('key') ? null : place, key: classList.contains('query') ? null : place });
      });
      this.#labels.addEventListener('pointerleave', () => hover({ query: null, key: null }));
    }
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
    this.#draw();
  }

  /** Shows the tokens of a part of the map. */
  look(view: MapView): void {
    if (view === this.#view) return;
    this.#view = view;
    this.#draw();
  }

  /** Tokens whose labels stand out, whether or not they had room. */
  mark(queries: readonly (number | null)[], keys: readonly (number | null)[]): void {
    const isSame = (one: readonly (number | null)[], other: readonly (number | null)[]): boolean =>
      one.length === other.length && one.every((place, index) => place === other[index]);
    if (isSame(queries, this.#marked.queries) && isSame(keys, this.#marked.keys)) return;
    this.#marked = { queries, keys };
    this.#drawMarks();
  }

  get #isDiagonal(): boolean {
    return this.#causal && isWhole(this.#view);
  }

  #draw(): void {
    const { queries, keys } = this.#tokens;
    this.element.classList.toggle('whole', !this.#isDiagonal);
    const seen = seenTokens(this.#view, queries.length, keys.length);
    place(
      this.#labels,
      this.#isDiagonal
        ? this.#along('diagonal', queries, [0, queries.length])
        : [...this.#along('query', queries, [seen.q0, seen.q1]), ...this.#along('key', keys, [seen.k0, seen.k1])],
    );
    this.#drawMarks();
  }

  #drawMarks(): void {
    const { queries, keys } = this.#tokens;
    const label = (side: Side, tokens: readonly Token[], places: readonly (number | null)[]): Label[] =>
      [...new Set(places)].flatMap((place) => (place === null ? [] : (this.#label(side, tokens, place) ?? [])));
    const { queries: rows, keys: columns } = this.#marked;
    place(
      this.#marks,
      this.#isDiagonal
        ? label('diagonal', queries, [...rows, ...columns])
        : [...label('query', queries, rows), ...label('key', keys, columns)],
    );
  }

  /** Labels of one side of the part that is seen: as many as have room. */
  #along(side: Side, tokens: readonly Token[], [from, to]: readonly [number, number]): Label[] {
    const count = tokens.length;
    const spacing = count === 0 ? 0 : this.#width / count / this.#view.span;
    const above = side === 'diagonal' ? ABOVE_ROW : 0;
    const places = visibleLabels(count, spacing, LABEL_HEIGHT, above);
    const [first = 0] = places;
    // The first token, which many heads look at, is named even where its label has to stand a little lower than its row.
    const hasFirst = first > 0 && (first + 0.5) * spacing - above >= LEAST_DISTANCE;
    return (hasFirst ? [0, ...places] : places)
      .filter((place) => place >= from && place < to)
      .flatMap((place) => this.#label(side, tokens, place) ?? []);
  }

  /** A token's label; null where its middle is out of sight. */
  #label(side: Side, tokens: readonly Token[], place: number): Label | null {
    const count = tokens.length;
    const { x, y, span } = this.#view;
    const across = ((place + (side === 'key' ? 0.5 : 1)) / count - x) / span;
    const down = ((place + 0.5) / count - y) / span;
    const along = side === 'key' ? across : down;
    if (place >= count || along < 0 || along > 1) return null;
    const text = shortLabel(tokens[place]?.text ?? '', LABEL_LENGTH[side]);
    if (side !== 'diagonal')
      return { side, beside: false, place, left: side === 'query' ? 1 : across, top: side === 'key' ? 1 : down, text };
    const beside = across * this.#width + labelWidth(text, LETTER) > this.#width;
    return {
      ...{ side, beside, place },
      left: beside ? 1 : across,
      // The first ones, which are seen when they are marked, would stand above the map.
      top: Math.max(down, ABOVE_ROW / Math.max(1, this.#width)),
      text: beside ? shortLabel(tokens[place]?.text ?? '', LABEL_LENGTH.query) : text,
    };
  }
}

function place(parent: HTMLElement, labels: Label[]): void {
  select(parent)
    .selectAll<HTMLSpanElement, Label>('span')
    .data(labels, ({ side, place }) => `${side} ${place}`)
    .join('span')
    .attr('class', ({ side, beside }) => (beside ? `${side} beside` : side))
    .attr('data-place', ({ place }) => place)
    .style('left', ({ left }) => `${left * 100}%`)
    .style('top', ({ top }) => `${top * 100}%`)
    .text(({ text }) => text);
}
