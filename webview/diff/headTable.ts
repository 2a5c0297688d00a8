/**
 * All heads of the layer beside each other in group order: how far each one's maps are apart (a bar), its map on the
 * first side above its map on the second. Choosing one shows it large.
 */
import { t } from '@vscode/l10n';
import type { DiffUi } from '../../src/protocol/diffView';
import type { AttentionRequest, AttentionTile } from '../../src/protocol/maps';
import { colorScaleOf, colorScales } from '../shared/colorScale';
import { comparisonColors } from '../shared/comparisonColors';
import { CheckBox, Picker, Segmented, type Choice } from '../shared/controls';
import { element } from '../shared/dom';
import { paintGroup } from '../shared/groupLook';
import type { Figure, FigureNumbers } from '../shared/figure';
import { Heatmap, type HeatmapPicture } from '../shared/heatmap';
import { layerTitle } from '../shared/labels';
import { panel } from '../shared/panel';
import { cellsOf } from '../shared/mapCells';
import { fitColors } from '../shared/mapColors';
import type { WholeMaps } from '../shared/mapTiles';
import { isDark } from '../shared/theme';
import type { DiffData } from './data';
import { headNumbers } from './numbers';
import { sideRequest } from './paneMaps';
import { mapMarks, NO_HOVER, orderedHeads, shownModel, tokensOf, type DiffActions, type DiffView } from './view';

interface Column {
  element: HTMLElement;
  button: HTMLButtonElement;
  bar: HTMLElement;
  value: HTMLElement;
  a: Heatmap;
  b: Heatmap;
}

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
  readonly #row = element('div', { class: 'head-columns' });
  readonly #layer: Picker;
  readonly #scale: Segmented;
  readonly #hideFirst: CheckBox;
  readonly #order: Segmented;
  readonly #columns = new Map<number, Column>();
  readonly #actions: DiffActions;
  readonly #data: DiffData;

  constructor(actions: DiffActions, data: DiffData) {
    this.#actions = actions;
    this.#data = data;
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
    this.element = panel('heads', this.#title, controls, this.#row, this.#note);
  }

  render(view: DiffView): void {
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
      t('Maps: above {0}, below {1}.', sides.a.name, sides.b.name),
      view.ui.mapValues === 'scores' ? t('They show scores before the softmax.') : '',
    ].join(' ');
    this.#order.show(view.ui.headOrder);
    const heads = inOrder(orderedHeads(view), view.ui.headOrder, values);
    this.#place(heads.map(({ head }) => head));
    for (const { head, group } of heads) {
      const column = this.#columns.get(head);
      if (column === undefined) continue;
      paintGroup(column.element, group);
      column.button.title = t('Query head {0}, KV {1}', head, group);
      for (const side of ['a', 'b'] as const)
        column[side].canvas.setAttribute('aria-label', `Q${head}, ${sides[side].name}`);
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
    for (const { a, b } of this.#columns.values()) {
      a.mark(marks);
      b.mark(marks);
    }
  }

  #draw(view: DiffView): void {
    const requests = { a: sideRequest(view, 'a'), b: sideRequest(view, 'b') };
    const members = Math.max(0, ...[...this.#columns.values()].map((column) => column.a.pixels));
    const ask = (request: AttentionRequest | null): WholeMaps | null =>
      request && this.#data.maps.whole(request, tokensOf(view), { mean: members, members });
    const asked = [ask(requests.a), ask(requests.b)];
    this.element.classList.toggle(
      'loading',
      asked.some((one) => one?.tile === null && one.error === null),
    );
    const [a = null, b = null] = asked.map((one) => one?.tile ?? null);
    if (a === null || b === null) return;
    const { hideFirstToken, scale } = view.ui;
    const look = { scale, skipFirstKey: hideFirstToken, dark: isDark(), comparison: comparisonColors() };
    const colors = fitColors([a, b], look);
    const picture = (of: AttentionTile, head: number): HeatmapPicture => {
      const { S, T, causal, window } = of;
      const cells = cellsOf(of, head);
      const layers = cells === null ? [] : [{ window, ...cells, table: colors.table(cells.coding) }];
      return { S, T, causal, fadeFirst: hideFirstToken, layers };
    };
    for (const [head, column] of this.#columns) {
      column.a.draw(picture(a, head));
      column.b.draw(picture(b, head));
    }
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
    };
    const a = new Heatmap(
      { 'data-testid': 'diff-thumb', 'data-side': 'a', 'data-head': head, 'aria-label': `Q${head}` },
      events,
    );
    const b = new Heatmap(
      { 'data-testid': 'diff-thumb', 'data-side': 'b', 'data-head': head, 'aria-label': `Q${head}` },
      events,
    );
    for (const map of [a, b]) map.canvas.tabIndex = -1;
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
    const column = element('div', { class: 'head-column' }, bar, button, a.element, b.element);
    column.addEventListener('click', () => this.#actions.choose({ head }));
    return { element: column, button, bar, value, a, b };
  }
}
