/**
 * What the conversion does to each query head's output: how much is observed, how much of that the values alone make, and
 * what is predicted at most. On a logarithmic scale: a tenth and ten times are both worth seeing.
 */
import { t } from '@vscode/l10n';
import { scaleLog, select } from 'd3';
import type { HeadDamage } from '../../../src/protocol/damage';
import { element } from '../../shared/dom';
import { formatPercent } from '../../shared/format';
import { paintGroups } from '../../shared/groupLook';
import type { Figure, FigureNumbers } from '../../shared/figure';
import { layerTitle } from '../../shared/labels';
import { part } from '../../shared/panel';
import type { ExplorerData } from '../data';
import { damageRequest, focusedGroup, focusedHead, type Actions, type ExplorerView } from '../view';

interface HeadPlace {
  head: number;
  group: number;
  observed: number;
  byValues: number;
  predicted: number;
}

const HEIGHT = 92;
const LEFT = 38;
const TOP = 6;
const NAMES = 16;
/** Shares of a head's output that the scale may begin, end and be labelled with. */
const STEPS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100];
const MOST_TICKS = 7;

export class Damage implements Figure<ExplorerView> {
  readonly element: HTMLElement;
  readonly #actions: Actions;
  readonly #data: ExplorerData;
  readonly #stage = element('div', { class: 'damage-stage' });
  readonly #note = element('p', { class: 'muted note' });
  readonly #svg = select(this.#stage).append('svg').attr('role', 'img');

  #width = 0;

