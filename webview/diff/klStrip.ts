/**
 * Figure: where along the text do predictions change? A bar for each token, as high as the KL of the prediction after it
 * (in an encoder, at it), with its scale and its mean. The chosen token goes along it by arrow keys.
 */
import { t } from '@vscode/l10n';
import { scaleLinear, select } from 'd3';
import { isEncoderOnly } from '../../src/protocol/layers';
import { element, watchWidth } from '../shared/dom';
import type { Figure, FigureNumbers } from '../shared/figure';
import { formatNumber } from '../shared/format';
import { tokenLabel } from '../shared/labels';
import { stepped } from './stepped';
import { drawValueGrid } from './valueGrid';
import { hoveredTokens, NO_HOVER, predictedAfter, type DiffActions, type DiffView } from './view';

const HEIGHT = 84;
const MARGIN = { top: 8, right: 4, bottom: 4, left: 40 };
/** Nats that the axis holds at least: noise must not look like change. */
const SMALLEST_TOP = 0.01;

export class KlStrip implements Figure<DiffView> {
  readonly element = element('div', {
    ...{ class: 'kl-strip', role: 'slider', tabindex: 0, 'data-testid': 'kl-strip' },
    ...{ 'aria-label': t('Token of the text'), 'aria-valuemin': 0 },
  });
  readonly #svg = select(this.element).append('svg').attr('height', HEIGHT).attr('aria-hidden', 'true');
  readonly #actions: DiffActions;
  #view: DiffView | null = null;
  /** Chosen by a key and not drawn yet: the next key goes on from there. */
  #pressed: number | null = null;
  #width = 0;

