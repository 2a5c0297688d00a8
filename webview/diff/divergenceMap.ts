/**
 * Figure: which heads attend elsewhere? Jensen-Shannon divergence of every head in every layer; a click shows that head
 * large.
 */
import { t } from '@vscode/l10n';
import { select } from 'd3';
import type { LayerMeasures } from '../../src/protocol/measures';
import { sequentialColor } from '../shared/colorScale';
import { element, watchWidth } from '../shared/dom';
import type { Figure, FigureNumbers } from '../shared/figure';
import { formatNumber } from '../shared/format';
import { layerTitle, longest, visibleLabels } from '../shared/labels';
import { panel } from '../shared/panel';
import { isDark } from '../shared/theme';
import { measuringNote } from './measuringNote';
import { divergenceNumbers } from './numbers';
import { shownModel, type DiffActions, type DiffView } from './view';

interface Cell {
  layer: number;
  head: number;
  value: number;
}

const MARGIN = { top: 18, right: 46 };
/** Room for the layers' numbers, or names where they have such. */
const NAME_ROOM = { least: 30, character: 6 };
const HEIGHT = 150;
const LARGEST_CELL = 26;
/** Bits that the strongest colour stands for at least: noise must not look like change. */
const SMALLEST_TOP = 0.05;

interface HeadLayer extends Pick<LayerMeasures, 'title'> {
  /** [H] */
  jensenShannon: Float32Array;
}

/** The layers with their heads' divergence; null before they are measured, and where heads do not correspond. */
function headLayers({ snapshot: { measures } }: DiffView): HeadLayer[] | null {
  const layers = (measures.result?.layers ?? []).flatMap(({ title, jensenShannon }) =>
    jensenShannon === null ? [] : [{ title, jensenShannon }],
  );
  return layers.length === 0 ? null : layers;
}

