/**
 * The text and who looks at what in it: tokens shaded by the attention that the hovered (or selected) token pays them,
 * in the hovered head, the hovered or chosen group, or over all groups; below, the tokens that get most of it. While no
 * token is looked at, the shade is the loss of each token: where the text surprises the model.
 */
import { t } from '@vscode/l10n';
import { select } from 'd3';
import type { RunSummary, Token } from '../../src/protocol/model';
import { element } from '../shared/dom';
import { groupColor, paintGroups } from '../shared/groupLook';
import type { Figure, FigureNumbers } from '../shared/figure';
import { formatWeight } from '../shared/format';
import { shortLabel } from '../shared/labels';
import { relativeToLargest } from '../shared/relative';
import { TextStrip } from '../shared/textStrip';
import { meanRow, tileRow, topKeys } from './attended';
import type { ExplorerData } from './data';
import { panel } from './panel';
import {
  cardMaps,
  focusedGroup,
  focusedHead,
  focusedQuery,
  rowRequest,
  shownGroups,
  shownRun,
  shownTokens,
  type Actions,
  type ExplorerView,
} from './view';

/** Groups listed below the text, and tokens listed for each. */
const MOST_GROUPS = 4;
const MOST_TOKENS = 4;
/** How long a token is looked at before its exact weights are asked for. */
const REST_MILLISECONDS = 50;

interface GroupRow {
  group: number;
  label: string;
  weights: Float64Array;
}

