/**
 * One tensor: what it is, and on demand its statistics, streamed by the engine with progress and a way to stop.
 * Role: the card beside the table. Asking is main.ts.
 */
import type { ErrorValue } from '../../src/protocol/errors';
import type { TensorStatistics } from '../../src/protocol/structure';
import type { Busy } from '../../src/protocol/views';
import { button, plainButton } from '../shared/controls';
import { element } from '../shared/dom';
import { formatBytes, formatInteger, formatValue } from '../shared/format';
import { drawHistogram } from './histogram';
import { elementCount, type TensorList } from './tensorList';
import { shapeText } from './words';

export interface DetailsEvents {
  copy(text: string): void;
  compute(): void;
  cancel(): void;
  close(): void;
}

/** How the statistics of the tensor stand. */
export type StatisticsState =
  | { kind: 'none' }
  | { kind: 'busy'; busy: Busy }
  | { kind: 'done'; statistics: TensorStatistics }
  | { kind: 'failed'; problem: ErrorValue };

export class DetailsCard {
  readonly element: HTMLElement;
  readonly #events: DetailsEvents;
  readonly #name = element('h2', { class: 'tensor-name', 'data-testid': 'details-name' });
  readonly #copy: HTMLButtonElement;
  readonly #facts = element('dl', { class: 'facts' });
  readonly #statistics = element('div', { class: 'statistics', 'data-testid': 'statistics', 'aria-live': 'polite' });

  constructor(events: DetailsEvents) {
    this.#events = events;
    this.#copy = plainButton('Copy name', { class: 'link', 'data-testid': 'copy-name' }, () => {
      events.copy(this.#name.textContent);
      this.#copy.textContent = 'Copied';
    });
    const close = plainButton('×', { class: 'link close', 'aria-label': 'Close', title: 'Close' }, () =>
      events.close(),
    );
    this.element = element(
      'aside',
      { class: 'details', 'aria-label': 'Tensor', 'data-testid': 'details', hidden: true },
      element('div', { class: 'details-head' }, this.#name, close),
      this.#copy,
      this.#facts,
      this.#statistics,
    );
  }

  /** @param tensor place in the list; null hides the card */
  show(list: TensorList, tensor: number | null, state: StatisticsState): void {
    this.element.hidden = tensor === null;
    if (tensor === null) return;
    const { dtype, shape, role, bytes, file } = list.kind(tensor);
    const name = list.names[tensor] ?? '';
    if (this.#name.textContent !== name) this.#copy.textContent = 'Copy name';
    this.#name.textContent = name;
    this.#facts.replaceChildren(
      ...pairs([
        ['Type', dtype],
        ['Shape', shapeText(shape)],
        ['Elements', formatInteger(elementCount(shape))],
        ['Size', `${formatBytes(bytes)} (${formatInteger(bytes)} bytes)`],
        ['Role', role === '' ? 'not known' : role],
        ...(list.files().length > 1 ? [['File', file] as const] : []),
      ]),
    );
    this.#showStatistics(state, bytes);
  }

  #showStatistics(state: StatisticsState, bytes: number): void {
    const { kind } = state;
    this.#statistics.dataset.state = kind;
    if (kind === 'none') {
      const compute = button('Compute statistics', { 'data-testid': 'compute' }, () => this.#events.compute());
      this.#statistics.replaceChildren(
        compute,
        element('p', { class: 'muted' }, `Reads ${formatBytes(bytes)} from disk, twice.`),
      );
    } else if (kind === 'busy') {
      const { fraction, message } = state.busy;
      const bar = element('progress', {
        'aria-label': message,
        ...(fraction === null ? {} : { value: fraction, max: 1 }),
      });
      const cancel = button('Cancel', { 'data-testid': 'cancel-statistics' }, () => this.#events.cancel());
      this.#statistics.replaceChildren(bar, cancel);
    } else if (kind === 'failed') {
      this.#statistics.replaceChildren(describeFailure(state.problem));
    } else this.#statistics.replaceChildren(...describe(state.statistics));
  }
}

/** A type without statistics is nothing that went wrong. */
function describeFailure({ code, message, detail: { expected = '', found = '' } }: ErrorValue): HTMLElement {
  const isOtherType = code === 'checkpoint-unsupported' && found !== '';
  return element(
    'p',
    { class: isOtherType ? 'muted' : 'failed', 'data-testid': 'statistics-problem' },
    isOtherType ? `No statistics: this is ${found}, they are of ${expected}.` : message,
  );
}

function describe(statistics: TensorStatistics): Node[] {
  const { elements, zeros, nans, infinities } = statistics;
  if (elements === 0) return [element('p', { class: 'muted' }, 'It has no elements.')];
  const numbers: [label: string, key: string, value: number | null][] = [
    ['Minimum', 'minimum', statistics.minimum],
    ['Maximum', 'maximum', statistics.maximum],
    ['Mean', 'mean', statistics.mean],
    ['Standard deviation', 'standardDeviation', statistics.standardDeviation],
    ['L2 norm', 'norm', statistics.norm],
  ];
  const list = element('dl', { class: 'facts' });
  for (const [label, key, value] of numbers) {
    const shown = value === null ? '–' : formatValue(value);
    list.append(element('dt', {}, label), element('dd', { 'data-statistic': key, 'data-value': value ?? '' }, shown));
  }
  list.append(
    element('dt', {}, 'Zeros'),
    element('dd', { 'data-statistic': 'zeros', 'data-value': zeros }, shareText(zeros, elements)),
  );
  const odd = nans + infinities;
  list.append(
    element('dt', {}, 'NaN, Inf'),
    element(
      'dd',
      { 'data-statistic': 'nonFinite', 'data-value': odd, class: odd > 0 ? 'failed' : '' },
      odd === 0 ? 'none' : `${formatInteger(nans)} NaN, ${formatInteger(infinities)} infinite`,
    ),
  );
  const histogram = drawHistogram(statistics);
  return histogram === null ? [list] : [list, histogram];
}

function shareText(count: number, of: number): string {
  if (count === 0) return 'none';
  const percent = (100 * count) / of;
  return `${formatInteger(count)} (${percent < 0.1 ? '< 0.1' : Number(percent.toPrecision(3))}\u202f%)`;
}

function pairs(rows: readonly (readonly [string, string])[]): HTMLElement[] {
  return rows.flatMap(([label, value]) => [element('dt', {}, label), element('dd', {}, value)]);
}
