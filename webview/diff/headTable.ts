/**
 * All heads of the layer beside each other in group order: how far each one's maps are apart (a bar), its map on the first side
 * above its map on the second and their difference, of what the large maps show. Choosing one shows it large.
 * Role: elements, order and bars; tiles are headTiles.ts, colours paneColors.ts.
 */
import { t } from '@vscode/l10n';
import type { DiffUi } from '../../src/protocol/diffView';
import type { AttentionTile } from '../../src/protocol/maps';
import { colorScaleOf, colorScales } from '../shared/colorScale';
import { CheckBox, Picker, Segmented, type Choice } from '../shared/controls';
import { element } from '../shared/dom';
import { paintGroup } from '../shared/groupLook';
import type { Figure, FigureNumbers } from '../shared/figure';
import { Heatmap, type HeatmapPicture } from '../shared/heatmap';
import { layerTitle } from '../shared/labels';
import { panel } from '../shared/panel';
import type { MapColors } from '../shared/mapColors';
import { legendElement } from '../shared/mapLegend';
import type { DiffData } from './data';
import { headNumbers } from './numbers';
import { HeadTileReader } from './headTiles';
import { fitPaneColors, mapLayer } from './paneColors';
import { headLegendWords, headMapsNote } from './paneWords';
import { mapMarks, NO_HOVER, orderedHeads, shownModel, type DiffActions, type DiffView, type Pane } from './view';

interface Column {
  element: HTMLElement;
  button: HTMLButtonElement;
  bar: HTMLElement;
  value: HTMLElement;
  maps: Record<Pane, Heatmap>;
}

/** From above. */
const PANES: readonly Pane[] = ['a', 'b', 'difference'];

/** Bits that a full bar stands for at least: noise must not look like change. */
const SMALLEST_TOP = 0.02;

type Placed = ReturnType<typeof orderedHeads>[number];

const orders = (): Choice[] => [
  { value: 'group', title: t('By group'), description: t('Heads that share a KV head stand together') },
  { value: 'divergence', title: t('Most changed first'), description: t('By the divergence of their maps') },
];

function inOrder(heads: Placed[], order: DiffUi['headOrder'], values: Float32Array | null): Placed[] {
  if (order === 'group' || values === null) return heads;
  return heads.toSorted((one, other) => (values[other.head] ?? 0) - (values[one.head] ?? 0));
}

export class HeadTable implements Figure<DiffView> {
  readonly element: HTMLElement;
  readonly #title = element('span');
  readonly #note = element('p', { class: 'muted note' });
  readonly #failure = element('p', { class: 'failed', hidden: true });
  readonly #legends = element('div', { class: 'map-legends' });
  readonly #row = element('div', { class: 'head-columns' });
  readonly #layer: Picker;
  readonly #scale: Segmented;
  readonly #hideFirst: CheckBox;
  readonly #order: Segmented;
  readonly #columns = new Map<number, Column>();
  readonly #actions: DiffActions;
  readonly #data: DiffData;
  readonly #tiles: HeadTileReader;
  #view: DiffView | null = null;
  #isPlanned = false;

