/**
 * What pooling does to the predictions, token by token: KL(original ‖ converted) as a bar over each token.
 */
import { t } from '@vscode/l10n';
import { select } from 'd3';
import { plainButton } from '../shared/controls';
import { element, watchWidth } from '../shared/dom';
import type { Figure, FigureNumbers } from '../shared/figure';
import { formatLoss, formatPercent } from '../shared/format';
import { shortLabel, visibleLabels } from '../shared/labels';
import { panel } from '../shared/panel';
import type { Actions, ExplorerView } from './view';

/** KL at one position, in nats. */
interface TokenDivergence {
  value: number;
  place: number;
}

const HEIGHT = 74;
const LABEL_ROOM = 50;

export class Divergence implements Figure<ExplorerView> {
  readonly element: HTMLElement;
  readonly #title = element('span', {}, t('Original and converted · KL by token'));
  readonly #numbers = element('div', { class: 'numbers' });
  readonly #hint = element('p', { class: 'hint' });
  readonly #stage = element('div', { class: 'divergence-stage' });
  readonly #svg = select(this.#stage)
    .append('svg')
    .attr('role', 'img')
    .attr('aria-label', t('KL divergence of each prediction'));
  readonly #actions: Actions;
  #view: ExplorerView | null = null;
  #width = 0;

  constructor(actions: Actions, openDiff: () => void) {
    this.#actions = actions;
    const link = plainButton(t('Open the comparison →'), { class: 'link' }, openDiff);
    this.element = panel('divergence', this.#title, link, this.#hint, this.#numbers, this.#stage);
    watchWidth(this.#stage, (width) => {
      this.#width = width;
      if (this.#view !== null) this.render(this.#view);
    });
  }

  render(view: ExplorerView): void {
    this.#view = view;
    const { compare, model, state } = view.snapshot;
    this.#stage.hidden = compare === null;
    this.#numbers.hidden = compare === null;
    this.#hint.hidden = compare !== null;
    this.#hint.textContent =
      state.conversion.G === model.G
        ? t('Choose fewer KV heads to see what pooling costs.')
        : t('Run the text to see what pooling costs, token by token.');
    if (compare === null) return;
    this.#numbers.replaceChildren(
      figure('KL', t('{0} nat', compare.klMean.toFixed(3)), t('Mean KL(original ‖ converted) a token')),
      figure(
        t('top-1 agreement'),
        formatPercent(compare.top1Agreement),
        t('Share of positions whose most probable prediction is the same'),
      ),
      ...(compare.a.loss === null
        ? []
        : [
            figure(
              t('loss'),
              `${formatLoss(compare.a.loss)} → ${formatLoss(compare.b.loss)}`,
              t('Mean next-token cross-entropy, original and converted'),
            ),
          ]),
    );
    this.#draw(
      Array.from(compare.klPerToken, (value, place) => ({ value, place })),
      view,
    );
  }

  emphasise(view: ExplorerView): void {
    this.#view = view;
    this.#svg
      .selectAll<SVGElement, TokenDivergence>('.kl')
      .classed('hovered', ({ place }) => place === view.hover.query || place === view.ui.token);
  }

  numbers({ snapshot: { compare } }: ExplorerView): FigureNumbers | null {
    if (compare === null) return null;
    return {
      title: t('KL(original ‖ converted) of the prediction after each token'),
      columns: ['position', 'token', 'KL (nats)'],
      rows: Array.from(compare.klPerToken, (kl, place) => [place, compare.a.tokens[place]?.text ?? '', kl]),
    };
  }

  #draw(values: TokenDivergence[], view: ExplorerView): void {
    if (this.#width === 0) return;
    const tokens = view.snapshot.compare?.a.tokens ?? [];
    const pitch = this.#width / Math.max(1, values.length);
    const top = Math.max(...values.map(({ value }) => value), 1e-6);
    const labelled = new Set(visibleLabels(values.length, pitch, 11));
    this.#svg.attr('width', this.#width).attr('height', HEIGHT + LABEL_ROOM);
    const bars = this.#svg
      .selectAll<SVGGElement, TokenDivergence>('.kl')
      .data(values)
      .join((enter) => {
        const made = enter.append('g').attr('class', 'kl');
        made.append('rect').attr('class', 'catch');
        made.append('rect').attr('class', 'bar');
        made.append('text');
        made.append('title');
        return made;
      })
      .attr('transform', ({ place }) => `translate(${place * pitch},0)`)
      .on('pointerenter', (_: Event, { place }) => this.#actions.hover({ query: place, key: null }))
      .on('pointerleave', () => this.#actions.hover({ query: null, key: null }));
    bars
      .select('.catch')
      .attr('width', pitch)
      .attr('height', HEIGHT + LABEL_ROOM);
    bars
      .select('.bar')
      .attr('x', pitch * 0.1)
      .attr('width', Math.max(1, pitch * 0.8))
      .attr('y', ({ value }) => HEIGHT - (value / top) * (HEIGHT - 4) - 1)
      .attr('height', ({ value }) => (value / top) * (HEIGHT - 4) + 1);
    bars
      .select('text')
      .attr('transform', `translate(${pitch / 2 + 3},${HEIGHT + 6}) rotate(-90)`)
      .text(({ place }) => (labelled.has(place) ? shortLabel(tokens[place]?.text ?? '', 8) : ''));
    bars
      .select('title')
      .text(({ value, place }) => t('after “{0}”: KL {1} nat', tokens[place]?.text ?? '', value.toFixed(3)));
  }
}

function figure(label: string, value: string, title: string): HTMLElement {
  return element(
    'span',
    { class: 'figure', title },
    element('span', { class: 'muted' }, label),
    element('b', {}, value),
  );
}
