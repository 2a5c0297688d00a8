/**
 * Figure: where do the two sides part? Cosine of what attention adds, and of the residual stream, layer by layer. The
 * chosen layer goes along it by arrow keys.
 */
import { t } from '@vscode/l10n';
import { line, scaleLinear, select } from 'd3';
import type { LayerMeasures } from '../../src/protocol/measures';
import { element, watchWidth } from '../shared/dom';
import type { Figure, FigureNumbers } from '../shared/figure';
import { formatNumber } from '../shared/format';
import { layerTitle, longest, visibleLabels } from '../shared/labels';
import { panel } from '../shared/panel';
import { cosineFloor } from './cosineFloor';
import { measuringNote } from './measuringNote';
import { driftNumbers } from './numbers';
import { stepped } from './stepped';
import { drawValueGrid } from './valueGrid';
import { shownModel, type DiffActions, type DiffView } from './view';

const HEIGHT = 168;
const MARGIN = { top: 8, right: 12, bottom: 22, left: 34 };
const SERIES = [
  { key: 'residualCosine', name: 'residual', title: () => t('residual stream') },
  { key: 'attentionCosine', name: 'attention', title: () => t('attention output') },
] as const;

type Cosines = Record<(typeof SERIES)[number]['key'], number>;
type DriftLayer = Pick<LayerMeasures, 'title'> & Cosines;

/** The layers with their cosines; null before they are measured, and where the two models' streams do not correspond. */
function driftLayers({ snapshot: { measures } }: DiffView): DriftLayer[] | null {
  const layers = (measures.result?.layers ?? []).flatMap(({ title, attentionCosine, residualCosine }) =>
    attentionCosine === null || residualCosine === null ? [] : [{ title, attentionCosine, residualCosine }],
  );
  return layers.length === 0 ? null : layers;
}

