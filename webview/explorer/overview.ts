/**
 * Where in the model am I: a row a layer with the mean map of every group and how close its heads are to their pooled
 * head. The rows are a list box: up and down move through the layers.
 */
import { t } from '@vscode/l10n';
import { select } from 'd3';
import type { SimilarityResult } from '../../src/protocol/model';
import { addToHistogram } from '../shared/attentionCode';
import { fitScale, pixelTable } from '../shared/colorScale';
import { Picker, plainButton } from '../shared/controls';
import { element } from '../shared/dom';
import { paintGroup } from '../shared/groupLook';
import type { Figure, FigureNumbers } from '../shared/figure';
import { formatNumber } from '../shared/format';
import { headsByGroup } from '../shared/headOrder';
import { capitalised, layerTitle, longest } from '../shared/labels';
import { isDark } from '../shared/theme';
import type { ExplorerData, Thumbnail } from './data';
import { panel } from './panel';
import { mapsRequest, shownMeasure, similarityRequest, type Actions, type ExplorerView } from './view';

/** More groups than this leave no room for pictures: a layer then shows its bars only. */
const MOST_THUMBNAILS = 8;

interface GroupInLayer {
  layer: number;
  group: number;
  heads: number[];
  /** The heads of an encoder are not: they stand for the layer as one. */
  isGrouped: boolean;
}

export class Overview implements Figure<ExplorerView> {
  readonly element: HTMLElement;
  readonly #title = element('span', {}, 'Layers');
  readonly #picker: Picker;
  readonly #list = element('div', { class: 'layers', role: 'listbox', tabindex: 0, 'aria-label': 'Layers' });
  readonly #actions: Actions;
  readonly #data: ExplorerData;
  #view: ExplorerView | null = null;

