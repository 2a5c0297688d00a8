/**
 * One head large, three times: in the original, in the converted model, and what changed between them.
 */
import type { AttentionTile } from '../../src/protocol/model';
import { addToHistogram, CODE_WEIGHTS } from '../shared/attentionCode';
import { fitScale, pixelTable, type PixelTable } from '../shared/colorScale';
import { element, groupColor } from '../shared/dom';
import type { Figure } from '../shared/figure';
import {
  formatChange,
  formatInteger,
  formatLoss,
  formatNumber,
  formatPerplexity,
  formatWeight,
} from '../shared/format';
import { Heatmap, type Cell } from '../shared/heatmap';
import type { Readout } from '../shared/readout';
import { isDark } from '../shared/theme';
import { TokenAxis } from '../shared/tokenAxis';
import type { DiffData } from './data';
import { differenceMap, differenceTable, NO_DIFFERENCE } from './difference';
import {
  attentionName,
  groupOfShownHead,
  headCodes,
  sideRequest,
  type DiffActions,
  type DiffView,
  type Side,
} from './view';

type Pane = Side | 'difference';
const PANES: readonly Pane[] = ['a', 'difference', 'b'];
/** How long the pointer rests on a row before its exact weights are asked for. */
const REST_MILLISECONDS = 50;

interface PaneParts {
  element: HTMLElement;
  title: HTMLElement;
  numbers: HTMLElement;
  map: Heatmap;
  axis: TokenAxis;
}

export class LargeMaps implements Figure<DiffView> {
  readonly element: HTMLElement;
  readonly #panes: Record<Pane, PaneParts>;
  readonly #actions: DiffActions;
  readonly #data: DiffData;
  readonly #readout: Readout;
  readonly #drawn: (runId: string) => void;
  #view: DiffView | null = null;
  #pointed: { pane: Pane; cell: Cell; at: { x: number; y: number } } | null = null;
  #rest: ReturnType<typeof setTimeout> | undefined;

  /** @param drawn called when a run's map is on screen */
  constructor(actions: DiffActions, data: DiffData, readout: Readout, drawn: (runId: string) => void) {
    this.#actions = actions;
    this.#data = data;
    this.#readout = readout;
    this.#drawn = drawn;
    this.#panes = { a: this.#makePane('a'), difference: this.#makePane('difference'), b: this.#makePane('b') };
    this.element = element('div', { class: 'panes' }, ...PANES.map((pane) => this.#panes[pane].element));
  }

  render(view: DiffView): void {
    this.#view = view;
    const { compare, model } = view.snapshot;
    const head = view.ui.head;
    this.#panes.a.title.textContent = `${attentionName(model.G, model.H)} · Q${head}`;
    this.#panes.b.title.textContent = `${attentionName(view.snapshot.state.conversion.G, model.H)} · Q${head}`;
    this.#panes.difference.title.textContent = `Difference · Q${head}`;
    for (const pane of PANES) {
      this.#panes[pane].element.style.setProperty('--group', groupColor(groupOfShownHead(view)));
      this.#panes[pane].map.canvas.dataset.head = String(head);
    }
    if (compare === null) return;
    this.#drawNumbers(view);
    const tiles = { a: this.#tile(view, 'a'), b: this.#tile(view, 'b') };
    for (const side of ['a', 'b'] as const) this.#panes[side].element.classList.toggle('loading', tiles[side] === null);
    this.#panes.difference.element.classList.toggle('loading', tiles.a === null || tiles.b === null);
    if (tiles.a === null || tiles.b === null) return;
    this.#drawMaps(view, { a: tiles.a, b: tiles.b });
    this.#drawn(compare.a.runId);
    this.#drawn(compare.b.runId);
    this.emphasise(view);
    if (this.#pointed !== null) this.#showReadout();
  }

  emphasise(view: DiffView): void {
    this.#view = view;
    const { query, key } = view.hover;
    for (const pane of PANES) {
      this.#panes[pane].map.mark({ query, key, token: view.ui.token });
      this.#panes[pane].axis.mark([query, key, view.ui.token].filter((token) => token !== null));
    }
  }

  #drawMaps(view: DiffView, tiles: Record<Side, AttentionTile>): void {
    const { head, hideFirstToken, scale } = view.ui;
    const { S, T } = tiles.a;
    const codes = { a: headCodes(tiles.a, head), b: headCodes(tiles.b, head) };
    const histogram = new Uint32Array(256);
    for (const side of ['a', 'b'] as const) addToHistogram(histogram, codes[side], S, T, hideFirstToken);
    const table = pixelTable(fitScale(histogram, scale), isDark());
    const tokens = view.snapshot.compare?.a.tokens ?? [];
    for (const pane of PANES) this.#panes[pane].axis.show(tokens);
    for (const side of ['a', 'b'] as const)
      this.#panes[side].map.draw({ codes: codes[side], S, T, table, fadeFirst: hideFirstToken });
    const difference = differenceMap(codes.a, codes.b, T, hideFirstToken);
    this.#panes.difference.map.draw({
      codes: difference.codes,
      S,
      T,
      table: differenceColors(),
      zero: NO_DIFFERENCE,
      fadeFirst: hideFirstToken,
    });
    const { model, state } = view.snapshot;
    this.#panes.difference.numbers.replaceChildren(
      key('less', `more in ${attentionName(model.G, model.H)}`),
      key('more', `more in ${attentionName(state.conversion.G, model.H)}`),
      element('span', { class: 'muted' }, `full colour ±${formatWeight(difference.largest)}`),
    );
  }

