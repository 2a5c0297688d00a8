/**
 * One head large, three times: on both sides, and what differs between them. Role: draws what has come and follows the
 * pointer; the elements of a map are pane.ts, whose maps they are paneMaps.ts, tiles paneTiles.ts.
 */
import { t } from '@vscode/l10n';
import type { AttentionTile } from '../../src/protocol/maps';
import { element } from '../shared/dom';
import { paintGroup } from '../shared/groupLook';
import type { Figure, FigureNumbers, Gathering } from '../shared/figure';
import type { HeatmapEvents } from '../shared/heatmap';
import { LinkedView } from '../shared/linkedView';
import { legendElement } from '../shared/mapLegend';
import type { MapView } from '../shared/mapView';
import { panel } from '../shared/panel';
import type { Readout } from '../shared/readout';
import { ZoomBar } from '../shared/zoomBar';
import type { DiffData } from './data';
import { gatherLargeMaps, largeMapNumbers } from './largeMapNumbers';
import { MapChoices } from './mapChoices';
import { colorKey, makePane, statistics, type MapPane } from './pane';
import { fitPaneColors, mapLayer } from './paneColors';
import { PaneReadout } from './paneReadout';
import { paneTiles, type PaneTiles } from './paneTiles';
import { largeMapsTitle, legendWords, moreWords, paneTitle, valueWords } from './paneWords';
import {
  groupOfShownHead,
  mapMarks,
  NO_HOVER,
  shownTokens,
  tokensOf,
  type DiffActions,
  type DiffView,
  type Pane,
} from './view';

const PANES: readonly Pane[] = ['a', 'difference', 'b'];

export class LargeMaps implements Figure<DiffView> {
  readonly element: HTMLElement;
  readonly #title = element('span');
  readonly #choices: MapChoices;
  readonly #legends = element('div', { class: 'map-legends' });
  readonly #panes: Record<Pane, MapPane>;
  readonly #actions: DiffActions;
  readonly #data: DiffData;
  readonly #readout: PaneReadout;
  readonly #drawn: (runId: string) => void;
  readonly #linked = new LinkedView({
    nextFrame: (draw) => requestAnimationFrame(draw),
    look: (mapView) => this.#look(mapView),
    rest: (zoom) => this.#actions.choose({ zoom }),
  });
  readonly #zoom = new ZoomBar((factor) => this.#linked.zoomBy(factor, this.#view === null ? 1 : tokensOf(this.#view)));
  #view: DiffView | null = null;

  /** @param drawn called when a run's map is on screen */
  constructor(actions: DiffActions, data: DiffData, readout: Readout, drawn: (runId: string) => void) {
    this.#actions = actions;
    this.#data = data;
    this.#readout = new PaneReadout(data, readout);
    this.#drawn = drawn;
    this.#choices = new MapChoices(actions);
    const make = (pane: Pane): MapPane =>
      makePane(pane, this.#events(pane), (token) => actions.hover({ ...NO_HOVER, ...token }));
    this.#panes = { a: make('a'), difference: make('difference'), b: make('b') };
    const controls = element('div', { class: 'controls' }, ...this.#choices.elements);
    const row = element('div', { class: 'map-row' }, this.#legends, this.#zoom.element);
    const panes = element('div', { class: 'panes' }, ...PANES.map((pane) => this.#panes[pane].element));
    this.element = panel('large-maps', this.#title, controls, row, panes);
  }

  render(view: DiffView): void {
    this.#view = view;
    this.#title.textContent = largeMapsTitle(view);
    this.#choices.show(view);
    this.#linked.follow(view.ui.zoom);
    for (const pane of PANES) {
      const { title, map, element: frame } = this.#panes[pane];
      title.textContent = paneTitle(view, pane);
      map.canvas.setAttribute('aria-label', t('Attention ({0}): {1}', valueWords(view.ui), paneTitle(view, pane)));
      map.canvas.dataset.head = String(view.ui.head);
      paintGroup(frame, groupOfShownHead(view));
    }
    const { compare } = view.snapshot;
    if (compare === null) return;
    const tiles = paneTiles(this.#data.maps, view, this.#panes.a.map.pixels, this.#linked.view);
    for (const pane of PANES) {
      const { whole, failure } = tiles[pane];
      this.#panes[pane].element.classList.toggle('loading', whole === null && failure === null);
      if (failure !== null) this.#panes[pane].numbers.replaceChildren(element('span', { class: 'failed' }, failure));
    }
    if (tiles.a.whole === null || tiles.b.whole === null) return;
    this.#drawMaps(view, tiles);
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

  #drawMaps(view: DiffView, tiles: Record<Pane, PaneTiles>): void {
    const { head, hideFirstToken } = view.ui;
    const wholes = (panes: readonly Pane[]): AttentionTile[] =>
      panes.map((pane) => tiles[pane].whole).filter((tile) => tile !== null);
    const fitted = fitPaneColors({ sides: wholes(['a', 'b']), difference: wholes(['difference']) }, view.ui);
    const tokens = shownTokens(view);
    for (const pane of PANES) {
      const { whole, part, failure } = tiles[pane];
      if (whole === null) continue;
      const { S, T, causal } = whole;
      const colors = pane === 'difference' ? fitted.difference : fitted.sides;
      const layers = [whole, part].flatMap((tile) => (tile === null ? [] : [mapLayer(tile, colors)]));
      this.#panes[pane].map.draw({ S, T, causal, layers, fadeFirst: hideFirstToken });
      this.#panes[pane].axis.show(tokens, causal);
      if (pane !== 'difference' && failure === null)
        this.#panes[pane].numbers.replaceChildren(...statistics(whole, head));
    }
    this.#legends.replaceChildren(...fitted.sides.legends.map((legend) => legendElement(legend, legendWords(view))));
    this.#zoom.show(this.#linked.view, tokens.queries.length, tokens.keys.length, this.#linked.isMoving);
    const largest = fitted.difference.legends[0]?.ticks.at(-1)?.text ?? '0';
    this.#panes.difference.numbers.replaceChildren(
      colorKey('less', moreWords(view, 'a')),
      colorKey('more', moreWords(view, 'b')),
      element('span', { class: 'muted' }, t('full colour ±{0}', largest)),
    );
  }

  #events(pane: Pane): HeatmapEvents {
    return {
      hover: (cell, at) => {
        this.#actions.hover({ ...NO_HOVER, ...cell });
        this.#panes[pane].map.tellToken(cell === null || !this.#hasTokensOfText() ? null : cell.query);
        if (this.#view !== null) this.#readout.point(this.#view, pane, cell, at);
      },
      select: ({ query }) => this.#choose(query),
      navigate: (mapView) => this.#linked.go(mapView),
      resized: () => this.#again(),
    };
  }

  /** Rows are tokens of the text, whose predictions are told below; not so in an encoder. */
  #hasTokensOfText(): boolean {
    return this.#view !== null && shownTokens(this.#view).queries === this.#view.snapshot.compare?.a.tokens;
  }

  #choose(query: number): void {
    if (this.#view === null || !this.#hasTokensOfText()) return;
    this.#actions.choose({ token: this.#view.ui.token === query ? null : query });
  }

  #look(mapView: MapView): void {
    for (const pane of PANES) this.#panes[pane].look(mapView);
    if (this.#view === null) return;
    const { queries, keys } = shownTokens(this.#view);
    this.#zoom.show(mapView, queries.length, keys.length, this.#linked.isMoving);
  }

  /** Draws again: maps have another size. */
  #again(): void {
    requestAnimationFrame(() => {
      if (this.#view !== null) this.render(this.#view);
    });
  }
}