  constructor(actions: Actions, data: ExplorerData) {
    this.#actions = actions;
    this.#data = data;
    this.#picker = new Picker('layer-picker', 'Layer', (value) => actions.choose({ layer: Number(value) }));
    const controls = element(
      'div',
      { class: 'controls stepper' },
      plainButton('‹', { 'aria-label': 'Previous layer', title: 'Previous layer' }, () => this.#step(-1)),
      this.#picker.element,
      plainButton('›', { 'aria-label': 'Next layer', title: 'Next layer' }, () => this.#step(1)),
    );
    this.element = panel('overview', this.#title, controls, this.#list);
    this.#list.addEventListener('keydown', (event) => this.#press(event));
  }

  render(view: ExplorerView): void {
    this.#view = view;
    const { model, grouping } = view.snapshot;
    const layers = Array.from({ length: model.L }, (_, layer) => layer);
    this.#picker.show(
      layers.map((layer) => ({ value: String(layer), title: capitalised(layerTitle(model, layer)) })),
      String(view.ui.layer),
    );
    this.#list.style.setProperty('--columns', String(grouping.G));
    this.#list.style.setProperty('--name', `${Math.max(2, longest(model.layers.map(({ name }) => name)))}ch`);
    this.#list.classList.toggle('many', grouping.G > 2);
    const rows = select(this.#list)
      .selectAll<HTMLElement, number>('.layer')
      .data(layers, (layer) => layer)
      .join((enter) => {
        const made = enter.append('div').attr('class', 'layer').attr('role', 'option');
        made
          .append('span')
          .attr('class', 'layer-name')
          .text((layer) => model.layers[layer]?.name ?? layer);
        made.append('div').attr('class', 'layer-groups');
        return made.on('click', (_: Event, layer) => this.#actions.choose({ layer }));
      })
      .attr('id', (layer) => `layer-${layer}`)
      .attr('aria-selected', (layer) => String(layer === view.ui.layer));
    this.#list.setAttribute('aria-activedescendant', `layer-${view.ui.layer}`);
    const cells = rows
      .select('.layer-groups')
      .selectAll<HTMLElement, GroupInLayer>('.layer-group')
      .data(
        (layer) => groupsOf(view, layer),
        (item) => item.group,
      )
      .join((enter) => {
        const made = enter.append('div').attr('class', 'layer-group');
        made.append('canvas').attr('hidden', '');
        made.append('span').attr('class', 'layer-bar').append('i');
        made.append('span').attr('class', 'layer-value');
        return made;
      });
    this.#fill(cells.nodes(), cells.data(), view);
  }

  emphasise(): void {
    // The overview is about layers; hovering a head or a token changes nothing in it.
  }

  /** How close the heads of each group are to their pooled head, in every layer that is known by now. */
  numbers(view: ExplorerView): FigureNumbers | null {
    const measure = shownMeasure(view);
    const { model } = view.snapshot;
    const items = Array.from({ length: model.L }, (_, layer) => groupsOf(view, layer)).flat();
    return {
      title: t('Groups of every layer, and how alike their heads are to the pooled head'),
      columns: ['layer', 'KV group', 'query heads', `${measure?.title ?? 'similarity'} to pooled head, mean`],
      rows: items.map((item) => {
        const request = item.isGrouped ? similarityRequest(view, item.layer) : null;
        const result = request && this.#data.similarities.peek(request);
        return [
          ...[layerTitle(model, item.layer), item.group, item.heads.join(' ')],
          result === null ? null : meanToPooled(result, item.group),
        ];
      }),
    };
  }

  /** Fills the cells one request at a time, so that the chosen layer's own figures never wait behind the overview. */
  #fill(cells: HTMLElement[], items: GroupInLayer[], view: ExplorerView): void {
    const pictured = view.snapshot.original !== null && view.snapshot.grouping.G <= MOST_THUMBNAILS;
    const isPooling = view.snapshot.grouping.G < view.snapshot.model.G;
    const missing: (() => string)[] = [];
    items.forEach((item, place) => {
      const cell = cells[place];
      if (cell === undefined) return;
      if (item.isGrouped) paintGroup(cell, item.group);
      cell.classList.toggle('plain', !pictured);
      const comparesHeads = isPooling && item.isGrouped;
      cell.classList.toggle('pooled', comparesHeads);
      const similarity = similarityRequest(view, item.layer);
      const result = similarity && this.#data.similarities.peek(similarity);
      // Numbers of another measure stay readable until theirs come, but do not pass for them.
      cell.classList.toggle('stale', comparesHeads && result === null);
      if (result !== null && item.isGrouped) showSimilarity(cell, item, result, view);
      else if (comparesHeads && similarity !== null) missing.push(() => this.#data.similarities.get(similarity).state);
      const maps = pictured ? mapsRequest(view, item.layer, item.heads) : null;
      if (maps === null) return;
      const thumbnail = this.#data.thumbnails.peek(maps);
      if (thumbnail !== null) drawThumbnail(cell, thumbnail);
      else missing.push(() => this.#data.thumbnails.get(maps).state);
    });
    missing.some((ask) => ask() === 'loading');
  }

  #step(by: number): void {
    const view = this.#view;
    if (view === null) return;
    const layer = Math.min(view.snapshot.model.L - 1, Math.max(0, view.ui.layer + by));
    if (layer === view.ui.layer) return;
    this.#actions.choose({ layer });
    document.getElementById(`layer-${layer}`)?.scrollIntoView({ block: 'nearest' });
  }

  #press(event: KeyboardEvent): void {
    const L = this.#view?.snapshot.model.L ?? 0;
    const step = { ArrowUp: -1, ArrowDown: 1, PageUp: -8, PageDown: 8, Home: -L, End: L }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    this.#step(step);
  }
}

/** The cells of a layer: its groups, or all of its heads where conversions leave them alone. */
function groupsOf({ snapshot: { model, grouping } }: ExplorerView, layer: number): GroupInLayer[] {
  const groupOfHead = grouping.groupOfHead[layer] ?? [];
  const isGrouped = model.layers[layer]?.grouped !== false;
  const groups = isGrouped ? headsByGroup(groupOfHead) : [groupOfHead.map((_, head) => head)];
  return groups.map((heads, group) => ({ layer, group, heads, isGrouped }));
}

function meanToPooled({ toPooled, groups }: SimilarityResult, group: number): number {
  const values = Array.from(toPooled).filter((_, head) => groups[head] === group);
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

/** Shows the mean similarity of a group's heads to their pooled head. */
function showSimilarity(cell: HTMLElement, item: GroupInLayer, result: SimilarityResult, view: ExplorerView): void {
  const mean = meanToPooled(result, item.group);
  cell.style.setProperty('--amount', `${Math.max(0, mean) * 100}%`);
  cell.title = `KV ${item.group}: ${shownMeasure(view)?.title ?? ''} to the pooled head ${formatNumber(mean, 2)}, mean of its heads`;
  const value = cell.querySelector('.layer-value');
  if (value !== null) value.textContent = formatNumber(mean, 2);
}

const drawn = new WeakMap<HTMLElement, { picture: Thumbnail; dark: boolean }>();

/** Draws a thumbnail with a scale of its own: the overview shows shapes, not amounts. */
function drawThumbnail(cell: HTMLElement, picture: Thumbnail): void {
  const canvas = cell.querySelector('canvas');
  const context = canvas?.getContext('2d');
  const dark = isDark();
  const last = drawn.get(cell);
  if (!canvas || !context || (last?.picture === picture && last.dark === dark)) return;
  drawn.set(cell, { picture, dark });
  const { codes, S, T, causal } = picture;
  const histogram = new Uint32Array(256);
  addToHistogram(histogram, codes, picture, true);
  const table = pixelTable(fitScale(histogram, 'log'), dark);
  canvas.hidden = false;
  canvas.width = T;
  canvas.height = S;
  const image = context.createImageData(T, S);
  const pixels = new Uint32Array(image.data.buffer);
  for (let query = 0; query < S; query++) {
    for (let key = 0; key <= (causal ? query : T - 1); key++)
      pixels[query * T + key] = table[codes[query * T + key] ?? 0] ?? 0;
  }
  context.putImageData(image, 0, 0);
}
