/**
 * Attention as lines between two columns of tokens: who looks stands left, what is looked at right. Only the rows in sight
 * are in the page, so that 1 024 tokens scroll as 20 do.
 * Role: drawing and telling what is done. Which weights there are, and of whom, is text.ts.
 */
import { t } from '@vscode/l10n';
import { select } from 'd3';
import type { Token } from '../../../src/protocol/tokens';
import { element, watchWidth } from '../../shared/dom';
import { groupColor, paintGroups } from '../../shared/groupLook';
import { tokenLabel } from '../../shared/labels';
import { rowsInSight } from '../../shared/rowsInSight';
import { lineEnd, lineLook, linePath, linesOutOfSight, ROW, type Line } from './textLinesLayout';
import { seriesColor, type Focus, type Series } from './textSeries';

export type Side = 'query' | 'key';

export interface LinesEvents {
  hover(side: Side, token: number | null): void;
  pin(side: Side, token: number): void;
  unpin(): void;
  /** Other rows are in sight. */
  scrolled(): void;
}

export interface LinesContent {
  queries: readonly Token[];
  keys: readonly Token[];
  series: readonly Series[];
  lines: readonly Line<Series>[];
  focus: Focus;
  /** Shade of each token, 0 to 1. */
  shades: Record<Side, readonly number[] | null>;
  pinned: Record<Side, number | null>;
}

interface Column {
  element: HTMLElement;
  /** Where the keyboard is. */
  place: number;
}

const sides: readonly Side[] = ['query', 'key'];

export class TextLines {
  readonly element = element('div', { class: 'lines-scroll', 'data-testid': 'text-lines' });
  readonly #body = element('div', { class: 'lines-body' });
  readonly #stage = element('div', { class: 'lines-stage' });
  readonly #svg = select(this.#stage).append('svg').attr('role', 'img');
  readonly #columns: Record<Side, Column>;
  readonly #events: LinesEvents;
  readonly #outOfSight = element('p', { class: 'note muted lines-far' });
  #content: LinesContent | null = null;
  #width = 0;

