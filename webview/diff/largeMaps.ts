/**
 * One head large, three times: on both sides, and what differs between them.
 */
import { t } from '@vscode/l10n';
import type { AttentionTile } from '../../src/protocol/model';
import { addToHistogram } from '../shared/attentionCode';
import { fitScale, pixelTable } from '../shared/colorScale';
import { differenceMap, NO_DIFFERENCE } from '../shared/difference';
import { differenceColors } from '../shared/differenceColors';
import { element } from '../shared/dom';
import { paintGroup } from '../shared/groupLook';
import type { Figure, FigureNumbers, Gathering } from '../shared/figure';
import { formatNumber, formatWeight } from '../shared/format';
import { Heatmap } from '../shared/heatmap';
import { layerTitle } from '../shared/labels';
import { panel } from '../shared/panel';
import type { Readout } from '../shared/readout';
import { isDark } from '../shared/theme';
import { TokenAxis } from '../shared/tokenAxis';
import type { DiffData } from './data';
import { gatherLargeMaps, largeMapNumbers } from './numbers';
import { PaneReadout } from './paneReadout';
import {
  groupOfShownHead,
  headCodes,
  mapMarks,
  NO_HOVER,
  shownModel,
  shownTokens,
  sideRequest,
  type DiffActions,
  type DiffView,
  type Pane,
  type Side,
} from './view';

const PANES: readonly Pane[] = ['a', 'difference', 'b'];

interface PaneParts {
  element: HTMLElement;
  title: HTMLElement;
  numbers: HTMLElement;
  map: Heatmap;
  axis: TokenAxis;
}

export class LargeMaps implements Figure<DiffView> {
  readonly element: HTMLElement;
  readonly #title = element('span');
  readonly #panes: Record<Pane, PaneParts>;
  readonly #actions: DiffActions;
  readonly #data: DiffData;
  readonly #readout: PaneReadout;
  readonly #drawn: (runId: string) => void;
  #view: DiffView | null = null;