  #drawNumbers(view: DiffView): void {
    const { compare } = view.snapshot;
    if (compare === null) return;
    const { a, b } = compare;
    this.#panes.a.numbers.replaceChildren(
      number('loss', 'loss-a', formatLoss(a.loss)),
      number('perplexity', 'perplexity-a', formatPerplexity(a.perplexity)),
      number('cache a token', 'cache-a', `${formatInteger(a.kvCacheBytesPerToken)} B`),
    );
    this.#panes.b.numbers.replaceChildren(
      number('loss', 'loss-b', formatLoss(b.loss), a.loss === null || b.loss === null ? '' : signed(b.loss - a.loss)),
      number(
        'perplexity',
        'perplexity-b',
        formatPerplexity(b.perplexity),
        a.perplexity === null || b.perplexity === null ? '' : formatChange(a.perplexity, b.perplexity),
      ),
      number(
        'cache a token',
        'cache-b',
        `${formatInteger(b.kvCacheBytesPerToken)} B`,
        formatChange(a.kvCacheBytesPerToken, b.kvCacheBytesPerToken),
      ),
    );
  }

  #tile(view: DiffView, side: Side): AttentionTile | null {
    const request = sideRequest(view, side);
    const answer = request === null ? null : this.#data.maps.get(request);
    if (answer?.state === 'failed')
      this.#panes[side].numbers.replaceChildren(element('span', { class: 'failed' }, answer.error.message));
    return answer?.state === 'ready' ? answer.value : null;
  }

  #makePane(pane: Pane): PaneParts {
    const map = new Heatmap(
      {
        'data-testid': 'diff-map',
        'data-side': pane,
        'aria-label': `Attention of the chosen head: ${pane === 'a' ? 'original' : pane === 'b' ? 'converted' : 'difference'}`,
      },
      {
        hover: (cell, at) => this.#point(pane, cell, at),
        select: ({ query }) => this.#actions.choose({ token: this.#view?.ui.token === query ? null : query }),
      },
    );
    const axis = new TokenAxis();
    const title = element('h2');
    const numbers = element('div', { class: 'pane-numbers' });
    const attributes: Record<string, string> = {
      class: `panel pane pane-${pane}`,
      ...(pane === 'difference' ? {} : { 'data-testid': `pane-${pane}` }),
    };
    return {
      element: element(
        'section',
        attributes,
        title,
        numbers,
        element('div', { class: 'labelled-map' }, map.element, axis.element),
      ),
      title,
      numbers,
      map,
      axis,
    };
  }

  #point(pane: Pane, cell: Cell | null, at: { x: number; y: number }): void {
    clearTimeout(this.#rest);
    this.#pointed = cell === null ? null : { pane, cell, at };
    this.#actions.hover({ query: cell?.query ?? null, key: cell?.key ?? null });
    if (cell === null) {
      this.#readout.hide();
      return;
    }
    this.#showReadout();
    this.#rest = setTimeout(() => {
      for (const side of ['a', 'b'] as const) {
        const request = this.#rowRequest(side, cell.query);
        if (request !== null) this.#data.rows.get(request);
      }
      this.#showReadout();
    }, REST_MILLISECONDS);
  }

  #rowRequest(side: Side, query: number): Parameters<DiffData['rows']['get']>[0] | null {
    const run = this.#view?.snapshot.compare?.[side];
    if (this.#view === null || run === undefined) return null;
    return { runId: run.runId, layer: this.#view.ui.layer, heads: [this.#view.ui.head], query };
  }

  #weight(view: DiffView, side: Side, cell: Cell): { weight: number; exact: boolean } {
    const request = this.#rowRequest(side, cell.query);
    const exact = request === null ? undefined : this.#data.rows.peek(request)?.weights[cell.key];
    if (exact !== undefined) return { weight: exact, exact: true };
    const maps = sideRequest(view, side);
    const tile = maps === null ? null : this.#data.maps.peek(maps);
    const code = tile === null ? 0 : headCodes(tile, view.ui.head)[cell.query * tile.T + cell.key];
    return { weight: CODE_WEIGHTS[code ?? 0] ?? 0, exact: false };
  }

  #showReadout(): void {
    const view = this.#view;
    const tokens = view?.snapshot.compare?.a.tokens;
    if (this.#pointed === null || view === null || tokens === undefined) return;
    const { pane, cell, at } = this.#pointed;
    const a = this.#weight(view, 'a', cell);
    const b = this.#weight(view, 'b', cell);
    const { model, state } = view.snapshot;
    const names = { a: attentionName(model.G, model.H), b: attentionName(state.conversion.G, model.H) };
    this.#readout.show(
      {
        title: pane === 'difference' ? `${names.b} − ${names.a}` : `Q${view.ui.head}, ${names[pane]}`,
        query: { place: cell.query, text: tokens[cell.query]?.text ?? '' },
        key: { place: cell.key, text: tokens[cell.key]?.text ?? '' },
        weight: pane === 'a' ? a.weight : pane === 'b' ? b.weight : b.weight - a.weight,
        exact: a.exact && b.exact,
        others: [
          { label: names.a, weight: a.weight, emphasised: pane === 'a' },
          { label: names.b, weight: b.weight, emphasised: pane === 'b' },
        ],
      },
      at,
    );
  }
}

function number(label: string, testId: string, value: string, change = ''): HTMLElement {
  return element(
    'span',
    { class: 'figure' },
    element('span', { class: 'muted' }, label),
    element('b', { 'data-testid': testId }, value),
    element('span', { class: 'muted' }, change),
  );
}

function signed(difference: number): string {
  return `${difference > 0 ? '+' : ''}${formatNumber(difference, 3)}`;
}

function key(kind: 'less' | 'more', label: string): HTMLElement {
  return element('span', { class: 'figure' }, element('i', { class: `swatch ${kind}` }), label);
}

/** The pixel table of the theme's two comparison colours. */
function differenceColors(): PixelTable {
  const style = getComputedStyle(document.body);
  return differenceTable({
    first: style.getPropertyValue('--gqa-less').trim(),
    second: style.getPropertyValue('--gqa-more').trim(),
  });
}