export class Text implements Figure<ExplorerView> {
  readonly element: HTMLElement;
  readonly #title = element('span');
  readonly #note = element('span', { class: 'muted note' });
  readonly #hint = element('p', { class: 'hint' }, t('The tokens of your text appear here.'));
  readonly #attended = element('div', { class: 'attended' });
  readonly #strip: TextStrip;
  readonly #data: ExplorerData;
  #view: ExplorerView | null = null;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(actions: Actions, data: ExplorerData) {
    this.#data = data;
    this.#strip = new TextStrip({
      hover: (place) => actions.hover({ query: this.#showsKeysOnly() ? null : place, key: place }),
      select: (token) => {
        if (!this.#showsKeysOnly()) actions.choose({ token: this.#view?.ui.token === token ? null : token });
      },
    });
    this.element = panel('text', this.#title, this.#note, this.#hint, this.#strip.element, this.#attended);
  }

  render(view: ExplorerView): void {
    const run = shownRun(view);
    this.#hint.hidden = run !== null;
    this.#strip.show(shownTokens(view).keys);
    this.emphasise(view);
  }

  emphasise(view: ExplorerView): void {
    this.#view = view;
    const run = shownRun(view);
    const query = focusedQuery(view);
    const head = focusedHead(view);
    const groupOfHead = view.snapshot.grouping.groupOfHead[view.ui.layer] ?? [];
    const group = head === null ? focusedGroup(view) : (groupOfHead[head] ?? null);
    const { queries, keys } = shownTokens(view);
    const token = query === null ? undefined : queries[query];
    const rows = query === null ? [] : this.#rows(view, query, head, group);
    this.#title.textContent = token === undefined ? t('Text') : t('Attention from “{0}”', shortLabel(token.text, 14));
    const losses = keys === run?.tokens ? surprise(run) : null;
    this.#note.textContent =
      token !== undefined ? name(head, group) : losses === null ? '' : t('shade: loss of each token');
    this.#strip.mark({
      shade: query === null ? losses : shade(rows, view.ui.hideFirstToken),
      color: group === null || query === null ? 'var(--ink)' : groupColor(group),
      selected: queries === keys ? view.ui.token : null,
      hovered: [queries === keys ? view.hover.query : null, view.hover.key].filter((place) => place !== null),
    });
    this.#list(rows.slice(0, MOST_GROUPS), keys, view.ui.hideFirstToken);
  }

  numbers(view: ExplorerView): FigureNumbers | null {
    const run = shownRun(view);
    if (run === null) return null;
    const { queries, keys } = shownTokens(view);
    const query = view.ui.token;
    if (query === null) {
      const hasLoss = keys === run.tokens && run.lossPerToken.length > 0;
      return {
        title: hasLoss ? t('Loss of each token') : t('Tokens'),
        columns: ['position', 'token', 'id', ...(hasLoss ? ['loss (nats)'] : [])],
        rows: keys.map(({ id, text }, place) => [
          ...[place, text, id],
          ...(hasLoss ? [place === 0 ? null : (run.lossPerToken[place - 1] ?? null)] : []),
        ]),
      };
    }
    const head = view.ui.head;
    const groupOfHead = view.snapshot.grouping.groupOfHead[view.ui.layer] ?? [];
    const exact = rowRequest(view, query);
    if (exact === null || this.#data.rows.get(exact).state !== 'ready') return null;
    const rows = this.#rows(view, query, head, head === null ? view.ui.group : (groupOfHead[head] ?? null));
    return {
      title: t('Attention from token {0}, “{1}”', query, queries[query]?.text ?? ''),
      columns: ['position', 'token', ...rows.map(({ label }) => label)],
      rows: keys.map(({ text }, key) => [key, text, ...rows.map(({ weights }) => weights[key] ?? null)]),
    };
  }

  /** In cross-attention the text is what is looked at; who looks is another one. */
  #showsKeysOnly(): boolean {
    if (this.#view === null) return false;
    const { queries, keys } = shownTokens(this.#view);
    return queries !== keys;
  }

  /**
   * One row of weights a group that is looked at: exact when that has come, else as the maps show it. Groups of which
   * nothing has come are left out.
   */
  #rows(view: ExplorerView, query: number, head: number | null, only: number | null): GroupRow[] {
    const request = rowRequest(view, query);
    const exact = request && this.#data.rows.peek(request);
    if (exact === null) this.#askAtRest(query);
    return shownGroups(view).flatMap((heads, group): GroupRow[] => {
      if (only !== null && only !== group) return [];
      const of = cardMaps(view, heads);
      const tile = exact === null && of !== null ? this.#data.maps.peek(of) : null;
      const weights =
        exact !== null
          ? meanRow(exact, head === null ? heads : [head])
          : tile === null
            ? new Float64Array(0)
            : tileRow(tile, head, query);
      return weights.length === 0 ? [] : [{ group, label: head === null ? `KV ${group}` : `Q${head}`, weights }];
    });
  }

  /** Asks for the exact weights of a query that is still looked at a moment later. */
  #askAtRest(query: number): void {
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      const view = this.#view;
      if (view === null || focusedQuery(view) !== query) return;
      const request = rowRequest(view, query);
      if (request !== null && query < shownTokens(view).queries.length) this.#data.rows.get(request);
    }, REST_MILLISECONDS);
  }

  #list(rows: GroupRow[], tokens: readonly Token[], skipFirst: boolean): void {
    const items = select(this.#attended)
      .selectAll<HTMLElement, GroupRow>('.attended-group')
      .data(rows, (row) => row.label)
      .join((enter) => {
        const made = enter.append('div').attr('class', 'attended-group');
        made.append('b').attr('class', 'group-mark');
        made.append('ol');
        return made;
      })
      .call(paintGroups, (row: GroupRow) => row.group);
    items.select('b').text((row) => row.label);
    const entries = items
      .select('ol')
      .selectAll<HTMLElement, { key: number; weight: number }>('li')
      .data((row) => topKeys(row.weights, MOST_TOKENS, skipFirst))
      .join((enter) => {
        const made = enter.append('li');
        made.append('span').attr('class', 'attended-token');
        made.append('i');
        made.append('span').attr('class', 'muted');
        return made;
      })
      .style('--amount', ({ weight }) => `${weight * 100}%`);
    entries.select('.attended-token').text(({ key }) => shortLabel(tokens[key]?.text ?? '', 12));
    entries.select('.muted').text(({ weight }) => formatWeight(weight));
  }
}

function name(head: number | null, group: number | null): string {
  if (head !== null) return `Q${head}`;
  return group === null ? t('mean of all heads') : t('mean of KV {0}', group);
}

/** [S] loss of each token, relative to the largest; the first token is given, not predicted. */
function surprise(run: RunSummary): number[] | null {
  return relativeToLargest([0, ...run.lossPerToken]);
}

/** [T] sum of the rows, relative to the largest. */
function shade(rows: GroupRow[], skipFirst: boolean): number[] | null {
  const T = rows[0]?.weights.length ?? 0;
  const sums = Array.from({ length: T }, (_, key) =>
    skipFirst && key === 0 ? 0 : rows.reduce((sum, row) => sum + (row.weights[key] ?? 0), 0),
  );
  return relativeToLargest(sums);
}