  constructor(actions: Actions, data: ExplorerData) {
    this.#actions = actions;
    this.#data = data;
    this.element = part('damage', element('span', {}, t('Damage to each head’s output')), this.#stage, this.#note);
    this.element.hidden = true;
    for (const part of ['axis', 'heads']) this.#svg.append('g').attr('class', part);
    this.#svg.on('pointerleave', () => actions.hover({ head: null, group: null }));
  }

  /** @param width pixels that may be used */
  fit(width: number): void {
    this.#width = width;
  }

  render(view: ExplorerView): void {
    const width = this.#width;
    const request = damageRequest(view);
    this.element.hidden = request === null;
    if (request === null || width === 0) return;
    const answer = this.#data.damages.get(request);
    this.element.classList.toggle('loading', answer.state === 'loading');
    this.#note.classList.toggle('failed', answer.state === 'failed');
    if (answer.state === 'failed') this.#note.textContent = answer.error.message;
    if (answer.state !== 'ready') return;
    const groups = view.snapshot.grouping.groupOfHead[view.ui.layer] ?? [];
    const places = placesOf(answer.value, groups);
    this.#note.textContent = summarise(places);
    this.#svg.attr('aria-label', places.map(describe).join('; '));
    this.#draw(places, width);
    this.emphasise(view);
  }

  emphasise(view: ExplorerView): void {
    const [head, group] = [focusedHead(view), focusedGroup(view)];
    this.#svg
      .selectAll<SVGGElement, HeadPlace>('.head-damage')
      .classed('dimmed', (place) => (head === null ? group !== null && place.group !== group : place.head !== head));
  }

  numbers(view: ExplorerView): FigureNumbers | null {
    const request = damageRequest(view);
    const damage = request && this.#data.damages.peek(request);
    if (damage === null) return null;
    const groups = view.snapshot.grouping.groupOfHead[view.ui.layer] ?? [];
    return {
      title: t('Change of each head’s output in {0}, as a share of it', layerTitle(view.snapshot.model, view.ui.layer)),
      columns: ['query head', 'KV group', 'observed', 'by values alone', 'predicted at most'],
      rows: placesOf(damage, groups).map(({ head, group, observed, byValues, predicted }) => [
        ...[head, group, observed, byValues, predicted],
      ]),
    };
  }

  #draw(places: HeadPlace[], width: number): void {
    const bottom = HEIGHT - NAMES;
    const domain = domainOf(places);
    const y = scaleLog(domain, [bottom, TOP]).clamp(true);
    const pitch = (width - LEFT) / Math.max(1, places.length);
    this.#svg.attr('width', width).attr('height', HEIGHT);
    const steps = STEPS.filter((step) => step >= domain[0] && step <= domain[1]);
    // Over many decades only those themselves have room.
    const ticks = steps.length <= MOST_TICKS ? steps : steps.filter((step) => Math.log10(step) % 1 === 0);
    const axis = this.#svg.select('.axis');
    axis
      .selectAll('line')
      .data(ticks)
      .join('line')
      .attr('x1', LEFT - 4)
      .attr('x2', width)
      .attr('y1', y)
      .attr('y2', y)
      .classed('whole', (tick) => tick === 1);
    axis
      .selectAll('text')
      .data(ticks)
      .join('text')
      .attr('x', LEFT - 8)
      .attr('y', y)
      .text(percent);
    const heads = this.#svg
      .select('.heads')
      .selectAll<SVGGElement, HeadPlace>('.head-damage')
      .data(places, ({ head }) => head)
      .join((enter) => {
        const made = enter.append('g').attr('class', 'head-damage').attr('data-testid', 'head-damage');
        made.append('rect').attr('class', 'catch');
        made.append('line').attr('class', 'range');
        made.append('line').attr('class', 'bound');
        made.append('circle').attr('class', 'by-values');
        made.append('circle').attr('class', 'observed');
        made.append('text');
        made.append('title');
        return made;
      })
      .attr('data-head', ({ head }) => head)
      .attr('data-observed', ({ observed }) => observed)
      .attr('data-predicted', ({ predicted }) => predicted)
      .attr('transform', (_, place) => `translate(${LEFT + (place + 0.5) * pitch},0)`)
      .call(paintGroups, ({ group }: HeadPlace) => group)
      .on('pointerenter', (_: Event, { head, group }) => this.#actions.hover({ head, group }));
    const radius = Math.min(4, Math.max(1.5, pitch / 4));
    const half = Math.min(6, pitch / 2 - 0.5);
    heads
      .select('.catch')
      .attr('x', -pitch / 2)
      .attr('width', pitch)
      .attr('height', HEIGHT);
    heads
      .select('.range')
      .attr('y1', ({ observed }) => y(observed))
      .attr('y2', ({ predicted }) => y(predicted));
    heads
      .select('.bound')
      .attr('x1', -half)
      .attr('x2', half)
      .attr('y1', ({ predicted }) => y(predicted))
      .attr('y2', ({ predicted }) => y(predicted));
    heads
      .select('.by-values')
      .attr('r', radius)
      .attr('cy', ({ byValues }) => y(byValues));
    heads
      .select('.observed')
      .attr('r', radius)
      .attr('cy', ({ observed }) => y(observed));
    const every = Math.ceil(18 / Math.max(1, pitch));
    heads
      .select('text')
      .attr('y', HEIGHT - 5)
      .text(({ head }, place) => (place % every === 0 ? head : ''));
    heads.select('title').text(describe);
  }
}

/** The steps around all numbers, a decade apart at least. */
function domainOf(places: readonly HeadPlace[]): [number, number] {
  const values = places.flatMap(({ observed, byValues, predicted }) => [observed, byValues, predicted]);
  const positive = values.filter((value) => value > 0 && Number.isFinite(value));
  const low = STEPS.findLast((step) => step <= Math.min(...positive, 0.3)) ?? 0.001;
  const high = STEPS.find((step) => step >= Math.max(...positive, 10 * low)) ?? 100;
  return [low, high];
}

/** Heads in group order. */
function placesOf({ observed, byValues, byKeys }: HeadDamage, groups: readonly number[]): HeadPlace[] {
  return Array.from(observed, (value, head): HeadPlace => {
    const ofValues = byValues[head] ?? 0;
    return {
      head,
      group: groups[head] ?? 0,
      observed: value,
      byValues: ofValues,
      predicted: ofValues + (byKeys[head] ?? 0),
    };
  }).sort((a, b) => a.group - b.group || a.head - b.head);
}

function describe({ head, observed, byValues, predicted }: HeadPlace): string {
  return t(
    'Q{0}: changed by {1}, by its values alone {2}, predicted at most {3}',
    head,
    percent(observed),
    percent(byValues),
    percent(predicted),
  );
}

function summarise(places: readonly HeadPlace[]): string {
  const [first, ...rest] = places;
  if (first === undefined) return '';
  const worst = rest.reduce((most, place) => (place.observed > most.observed ? place : most), first);
  const mean = places.reduce((sum, { observed }) => sum + observed, 0) / places.length;
  return t(
    'Dot: observed change of what a head adds to the stream (O·z), on the layer’s own inputs; mean {0}, most Q{1} {2}. Ring: by changed values alone. Line: predicted at most.',
    percent(mean),
    worst.head,
    percent(worst.observed),
  );
}

const percent = (share: number): string => formatPercent(share, share < 0.1 ? 1 : 0);