  constructor(actions: DiffActions, data: DiffData) {
    this.#actions = actions;
    this.#data = data;
    this.#tiles = new HeadTileReader(data.maps);
    this.#layer = new Picker('layer-picker', t('Layer'), (value) => actions.choose({ layer: Number(value) }));
    this.#scale = new Segmented('scale-picker', t('Colour scale'), colorScales, (value) =>
      actions.choose({ scale: colorScaleOf(value) }),
    );
    this.#hideFirst = new CheckBox(
      'hide-first',
      t('Hide first token'),
      t('Leaves the first token out of the colour scale'),
      (checked) => actions.choose({ hideFirstToken: checked }),
    );
    this.#order = new Segmented('head-order', t('Order of the heads'), orders(), (value) =>
      actions.choose({ headOrder: value === 'divergence' ? 'divergence' : 'group' }),
    );
    const controls = element(
      'div',
      { class: 'controls' },
      this.#layer.element,
      this.#order.element,
      this.#scale.element,
      this.#hideFirst.element,
    );
    this.element = panel('heads', this.#title, controls, this.#legends, this.#row, this.#failure, this.#note);
  }

  render(view: DiffView): void {
    this.#view = view;
    const { compare, sides } = view.snapshot;
    const model = shownModel(view.snapshot);
    this.#title.textContent = t('Heads of {0}', layerTitle(model, view.ui.layer));
    this.#layer.show(
      Array.from({ length: model.L }, (_, layer) => ({
        value: String(layer),
        title: model.layers[layer]?.name ?? String(layer),
      })),
      String(view.ui.layer),
    );
    this.#scale.show(view.ui.scale);
    // Scores are signed: they have one scale, from the lowest to the highest.
    this.#scale.element.hidden = view.ui.mapValues === 'scores';
    this.#hideFirst.show(view.ui.hideFirstToken);
    const divergence =
      compare === null
        ? null
        : this.#data.divergences.get({ runA: compare.a.runId, runB: compare.b.runId, layer: view.ui.layer });
    const values = divergence?.state === 'ready' ? divergence.value.jensenShannon : null;
    const largest = values === null ? 1 : Math.max(SMALLEST_TOP, ...values);
    this.#note.textContent = [
      t('Bars: Jensen-Shannon divergence of the two maps in bits (0: the same, 1: nothing in common).'),
      values === null ? '' : t('A full bar is {0} bit.', largest.toFixed(3)),
      headMapsNote(view),
    ].join(' ');
    this.#order.show(view.ui.headOrder);
    const heads = inOrder(orderedHeads(view), view.ui.headOrder, values);
    this.#place(heads.map(({ head }) => head));
    for (const { head, group } of heads) {
      const column = this.#columns.get(head);
      if (column === undefined) continue;
      paintGroup(column.element, group);
      column.button.title = t('Query head {0}, KV {1}', head, group);
      for (const pane of PANES) {
        const name = pane === 'difference' ? t('Difference') : sides[pane].name;
        column.maps[pane].canvas.setAttribute('aria-label', `Q${head}, ${name}`);
      }
      column.button.setAttribute('aria-pressed', String(head === view.ui.head));
      column.element.classList.toggle('selected', head === view.ui.head);
      if (divergence?.state !== 'ready') continue;
      const value = values?.[head] ?? 0;
      column.bar.dataset.value = String(value);
      column.bar.style.setProperty('--amount', `${(value / largest) * 100}%`);
      const difference = (divergence.value.maxDifference[head] ?? 0).toFixed(3);
      column.bar.title = t('Q{0}: {1} bit; largest difference of a weight {2}', head, value.toFixed(4), difference);
      // What is seen comes first: voice control calls it by that.
      column.button.setAttribute('aria-label', t('Q{0} {1} bit of divergence', head, value.toFixed(3)));
      column.value.textContent = value.toFixed(3);
    }
    this.#draw(view);
    this.emphasise(view);
  }

  numbers(view: DiffView): FigureNumbers | null {
    return headNumbers(view, this.#data);
  }

  emphasise(view: DiffView): void {
    const marks = mapMarks(view);
    for (const { maps } of this.#columns.values()) for (const pane of PANES) maps[pane].mark(marks);
  }

  #draw(view: DiffView): void {
    const pixels = Math.max(0, ...[...this.#columns.values()].map((column) => column.maps.a.pixels));
    const { heads, isLoading, failure } = this.#tiles.read(view, pixels);
    this.element.classList.toggle('loading', isLoading);
    this.#failure.hidden = failure === null;
    this.#failure.textContent = failure;
    // What was drawn before stays until all of them have come: they have one scale.
    if (isLoading || pixels === 0) return;
    const tiles = { sides: [] as AttentionTile[], difference: [] as AttentionTile[] };
    for (const { a, b, difference } of heads.values()) {
      tiles.sides.push(a, b);
      if (difference !== null) tiles.difference.push(difference);
    }
    const colors = fitPaneColors(tiles, view.ui);
    for (const [head, { maps }] of this.#columns) {
      const own = heads.get(head);
      for (const pane of PANES) {
        maps[pane].element.classList.toggle('missing', own === undefined);
        maps[pane].element.classList.toggle('awaited', own?.[pane] === null);
        const tile = own?.[pane];
        if (tile) maps[pane].draw(picture(tile, pane === 'difference' ? colors.difference : colors.sides, view));
      }
    }
    this.#legends.replaceChildren(
      ...colors.sides.legends.map((legend) => legendElement(legend, headLegendWords(view, legend.kind))),
      ...colors.difference.legends.map((legend) => legendElement(legend, t('Difference'))),
    );
  }

  /** Draws again once: maps have another size. */
  #again(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    requestAnimationFrame(() => {
      this.#isPlanned = false;
      if (this.#view !== null) this.#draw(this.#view);
    });
  }

  #place(heads: number[]): void {
    for (const [head, { element: column }] of this.#columns) {
      if (heads.includes(head)) continue;
      column.remove();
      this.#columns.delete(head);
    }
    for (const head of heads) if (!this.#columns.has(head)) this.#columns.set(head, this.#makeColumn(head));
    const columns = heads.flatMap((head) => this.#columns.get(head)?.element ?? []);
    if (columns.some((column, place) => this.#row.children[place] !== column)) this.#row.replaceChildren(...columns);
  }

  #makeColumn(head: number): Column {
    const events = {
      hover: (cell: { query: number; key: number } | null) => this.#actions.hover({ ...NO_HOVER, ...cell }),
      select: () => undefined,
      resized: () => this.#again(),
    };
    const make = (pane: Pane): Heatmap => {
      const attributes = {
        'data-testid': 'diff-thumb',
        'data-side': pane,
        'data-head': head,
        'aria-label': `Q${head}`,
      };
      const map = new Heatmap(attributes, events);
      map.canvas.tabIndex = -1;
      return map;
    };
    const maps = { a: make('a'), b: make('b'), difference: make('difference') };
    const bar = element(
      'span',
      { class: 'divergence-bar', 'data-testid': 'head-divergence', 'data-head': head },
      element('i'),
    );
    const value = element('span', { class: 'muted' });
    const button = element(
      'button',
      { type: 'button', class: 'head-button' },
      element('b', {}, `Q${head}`),
      ' ',
      value,
    );
    const column = element('div', { class: 'head-column' }, bar, button, ...PANES.map((pane) => maps[pane].element));
    column.addEventListener('click', () => this.#actions.choose({ head }));
    return { element: column, button, bar, value, maps };
  }
}

function picture(tile: AttentionTile, colors: MapColors, { ui }: DiffView): HeatmapPicture {
  const { S, T, causal } = tile;
  return { S, T, causal, fadeFirst: ui.hideFirstToken, layers: [mapLayer(tile, colors)] };
}