  constructor(events: LinesEvents) {
    this.#events = events;
    this.#columns = {
      query: this.#makeColumn('query', t('Tokens that look')),
      key: this.#makeColumn('key', t('Tokens looked at')),
    };
    this.#body.append(this.#columns.query.element, this.#stage, this.#columns.key.element);
    this.element.append(this.#body);
    watchWidth(this.#stage, (width) => {
      this.#width = width;
      this.#draw();
    });
    this.element.addEventListener('scroll', () => {
      this.#draw();
      events.scrolled();
    });
  }

  /** Says how many lines end out of sight; stands where the page wants it. */
  get outOfSight(): HTMLElement {
    return this.#outOfSight;
  }

  show(content: LinesContent): void {
    this.#content = content;
    const rows = Math.max(content.queries.length, content.keys.length);
    this.#body.style.setProperty('height', `${rows * ROW}px`);
    this.#draw();
  }

  /** Queries whose rows are in sight: first and the one after the last. */
  get inSight(): { first: number; end: number } {
    const rows = Math.max(this.#content?.queries.length ?? 0, this.#content?.keys.length ?? 0);
    return rowsInSight(this.element.scrollTop, this.element.clientHeight, ROW, rows);
  }

  /** Scrolls a token into sight. */
  reveal(token: number): void {
    const { scrollTop, clientHeight } = this.element;
    const top = token * ROW;
    if (top < scrollTop || top + ROW > scrollTop + clientHeight) this.element.scrollTop = top - clientHeight / 2;
    this.#draw();
  }

  #draw(): void {
    const content = this.#content;
    if (content === null || this.element.clientHeight === 0) return;
    for (const side of sides) this.#drawColumn(side, content);
    this.#drawLines(content);
  }

  #drawColumn(side: Side, content: LinesContent): void {
    const { element: column, place } = this.#columns[side];
    const tokens = side === 'query' ? content.queries : content.keys;
    const { first, end } = this.inSight;
    // The row of the keyboard stays: the list box names it as its active one.
    const shown = tokens
      .map((token, index) => ({ token, index }))
      .filter(({ index }) => (index >= first && index < end) || index === place);
    const looked = side === 'query' ? content.focus.query : content.focus.key;
    column.setAttribute('aria-activedescendant', `${side}-${Math.min(place, tokens.length - 1)}`);
    select(column)
      .selectAll<HTMLElement, { token: Token; index: number }>('.line-token')
      .data(shown, ({ index }) => index)
      .join((enter) => enter.append('div').attr('class', 'line-token').attr('role', 'option'))
      .attr('id', ({ index }) => `${side}-${index}`)
      .attr('data-token', ({ index }) => index)
      .attr('aria-setsize', tokens.length)
      .attr('aria-posinset', ({ index }) => index + 1)
      .attr('aria-selected', ({ index }) => String(index === content.pinned[side]))
      .attr('title', ({ token, index }) => t('token {0}, id {1}', index, token.id))
      .classed('focused', ({ index }) => index === looked)
      .classed('selected', ({ index }) => index === content.pinned[side])
      .style('top', ({ index }) => `${index * ROW}px`)
      .style('--amount', ({ index }) => `${Math.round((content.shades[side]?.[index] ?? 0) * 100)}%`)
      .text(({ token }) => tokenLabel(token.text));
  }

  #drawLines({ lines, series, focus, queries, keys }: LinesContent): void {
    const { scrollTop, clientHeight } = this.element;
    const place = new Map(series.map((one, index) => [one.id, index]));
    const end = (token: number, { id }: Series): number =>
      lineEnd(token, place.get(id) ?? 0, series.length) - scrollTop;
    this.#svg
      .attr('width', this.#width)
      .attr('height', clientHeight)
      .attr('aria-label', describe(lines, queries, keys))
      .selectAll<SVGPathElement, Line<Series>>('path')
      .data(lines as Line<Series>[], ({ query, key, series: { id } }) => `${id} ${query} ${key}`)
      .join('path')
      .attr('data-testid', 'attention-line')
      .attr('data-series', (line) => line.series.id)
      .attr('data-query', (line) => line.query)
      .attr('data-key', (line) => line.key)
      .attr('data-weight', (line) => line.weight)
      .call(paintGroups, (line: Line<Series>) => line.series.group)
      .style('stroke', (line) => seriesColor(line.series, groupColor(line.series.group)))
      .attr('stroke-width', (line) => lineLook(line.weight).width)
      .attr('stroke-opacity', (line) => lineLook(line.weight).opacity)
      .attr('d', (line) => linePath(end(line.query, line.series), end(line.key, line.series), this.#width));
    const ends = lines.map((line) => (line.query === focus.query ? line.key : line.query));
    const { above, below } =
      focus.query === null && focus.key === null
        ? { above: 0, below: 0 }
        : linesOutOfSight([...new Set(ends)], scrollTop, clientHeight);
    this.#outOfSight.textContent =
      above + below === 0 ? '' : t('{0} tokens above and {1} below are out of sight.', above, below);
  }

  #makeColumn(side: Side, label: string): Column {
    const list = element('div', {
      class: `line-column ${side}`,
      role: 'listbox',
      tabindex: 0,
      'aria-label': label,
      'data-testid': `lines-${side}`,
    });
    list.addEventListener('pointermove', (event) => {
      const token = tokenAt(event);
      if (token !== null) this.#events.hover(side, token);
    });
    list.addEventListener('pointerleave', () => this.#events.hover(side, null));
    list.addEventListener('click', (event) => {
      const token = tokenAt(event);
      if (token === null) return;
      this.#columns[side].place = token;
      this.#events.pin(side, token);
    });
    list.addEventListener('keydown', (event) => this.#press(event, side));
    list.addEventListener('focus', () => {
      if (!list.matches(':focus-visible')) return;
      this.#go(side, this.#content?.pinned[side] ?? this.#columns[side].place);
    });
    list.addEventListener('blur', () => this.#events.hover(side, null));
    return { element: list, place: 0 };
  }

  #press(event: KeyboardEvent, side: Side): void {
    const column = this.#columns[side];
    const count = (side === 'query' ? this.#content?.queries : this.#content?.keys)?.length ?? 0;
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW) - 2);
    const step = {
      ArrowUp: -1,
      ArrowDown: 1,
      PageUp: -page,
      PageDown: page,
      Home: -count,
      End: count,
    }[event.key];
    if (step !== undefined) this.#go(side, column.place + step);
    else if (event.key === 'ArrowLeft') this.#cross('query', column.place);
    else if (event.key === 'ArrowRight') this.#cross('key', column.place);
    else if (event.key === 'Enter' || event.key === ' ') this.#events.pin(side, column.place);
    else if (event.key === 'Escape') this.#events.unpin();
    else return;
    event.preventDefault();
  }

  /** Puts the keyboard on a token and looks at it. */
  #go(side: Side, token: number): void {
    const count = (side === 'query' ? this.#content?.queries : this.#content?.keys)?.length ?? 0;
    const place = Math.max(0, Math.min(count - 1, token));
    this.#columns[side].place = place;
    this.reveal(place);
    this.#events.hover(side, place);
  }

  #cross(side: Side, place: number): void {
    this.#columns[side].place = place;
    this.#columns[side].element.focus({ preventScroll: true });
    this.#go(side, place);
  }
}

function tokenAt(event: Event): number | null {
  const token = event.target instanceof HTMLElement ? event.target.dataset.token : undefined;
  return token === undefined ? null : Number(token);
}

/** The strongest lines in words. */
function describe(lines: readonly Line<Series>[], queries: readonly Token[], keys: readonly Token[]): string {
  const strongest = lines
    .slice(0, 5)
    .map(
      ({ query, key, weight, series }) =>
        `${series.label}: ${tokenLabel(queries[query]?.text ?? '')} → ${tokenLabel(keys[key]?.text ?? '')} ${weight.toFixed(2)}`,
    );
  return lines.length === 0
    ? t('No lines of attention')
    : t('{0} lines of attention; the strongest: {1}', lines.length, strongest.join('; '));
}