export class DivergenceMap implements Figure<DiffView> {
  readonly element: HTMLElement;
  readonly #readout = element('p', {
    class: 'drift-readout',
    'aria-live': 'polite',
    'data-testid': 'divergence-readout',
  });
  readonly #stage = element('div', { class: 'divergence-stage' });
  readonly #note = element('div', { class: 'note' });
  readonly #svg = select(this.#stage).append('svg').attr('role', 'group').attr('tabindex', 0);
  readonly #actions: DiffActions;
  #view: DiffView | null = null;
  #pointed: Cell | null = null;
  #width = 0;
  #left = 0;

  constructor(actions: DiffActions) {
    this.#actions = actions;
    this.element = panel(
      'divergence-map',
      element('span', {}, t('Attention changed, by layer and head')),
      element('span'),
      element('p', { class: 'muted note' }, t('Jensen-Shannon divergence in bits: 0 is unchanged, lower is better.')),
      this.#stage,
      this.#readout,
      this.#note,
    );
    this.element.dataset.testid = 'divergence-map';
    for (const part of ['cells', 'names', 'legend', 'cursor']) this.#svg.append('g').attr('class', part);
    this.#svg.on('pointerleave', () => this.#point(null)).on('keydown', (event: KeyboardEvent) => this.#press(event));
    watchWidth(this.#stage, (width) => {
      this.#width = width;
      if (this.#view !== null) this.render(this.#view);
    });
  }

  render(view: DiffView): void {
    this.#view = view;
    const { measures } = view.snapshot;
    const layers = headLayers(view);
    this.#stage.hidden = layers === null;
    this.#note.replaceChildren(...measuringNote(measures, this.#actions));
    if (layers !== null) this.#draw(layers, view);
    this.#tell();
  }

  numbers(view: DiffView): FigureNumbers | null {
    return divergenceNumbers(view);
  }

  emphasise(view: DiffView): void {
    this.#view = view;
  }

  #draw(layers: readonly HeadLayer[], { ui, snapshot }: DiffView): void {
    const { layers: named } = shownModel(snapshot);
    const H = layers[0]?.jensenShannon.length ?? 0;
    if (this.#width === 0 || H === 0) return;
    const cells = layers.flatMap(({ jensenShannon }, layer) =>
      Array.from(jensenShannon, (value, head): Cell => ({ layer, head, value })),
    );
    const names = layers.map((_, layer) => named[layer]?.name ?? String(layer));
    this.#left = Math.max(NAME_ROOM.least, 12 + NAME_ROOM.character * longest(names));
    const top = Math.max(SMALLEST_TOP, ...cells.map(({ value }) => value));
    const width = Math.min(LARGEST_CELL * 1.6, (this.#width - this.#left - MARGIN.right) / H);
    const height = Math.max(4, Math.min(LARGEST_CELL, HEIGHT / layers.length));
    const gap = Math.min(width, height) > 8 ? 1 : 0;
    this.#svg
      .attr('width', this.#width)
      .attr('height', MARGIN.top + layers.length * height + 2)
      .attr('aria-label', t('Divergence of {0} heads in {1} layers; arrow keys choose', H, layers.length));
    this.#svg.selectAll('.cells, .cursor').attr('transform', `translate(${this.#left},${MARGIN.top})`);
    this.#svg
      .select('.cells')
      .selectAll<SVGRectElement, Cell>('rect')
      .data(cells)
      .join('rect')
      .attr('data-testid', 'divergence-cell')
      .attr('data-layer', ({ layer }) => layer)
      .attr('data-head', ({ head }) => head)
      .attr('data-value', ({ value }) => value)
      .attr('x', ({ head }) => head * width)
      .attr('y', ({ layer }) => layer * height)
      .attr('width', width - gap)
      .attr('height', height - gap)
      .style('fill', ({ value }) => sequentialColor(value / top, isDark()))
      .on('pointerenter', (_: Event, cell) => this.#point(cell))
      .on('click', (_: Event, { layer, head }) => this.#actions.choose({ layer, head }));
    this.#svg
      .select('.cursor')
      .selectAll('rect')
      .data([ui])
      .join('rect')
      .attr('x', ({ head }) => head * width - 1)
      .attr('y', ({ layer }) => layer * height - 1)
      .attr('width', width - gap + 2)
      .attr('height', height - gap + 2);
    this.#drawNames(names, H, width, height);
    this.#drawLegend(layers.length * height, H * width, top);
  }

  #drawNames(layers: readonly string[], H: number, width: number, height: number): void {
    const names = this.#svg.select('.names');
    names
      .selectAll('.row')
      .data(visibleLabels(layers.length, height, 11))
      .join('text')
      .attr('class', 'row')
      .attr('x', this.#left - 6)
      .attr('y', (layer) => MARGIN.top + (layer + 0.5) * height)
      .text((layer) => layers[layer] ?? '');
    names
      .selectAll('.column')
      .data(visibleLabels(H, width, 22))
      .join('text')
      .attr('class', 'column')
      .attr('x', (head) => this.#left + (head + 0.5) * width)
      .attr('y', MARGIN.top - 7)
      .text((head) => `Q${head}`);
  }

  #drawLegend(height: number, width: number, top: number): void {
    const steps = 24;
    const legend = this.#svg.select('.legend').attr('transform', `translate(${this.#left + width + 10},${MARGIN.top})`);
    legend
      .selectAll('rect')
      .data(Array.from({ length: steps }, (_, step) => step))
      .join('rect')
      .attr('width', 7)
      .attr('height', height / steps + 0.6)
      .attr('y', (step) => (step / steps) * height)
      .style('fill', (step) => sequentialColor(1 - (step + 0.5) / steps, isDark()));
    legend
      .selectAll('text')
      .data([top, 0])
      .join('text')
      .attr('x', 11)
      .attr('y', (value) => (value === 0 ? height - 4 : 5))
      .text((value) => String(Number(value.toPrecision(2))));
  }

  #point(cell: Cell | null): void {
    this.#pointed = cell;
    this.#tell();
  }

  /** The head under the pointer, else the chosen one. */
  #tell(): void {
    const { layer, head } = this.#pointed ?? this.#view?.ui ?? { layer: 0, head: 0 };
    const view = this.#view;
    const value = view === null ? undefined : headLayers(view)?.[layer]?.jensenShannon[head];
    this.#readout.textContent =
      view === null || value === undefined
        ? ''
        : `${layerTitle(shownModel(view.snapshot), layer)}, Q${head}: ${t('{0} bit', formatNumber(value, 3))}`;
  }

  #press(event: KeyboardEvent): void {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    const view = this.#view;
    if (step === undefined || view === null) return;
    event.preventDefault();
    const { L, H } = shownModel(view.snapshot);
    const move = (from: number, by: number, count: number): number => Math.min(count - 1, Math.max(0, from + by));
    this.#actions.choose({ layer: move(view.ui.layer, step[0] ?? 0, L), head: move(view.ui.head, step[1] ?? 0, H) });
  }
}
