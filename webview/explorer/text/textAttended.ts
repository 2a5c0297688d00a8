/**
 * The tokens that get most of what a token looks at, and that look most at it: a list a group or head.
 * Role: the list. Its weights are the text view's (text.ts).
 */
import { t } from '@vscode/l10n';
import { select } from 'd3';
import type { Token } from '../../../src/protocol/tokens';
import { element } from '../../shared/dom';
import { formatWeight } from '../../shared/format';
import { groupColor } from '../../shared/groupLook';
import { shortLabel } from '../../shared/labels';
import { topKeys } from './attended';
import { seriesColor, type Series } from './textSeries';
import type { TokenWeights } from './textWeights';

/** Tokens listed for each. */
const MOST_TOKENS = 5;

export interface AttendedRow {
  series: Series;
  /** from: what the token looks at; to: who looks at it. */
  direction: 'from' | 'to';
  weights: TokenWeights;
  tokens: readonly Token[];
}

export class TextAttended {
  readonly element = element('div', { class: 'attended', 'data-testid': 'attended' });
  readonly #lists = element('div', { class: 'attended-lists' });
  readonly #more = element('p', { class: 'muted attended-note' });
  readonly #go: (direction: 'from' | 'to', token: number) => void;

  /** @param go brings a token into sight */
  constructor(go: (direction: 'from' | 'to', token: number) => void) {
    this.#go = go;
    this.#lists.append(this.#more);
    this.element.append(this.#lists);
  }

  /** @param more lists that have no room */
  show(rows: readonly AttendedRow[], more: number, skipFirst: boolean): void {
    this.#more.textContent =
      rows.length === 0
        ? t('Point at a token to see which tokens get most of its attention; a click keeps it, Escape lets it go.')
        : more > 0
          ? t('{0} more: choose a group.', more)
          : '';
    const items = select(this.#lists)
      .selectAll<HTMLElement, AttendedRow>('.attended-group')
      .data(rows as AttendedRow[], ({ series, direction }) => `${series.id} ${direction}`)
      .join((enter) => {
        const made = enter.append('div').attr('class', 'attended-group');
        made.append('b');
        made.append('ol');
        return made;
      })
      .order()
      .attr('data-series', ({ series }) => series.id)
      .attr('data-direction', ({ direction }) => direction)
      .attr('data-exact', ({ weights }) => String(weights.exact))
      .style('--group', ({ series }) => seriesColor(series, groupColor(series.group)));
    this.#lists.append(this.#more);
    const isBoth = new Set(rows.map(({ direction }) => direction)).size > 1;
    items
      .select('b')
      .text(({ series, direction }) => `${series.label}${isBoth ? (direction === 'from' ? ' →' : ' ←') : ''}`)
      .attr('title', ({ direction }) => (direction === 'from' ? t('what it looks at') : t('who looks at it')));
    const entries = items
      .select('ol')
      .selectAll<HTMLElement, { key: number; weight: number; row: AttendedRow }>('li')
      .data((row) =>
        topKeys(row.weights.values, MOST_TOKENS, skipFirst && row.direction === 'from').map((top) => ({ ...top, row })),
      )
      .join((enter) => {
        const made = enter.append('li');
        made.append('button').attr('type', 'button').attr('class', 'attended-token');
        made.append('i');
        made.append('span').attr('class', 'muted');
        return made;
      })
      .attr('data-token', ({ key }) => key)
      .attr('data-weight', ({ weight }) => weight)
      .style('--amount', ({ weight }) => `${weight * 100}%`);
    entries
      .select('button')
      .text(({ key, row }) => shortLabel(row.tokens[key]?.text ?? '', 14))
      .attr('title', ({ key }) => t('Token {0}: bring it into sight', key))
      .on('click', (_: Event, { key, row }) => this.#go(row.direction, key));
    entries.select('.muted').text(({ weight, row }) => `${row.weights.exact ? '' : '≈'}${formatWeight(weight)}`);
  }
}
