/**
 * A pane of the card of two heads: one map large, with its tokens and its numbers, and the maps of the heads that it is the mean of.
 * Role: elements and drawing of one pane. What the three have in common, and the difference, is pairCard.ts.
 */
import { t } from '@vscode/l10n';
import type { AttentionTile } from '../../../src/protocol/maps';
import type { PixelTable } from '../../shared/colorScale';
import { element } from '../../shared/dom';
import { formatNumber } from '../../shared/format';
import { paintGroup } from '../../shared/groupLook';
import { describeHeads } from '../../shared/headOrder';
import { Heatmap, type Cell } from '../../shared/heatmap';
import { cellsOf } from '../../shared/mapCells';
import { TokenAxis } from '../../shared/tokenAxis';
import type { PairSide } from './pair';
import type { PairPane } from './pairReadout';

/** Device pixels of a member's map. */
export const MEMBER_PIXELS = 192;

export interface PairPaneEvents {
  /** @param head of a member's map; null on the large one */
  hover(pane: PairPane, head: number | null, cell: Cell | null, at: { x: number; y: number }): void;
  select(token: number): void;
}

export class PairPaneView {
  readonly element: HTMLElement;
  readonly title: HTMLElement;
  readonly words = element('div', { class: 'pair-numbers' });
  readonly map: Heatmap;
  readonly axis = new TokenAxis();
  readonly #members = element('div', { class: 'pair-members' });
  readonly #memberMaps = new Map<number, { element: HTMLElement; map: Heatmap }>();
  readonly #pane: PairPane;
  readonly #events: PairPaneEvents;

  constructor(pane: PairPane, events: PairPaneEvents) {
    this.#pane = pane;
    this.#events = events;
    this.map = this.#makeMap(null, {
      'data-testid': `pair-map-${pane}`,
      'aria-label':
        pane === 'difference'
          ? t('Difference of the two maps; arrow keys move through the cells')
          : pane === 'first'
            ? t('Attention of the first head; arrow keys move through the cells')
            : t('Attention of the second head; arrow keys move through the cells'),
    });
    this.title = element('h3', { class: pane === 'difference' ? '' : 'group-mark' });
    const labelled = element('div', { class: 'labelled-map' }, this.map.element, this.axis.element);
    const parts = [this.title, this.words, labelled, this.#members];
    this.element = element('section', { class: `pair-pane pair-${pane}` }, ...parts);
  }

  /** Marks what is pointed at and the chosen token. */
  mark(marks: { query: number | null; key: number | null; token: number | null }): void {
    this.map.mark(marks);
    this.axis.mark([marks.query, marks.token], [marks.key]);
    for (const { map } of this.#memberMaps.values()) map.mark(marks);
  }

  /** Heads the pane: the head of the matrix, whose attention it is, in the colour of its group. */
  nameSide(side: PairSide, group: number): void {
    paintGroup(this.element, group);
    const readers =
      side.heads.length === 1 ? t('attention of Q{0}', side.head) : t('mean of Q {0}', describeHeads(side.heads));
    this.title.replaceChildren(side.name, element('span', { class: 'muted' }, ` ${readers} · KV ${group}`));
  }

  /** Draws the map of a side, its numbers, and the maps of its heads where there are several. */
  drawSide(tile: AttentionTile, table: PixelTable, fadeFirst: boolean): void {
    const members = this.#memberMaps;
    const { S, T, causal, window, mean, heads, statistics } = tile;
    this.map.draw({ S, T, causal, layers: [{ window, ...mean, table }], fadeFirst });
    const [own] = statistics;
    this.words.replaceChildren(
      ...(heads.length === 1 && own !== undefined
        ? [
            element('span', { class: 'muted' }, t('entropy {0} bit', formatNumber(own.entropy, 2))),
            element('span', { class: 'muted' }, t('on first token {0}', formatNumber(own.firstToken, 2))),
          ]
        : []),
    );
    const shown = heads.length === 1 ? [] : heads;
    for (const [head, { element: box }] of members) {
      if (shown.includes(head)) continue;
      box.remove();
      members.delete(head);
    }
    for (const head of shown) {
      const member = members.get(head) ?? this.#makeMember(head);
      members.set(head, member);
      this.#members.append(member.element);
      const cells = cellsOf(tile, head);
      if (cells !== null) member.map.draw({ S, T, causal, layers: [{ window, ...cells, table }], fadeFirst });
    }
  }

  #makeMember(head: number): { element: HTMLElement; map: Heatmap } {
    const map = this.#makeMap(head, {
      'data-testid': 'pair-member',
      'data-head': head,
      'aria-label': t('Attention of query head {0}', head),
    });
    map.canvas.tabIndex = -1;
    return { element: element('figure', {}, element('figcaption', {}, `Q${head}`), map.element), map };
  }

  #makeMap(head: number | null, attributes: Record<string, string | number>): Heatmap {
    return new Heatmap(attributes, {
      hover: (cell, at) => this.#events.hover(this.#pane, head, cell, at),
      select: ({ query }) => this.#events.select(query),
    });
  }
}