  /** @param drawn called when a run's map is on screen */
  constructor(actions: DiffActions, data: DiffData, readout: Readout, drawn: (runId: string) => void) {
    this.#actions = actions;
    this.#data = data;
    this.#readout = new PaneReadout(data, readout);
    this.#drawn = drawn;
    this.#panes = { a: this.#makePane('a'), difference: this.#makePane('difference'), b: this.#makePane('b') };
    const panes = element('div', { class: 'panes' }, ...PANES.map((pane) => this.#panes[pane].element));
    this.element = panel('large-maps', this.#title, element('span'), panes);
  }

  render(view: DiffView): void {
    this.#view = view;
    const { compare, sides } = view.snapshot;
    const head = view.ui.head;
    this.#title.textContent = t(
      'Q{0} of {1} on both sides',
      head,
      layerTitle(shownModel(view.snapshot), view.ui.layer),
    );
    const names = { a: sides.a.name, b: sides.b.name, difference: t('Difference') };
    for (const pane of PANES) {
      const title = `${names[pane]} · Q${head}`;
      this.#panes[pane].title.textContent = title;
      this.#panes[pane].map.canvas.setAttribute('aria-label', t('Attention: {0}', title));
    }
    for (const pane of PANES) {
      paintGroup(this.#panes[pane].element, groupOfShownHead(view));
      this.#panes[pane].map.canvas.dataset.head = String(head);
    }
    if (compare === null) return;
    const tiles = { a: this.#tile(view, 'a'), b: this.#tile(view, 'b') };
    for (const side of ['a', 'b'] as const) this.#panes[side].element.classList.toggle('loading', tiles[side] === null);
    this.#panes.difference.element.classList.toggle('loading', tiles.a === null || tiles.b === null);
    if (tiles.a === null || tiles.b === null) return;
    this.#drawMaps(view, { a: tiles.a, b: tiles.b });
    this.#drawn(compare.a.runId);
    this.#drawn(compare.b.runId);
    this.emphasise(view);
    this.#readout.show(view);
  }

  numbers(view: DiffView): FigureNumbers | null {
    return largeMapNumbers(view, this.#data);
  }

  gather(view: DiffView, gathering: Gathering): Promise<FigureNumbers> {
    return gatherLargeMaps(view, this.#data, gathering);
  }

  emphasise(view: DiffView): void {
    this.#view = view;
    const marks = mapMarks(view);
    for (const pane of PANES) {
      this.#panes[pane].map.mark(marks);
      this.#panes[pane].axis.mark([marks.query, marks.token], [marks.key]);
    }
  }

  #drawMaps(view: DiffView, tiles: Record<Side, AttentionTile>): void {
    const { head, hideFirstToken, scale } = view.ui;
    const { S, T, causal, window } = tiles.a;
    const codes = { a: headCodes(tiles.a, head), b: headCodes(tiles.b, head) };
    const histogram = new Uint32Array(256);
    for (const side of ['a', 'b'] as const) addToHistogram(histogram, codes[side], tiles[side], hideFirstToken);
    const table = pixelTable(fitScale(histogram, scale), isDark());
    const tokens = shownTokens(view);
    for (const pane of PANES) this.#panes[pane].axis.show(tokens, causal);
    for (const side of ['a', 'b'] as const) {
      const layer = { window, rows: S, columns: T, codes: codes[side], table };
      this.#panes[side].map.draw({ S, T, causal, layers: [layer], fadeFirst: hideFirstToken });
      this.#panes[side].numbers.replaceChildren(...statistics(tiles[side], head));
    }
    const difference = differenceMap(codes.a, codes.b, T, hideFirstToken);
    this.#panes.difference.map.draw({
      ...{ S, T, causal },
      layers: [
        {
          ...{ window, rows: S, columns: T, codes: difference.codes },
          ...{ table: differenceColors(), zero: NO_DIFFERENCE },
        },
      ],
      fadeFirst: hideFirstToken,
    });
    const { sides } = view.snapshot;
    this.#panes.difference.numbers.replaceChildren(
      key('less', t('more in {0}', sides.a.name)),
      key('more', t('more in {0}', sides.b.name)),
      element('span', { class: 'muted' }, `full colour ±${formatWeight(difference.largest)}`),
    );
  }

  /** Rows are tokens of the text, whose predictions are told below; not so in an encoder. */
  #choose(query: number): void {
    if (this.#view === null || shownTokens(this.#view).queries !== this.#view.snapshot.compare?.a.tokens) return;
    this.#actions.choose({ token: this.#view.ui.token === query ? null : query });
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
      },
      {
        hover: (cell, at) => {
          this.#actions.hover({ ...NO_HOVER, ...cell });
          if (this.#view !== null) this.#readout.point(this.#view, pane, cell, at);
        },
        select: ({ query }) => this.#choose(query),
      },
    );
    const axis = new TokenAxis();
    const title = element('h3');
    const numbers = element('div', { class: 'pane-numbers' });
    const attributes: Record<string, string> = {
      class: `pane pane-${pane}`,
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
}

/** What kind of head it is, in three numbers. */
function statistics(tile: AttentionTile, head: number): HTMLElement[] {
  const found = tile.statistics.find((own) => own.head === head);
  if (found === undefined) return [];
  const number = (label: string, value: string, title: string): HTMLElement =>
    element('span', { class: 'figure', title }, element('span', { class: 'muted' }, label), element('b', {}, value));
  return [
    number('entropy', `${formatNumber(found.entropy, 2)} bit`, 'Over how much the weight of a query spreads; mean'),
    number('on first token', formatNumber(found.firstToken, 2), 'Weight on the first token; mean over queries'),
    ...(found.distance === null
      ? []
      : [number('distance', formatNumber(found.distance, 1), 'Tokens between query and key; mean by weight')]),
  ];
}

function key(kind: 'less' | 'more', label: string): HTMLElement {
  return element('span', { class: 'figure' }, element('i', { class: `swatch ${kind}` }), label);
}