  constructor(actions: DiffActions) {
    this.#actions = actions;
    for (const part of ['grid', 'bars', 'mean', 'marks']) this.#svg.append('g').attr('class', part);
    this.element.addEventListener('pointermove', (event) =>
      actions.hover({ ...NO_HOVER, token: this.#tokenAt(event) }),
    );
    this.element.addEventListener('pointerleave', () => actions.hover(NO_HOVER));
    this.element.addEventListener('click', (event) => {
      const token = this.#tokenAt(event);
      if (token !== null) actions.choose({ token: this.#view?.ui.token === token ? null : token });
    });
    this.element.addEventListener('keydown', (event) => this.#press(event));
    watchWidth(this.element, (width) => {
      this.#width = width;
      if (this.#view !== null) this.render(this.#view);
    });
  }

  render(view: DiffView): void {
    this.#view = view;
    const { compare } = view.snapshot;
    if (compare === null || this.#width === 0) return;
    const { klPerToken, klMean } = compare;
    const top = Math.max(SMALLEST_TOP, ...klPerToken);
    const y = scaleLinear([0, top], [HEIGHT - MARGIN.bottom, MARGIN.top]).nice(3);
    const step = this.#step();
    this.#svg.attr('width', this.#width);
    this.element.setAttribute('aria-valuemax', String(klPerToken.length - 1));
    const ticks = y.ticks(3);
    drawValueGrid(this.#svg.select('.grid'), {
      ...{ y, ticks, left: MARGIN.left, right: this.#width - MARGIN.right },
      label: (value, index) => (index === ticks.length - 1 ? t('{0} nat', value) : String(value)),
    });
    this.#svg
      .select('.bars')
      .selectAll<SVGRectElement, number>('rect')
      .data([...klPerToken])
      .join('rect')
      .attr('data-testid', 'kl-bar')
      .attr('data-token', (_, token) => token)
      .attr('data-value', (value) => value)
      .attr('x', (_, token) => MARGIN.left + token * step)
      .attr('width', Math.max(0.5, step - (step > 4 ? 1 : 0)))
      .attr('y', (value) => y(value))
      .attr('height', (value) => Math.max(0, HEIGHT - MARGIN.bottom - y(value)));
    const mean = this.#svg.select('.mean');
    mean
      .selectAll('line')
      .data([klMean])
      .join('line')
      .attr('x1', MARGIN.left)
      .attr('x2', this.#width - MARGIN.right)
      .attr('y1', y)
      .attr('y2', y);
    mean
      .selectAll('text')
      .data([klMean])
      .join('text')
      .attr('x', this.#width - MARGIN.right - 2)
      .attr('y', (value) => y(value) - 6)
      .text((value) => t('mean {0}', formatNumber(value, 3)));
    this.emphasise(view);
  }

  emphasise(view: DiffView): void {
    this.#view = view;
    this.#pressed = null;
    const chosen = predictedAfter(view);
    const step = this.#step();
    const [hovered] = hoveredTokens(view);
    const marks = [
      ...(chosen === null ? [] : [{ token: chosen, kind: 'selected' }]),
      ...(hovered === undefined ? [] : [{ token: hovered, kind: 'hovered' }]),
    ];
    this.#svg
      .select('.marks')
      .selectAll('rect')
      .data(marks)
      .join('rect')
      .attr('class', ({ kind }) => kind)
      .attr('x', ({ token }) => MARGIN.left + token * step - 1)
      .attr('width', Math.max(3, step + 1))
      .attr('y', MARGIN.top - 4)
      .attr('height', HEIGHT - MARGIN.top - MARGIN.bottom + 5);
    this.element.setAttribute('aria-valuenow', String(chosen ?? 0));
    this.element.setAttribute('aria-valuetext', describeToken(view, chosen));
  }

  numbers({ snapshot: { compare, sides } }: DiffView): FigureNumbers | null {
    if (compare === null) return null;
    const { a, b, klPerToken } = compare;
    return {
      title: t('KL({0} ‖ {1}) token by token', sides.a.name, sides.b.name),
      columns: [
        ...[t('Position'), t('Token'), t('KL (nats)')],
        ...[sides.a.name, sides.b.name].map((name) => t('Loss of {0} (nats)', name)),
      ],
      rows: a.tokens.map(({ text }, place) => [
        ...[place, text, klPerToken[place] ?? null],
        ...[a, b].map(({ lossPerToken }) => lossPerToken[place] ?? null),
      ]),
    };
  }

  /** Pixels a token. */
  #step(): number {
    const count = this.#view?.snapshot.compare?.klPerToken.length ?? 1;
    return (this.#width - MARGIN.left - MARGIN.right) / Math.max(1, count);
  }

  #tokenAt(event: MouseEvent): number | null {
    const count = this.#view?.snapshot.compare?.klPerToken.length ?? 0;
    const across = event.clientX - this.element.getBoundingClientRect().left - MARGIN.left;
    const token = Math.floor(across / this.#step());
    return token >= 0 && token < count ? token : null;
  }

  #press(event: KeyboardEvent): void {
    const view = this.#view;
    if (view === null) return;
    const last = (view.snapshot.compare?.klPerToken.length ?? 0) - 1;
    const token = stepped(event.key, this.#pressed ?? predictedAfter(view) ?? 0, last);
    if (token === null) return;
    event.preventDefault();
    this.#pressed = token;
    this.#actions.choose({ token });
  }
}

/** What is told of a token: its KL, and the loss of what follows it on both sides. */
export function describeToken({ snapshot: { compare, model } }: DiffView, token: number | null): string {
  const kl = token === null ? undefined : compare?.klPerToken[token];
  if (compare === null || token === null || kl === undefined) return '';
  const { a, b } = compare;
  const word = tokenLabel(a.tokens[token]?.text ?? '');
  const [before, after] = [a.lossPerToken[token], b.lossPerToken[token]];
  const loss =
    before === undefined || after === undefined
      ? ''
      : ` · ${t('loss of the next {0} → {1}', formatNumber(before, 2), formatNumber(after, 2))}`;
  const numbers = [token, word, formatNumber(kl, 3)] as const;
  const told = isEncoderOnly(model)
    ? t('KL at token {0} “{1}”: {2} nat', ...numbers)
    : t('KL after token {0} “{1}”: {2} nat', ...numbers);
  return `${told}${loss}`;
}
