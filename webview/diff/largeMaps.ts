/**
 * One head large, three times: on both sides, and what differs between them.
 */
import { t } from '@vscode/l10n';
import type { AttentionTile } from '../../src/protocol/maps';
import { comparisonColors } from '../shared/comparisonColors';
import { differenceMap, NO_DIFFERENCE } from '../shared/difference';
import { element } from '../shared/dom';
import { paintGroup } from '../shared/groupLook';
import type { Figure, FigureNumbers, Gathering } from '../shared/figure';
import { formatNumber } from '../shared/format';
import { Heatmap } from '../shared/heatmap';
import { LinkedView } from '../shared/linkedView';
import { fitColors } from '../shared/mapColors';
import type { MapView } from '../shared/mapView';
import { layerTitle } from '../shared/labels';
import { panel } from '../shared/panel';
import type { Readout } from '../shared/readout';
import { isDark } from '../shared/theme';
import { TokenAxis } from '../shared/tokenAxis';
import { ZoomBar } from '../shared/zoomBar';
import type { DiffData } from './data';
import { gatherLargeMaps, largeMapNumbers } from './numbers';
import { PaneReadout } from './paneReadout';
import {
  groupOfShownHead,
  changeMaps,
  headMaps,
  mapMarks,
  NO_HOVER,
  shownModel,
  shownTokens,
  tokensOf,
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

/** Tiles of a pane: all of it coarse, and of what is looked at more. */
interface PaneTiles {
  whole: AttentionTile | null;
  part: AttentionTile | null;
}

const NOTHING: PaneTiles = { whole: null, part: null };

export class LargeMaps implements Figure<DiffView> {
  readonly element: HTMLElement;
  readonly #title = element('span');
  readonly #panes: Record<Pane, PaneParts>;
  readonly #actions: DiffActions;
  readonly #data: DiffData;
  readonly #readout: PaneReadout;
  readonly #drawn: (runId: string) => void;
  readonly #linked = new LinkedView({ look: (mapView) => this.#look(mapView), rest: () => this.#again() });
  readonly #zoom = new ZoomBar((factor) => this.#linked.zoomBy(factor, this.#view === null ? 1 : tokensOf(this.#view)));
  #view: DiffView | null = null;

  /** @param drawn called when a run's map is on screen */
  constructor(actions: DiffActions, data: DiffData, readout: Readout, drawn: (runId: string) => void) {
    this.#actions = actions;
    this.#data = data;
    this.#readout = new PaneReadout(data, readout);
    this.#drawn = drawn;
    this.#panes = { a: this.#makePane('a'), difference: this.#makePane('difference'), b: this.#makePane('b') };
    const panes = element('div', { class: 'panes' }, ...PANES.map((pane) => this.#panes[pane].element));
    this.element = panel('large-maps', this.#title, element('span'), panes, this.#zoom.element);
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
    const [a, b] = [this.#tiles(view, 'a'), this.#tiles(view, 'b')];
    const change = a.whole && b.whole && this.#change(view, a.whole, b.whole);
    this.#panes.a.element.classList.toggle('loading', a.whole === null);
    this.#panes.b.element.classList.toggle('loading', b.whole === null);
    this.#panes.difference.element.classList.toggle('loading', change === null);
    if (a.whole === null || b.whole === null) return;
    this.#drawMaps(view, { a, difference: change ?? NOTHING, b });
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
    const { head, hideFirstToken, scale } = view.ui;
    const wholes = PANES.map((pane) => tiles[pane].whole).filter((tile) => tile !== null);
    const look = { scale, skipFirstKey: hideFirstToken, dark: isDark(), comparison: comparisonColors() };
    const colors = fitColors(wholes, look);
    const tokens = shownTokens(view);
    for (const pane of PANES) {
      const { whole, part } = tiles[pane];
      if (whole === null) continue;
      const { S, T, causal } = whole;
      const layers = [whole, part].flatMap((tile) => {
        const cells = pane === 'difference' ? tile?.members : tile?.mean;
        if (!tile || !cells) return [];
        const zero = pane === 'difference' ? NO_DIFFERENCE : 0;
        return [{ window: tile.window, ...cells, table: colors.table(cells.coding), zero }];
      });
      this.#panes[pane].map.draw({ S, T, causal, layers, fadeFirst: hideFirstToken });
      this.#panes[pane].axis.show(tokens, causal);
      if (pane !== 'difference') this.#panes[pane].numbers.replaceChildren(...statistics(whole, head));
    }
    this.#zoom.show(this.#linked.view, tokens.queries.length, tokens.keys.length);
    const largest = colors.legends.find(({ kind }) => kind === 'differences')?.ticks.at(-1)?.text ?? '0';
    const { sides } = view.snapshot;
    this.#panes.difference.numbers.replaceChildren(
      key('less', t('more in {0}', sides.a.name)),
      key('more', t('more in {0}', sides.b.name)),
      element('span', { class: 'muted' }, t('full colour ±{0}', largest)),
    );
  }

  /** Rows are tokens of the text, whose predictions are told below; not so in an encoder. */
  #choose(query: number): void {
    if (this.#view === null || shownTokens(this.#view).queries !== this.#view.snapshot.compare?.a.tokens) return;
    this.#actions.choose({ token: this.#view.ui.token === query ? null : query });
  }

  /** The chosen head's maps on one side, as far as they have come. */
  #tiles(view: DiffView, side: Side): PaneTiles {
    const of = headMaps(view, side);
    const { pixels } = this.#panes.a.map;
    if (of === null || pixels === 0) return NOTHING;
    const size = { mean: pixels, members: 0 };
    const { tile: whole, error } = this.#data.maps.whole(of, tokensOf(view), size);
    if (error !== null) this.#panes[side].numbers.replaceChildren(element('span', { class: 'failed' }, error.message));
    return { whole, part: whole && this.#data.maps.part(of, whole, this.#linked.view, size) };
  }

  /**
   * What changed. Of maps with a cell a weight it is taken here; of pooled ones the engine takes the maps from each other
   * before it pools. A host that cannot gives the difference of what is drawn. Null while it is on its way.
   */
  #change(view: DiffView, a: AttentionTile, b: AttentionTile): PaneTiles | null {
    // One side is finer already.
    if (a.mean.columns !== b.mean.columns) return null;
    const isPooled = b.mean.rows < b.S || b.mean.columns < b.T;
    const of = isPooled ? changeMaps(view) : null;
    if (of === null) return { whole: differenceTile(a, b, view.ui.hideFirstToken), part: null };
    const { pixels } = this.#panes.a.map;
    const size = { mean: pixels, members: pixels };
    const { tile, error } = this.#data.maps.whole(of, tokensOf(view), size);
    if (error !== null || (tile !== null && tile.members?.coding.kind !== 'differences'))
      return { whole: differenceTile(a, b, view.ui.hideFirstToken), part: null };
    return tile && { whole: tile, part: this.#data.maps.part(of, tile, this.#linked.view, size) };
  }

  #look(mapView: MapView): void {
    for (const pane of PANES) {
      this.#panes[pane].map.look(mapView);
      this.#panes[pane].axis.look(mapView);
    }
    if (this.#view === null) return;
    const { queries, keys } = shownTokens(this.#view);
    this.#zoom.show(mapView, queries.length, keys.length);
  }

  /** Draws again: the view has come to rest, or maps have another size. */
  #again(): void {
    requestAnimationFrame(() => {
      if (this.#view !== null) this.render(this.#view);
    });
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
        navigate: (mapView) => this.#linked.go(mapView),
        resized: () => this.#again(),
      },
    );
    const axis = new TokenAxis((token) => this.#actions.hover({ ...NO_HOVER, ...token }));
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

/** Second minus first of what is drawn of each. */
function differenceTile(a: AttentionTile, b: AttentionTile, skipFirstKey: boolean): AttentionTile {
  const { codes, largest } = differenceMap(a.mean.codes, b.mean.codes, b.mean.columns, skipFirstKey);
  return { ...b, members: { ...b.mean, codes, coding: { kind: 'differences', largest } } };
}

/** What kind of head it is, in three numbers. */
function statistics(tile: AttentionTile, head: number): HTMLElement[] {
  const found = tile.statistics.find((own) => own.head === head);
  if (found === undefined) return [];
  const number = (label: string, value: string, title: string): HTMLElement =>
    element('span', { class: 'figure', title }, element('span', { class: 'muted' }, label), element('b', {}, value));
  return [
    number('entropy', `${formatNumber(found.entropy, 2)} bit`, t('Over how much the weight of a query spreads; mean')),
    number(t('on first token'), formatNumber(found.firstToken, 2), t('Weight on the first token; mean over queries')),
    ...(found.distance === null
      ? []
      : [number('distance', formatNumber(found.distance, 1), t('Tokens between query and key; mean by weight'))]),
  ];
}

function key(kind: 'less' | 'more', label: string): HTMLElement {
  return element('span', { class: 'figure' }, element('i', { class: `swatch ${kind}` }), label);
}