export class Drift implements Figure<DiffView> {
  readonly element: HTMLElement;
  readonly #readout = element('p', { class: 'drift-readout', 'aria-live': 'polite', 'data-testid': 'drift-readout' });
  readonly #stage = element('div', {
    ...{ class: 'drift-stage', role: 'slider', tabindex: 0, 'data-testid': 'drift-stage' },
    ...{ 'aria-label': t('Layer'), 'aria-valuemin': 0 },
  });
  readonly #what = element('p', { class: 'muted note' });
  readonly #note = element('div', { class: 'note' });
  readonly #svg = select(this.#stage).append('svg').attr('aria-hidden', 'true').attr('height', HEIGHT);
  readonly #actions: DiffActions;
  #view: DiffView | null = null;
  #pointed: number | null = null;
  #width = 0;

  constructor(actions: DiffActions) {
    this.#actions = actions;
    this.element = panel(
      'drift',
      element('span', {}, t('Drift by layer')),
      legend(),
      this.#what,
      this.#stage,
      this.#readout,
      this.#note,
    );
    this.element.dataset.testid = 'drift';
    for (const part of ['grid', 'columns', 'lines', 'dots']) this.#svg.append('g').attr('class', part);
    this.#svg.on('pointerleave', () => this.#point(null));
    this.#stage.addEventListener('keydown', (event) => this.#press(event));
    watchWidth(this.#stage, (width) => {
      this.#width = width;
      if (this.#view !== null) this.render(this.#view);
    });
  }

  render(view: DiffView): void {
    this.#view = view;
    const { measures, sides } = view.snapshot;
    const layers = driftLayers(view);
    this.#what.textContent = t(
      'Cosine of {0} and {1}: 1 is the same direction, higher is better.',
      ...[sides.a.name, sides.b.name],
    );
    this.#stage.hidden = layers === null;
    this.#note.replaceChildren(...measuringNote(measures, this.#actions));
    if (layers !== null) this.#draw(layers, view);
    this.#tell();
  }

  numbers(view: DiffView): FigureNumbers | null {
    return driftNumbers(view);
  }

  emphasise(view: DiffView): void {
    this.#view = view;
  }

  #draw(layers: readonly DriftLayer[], { ui, snapshot }: DiffView): void {
    if (this.#width === 0) return;
    const L = layers.length;
    const bottom = cosineFloor(
      layers.flatMap(({ attentionCosine, residualCosine }) => [attentionCosine, residualCosine]),
    );
    const [left, right] = [MARGIN.left, this.#width - MARGIN.right];
    const x = scaleLinear([0, Math.max(1, L - 1)], [left + 6, right - 6]);
    const y = scaleLinear([bottom, 1], [HEIGHT - MARGIN.bottom, MARGIN.top]);
    const step = L > 1 ? x(1) - x(0) : right - left;
    this.#svg.attr('width', this.#width);
    this.#stage.setAttribute('aria-valuemax', String(L - 1));
    this.#stage.setAttribute('aria-valuenow', String(ui.layer));
    const { layers: named } = shownModel(snapshot);
    const names = layers.map((_, layer) => named[layer]?.name ?? String(layer));
    this.#drawGrid(x, y, names, step);
    this.#svg
      .select('.columns')
      .selectAll<SVGRectElement, DriftLayer>('rect')
      .data(layers)
      .join('rect')
      .attr('data-testid', 'drift-layer')
      .attr('data-layer', (_, layer) => layer)
      .attr('data-attention', ({ attentionCosine }) => attentionCosine)
      .attr('data-residual', ({ residualCosine }) => residualCosine)
      .attr('x', (_, layer) => Math.max(left, x(layer) - step / 2))
      .attr('width', (_, layer) => Math.min(right, x(layer) + step / 2) - Math.max(left, x(layer) - step / 2))
      .attr('y', MARGIN.top)
      .attr('height', HEIGHT - MARGIN.top - MARGIN.bottom)
      .classed('chosen', (_, layer) => layer === ui.layer)
      .on('pointerenter', (event: Event) => this.#point(layerOf(event)))
      .on('click', (event: Event) => this.#actions.choose({ layer: layerOf(event) }));
    const path = line<number>()
      .x((_, layer) => x(layer))
      .y((value) => y(value));
    this.#svg
      .select('.lines')
      .selectAll('path')
      .data(SERIES)
      .join('path')
      .attr('class', ({ name }) => name)
      .attr('d', ({ key }) => path(layers.map((layer) => layer[key])));
    this.#svg
      .select('.dots')
      .selectAll('circle')
      .data(SERIES.flatMap(({ key, name }) => layers.map((measured, layer) => ({ name, layer, value: measured[key] }))))
      .join('circle')
      .attr('class', ({ name }) => name)
      .attr('r', step > 14 ? 3 : 1.5)
      .attr('cx', ({ layer }) => x(layer))
      .attr('cy', ({ value }) => y(value));
  }

  #drawGrid(
    x: (layer: number) => number,
    y: ReturnType<typeof scaleLinear<number>>,
    names: readonly string[],
    step: number,
  ): void {
    const grid = this.#svg.select('.grid');
    const [left, right] = [MARGIN.left, this.#width - MARGIN.right];
    drawValueGrid(grid, { y, ticks: y.ticks(4), left, right, label: (value) => formatNumber(value, 1) });
    grid
      .selectAll('.layer-number')
      .data(visibleLabels(names.length, step, Math.max(22, 7 * longest(names))))
      .join('text')
      .attr('class', 'layer-number')
      .attr('x', x)
      .attr('y', HEIGHT - 6)
      .text((layer) => names[layer] ?? '');
  }

  #point(layer: number | null): void {
    this.#pointed = layer;
    this.#tell();
  }

  /** The numbers of the layer under the pointer, else of the chosen one. */
  #tell(): void {
    const layer = this.#pointed ?? this.#view?.ui.layer ?? 0;
    const told = (place: number): string => {
      const measured = this.#view === null ? undefined : driftLayers(this.#view)?.[place];
      if (measured === undefined || this.#view === null) return '';
      const title = layerTitle(shownModel(this.#view.snapshot), place);
      const numbers = SERIES.map(({ key, title }) => `${title()} ${formatNumber(measured[key], 3)}`);
      return `${title}: ${numbers.join(' · ')}`;
    };
    this.#readout.textContent = told(layer);
    this.#stage.setAttribute('aria-valuetext', told(this.#view?.ui.layer ?? 0));
  }

  #press(event: KeyboardEvent): void {
    const view = this.#view;
    const last = (view === null ? 0 : (driftLayers(view)?.length ?? 0)) - 1;
    const place = view === null ? null : stepped(event.key, view.ui.layer, last);
    if (place === null) return;
    event.preventDefault();
    this.#pointed = null;
    this.#actions.choose({ layer: place });
  }
}

function legend(): HTMLElement {
  return element(
    'div',
    { class: 'controls' },
    ...SERIES.map(({ name, title }) =>
      element('span', { class: 'figure' }, element('i', { class: `stroke ${name}` }), title()),
    ),
  );
}

function layerOf(event: Event): number {
  return event.currentTarget instanceof SVGElement ? Number(event.currentTarget.dataset.layer) : 0;
}
