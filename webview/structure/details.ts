/**
 * One tensor: what it is, and on demand its statistics, streamed by the engine with progress and a way to stop.
 * Role: the card beside the table. Asking is statistics.ts.
 */
import { t } from '@vscode/l10n';
import type { ErrorValue } from '../../src/protocol/errors';
import type { TensorStatistics } from '../../src/protocol/structure';
import { button, plainButton } from '../shared/controls';
import { element } from '../shared/dom';
import { formatBytes, formatValue } from '../shared/format';
import { formatInteger } from '../../src/protocol/numbers';
import { drawHistogram } from './histogram';
import type { StatisticsState } from './statistics';
import { elementCount, type TensorList } from './tensorList';
import { shapeText } from './words';

export interface DetailsEvents {
  copy(text: string): void;
  compute(): void;
  cancel(): void;
  close(): void;
}

export class DetailsCard {
  readonly element: HTMLElement;
  readonly #events: DetailsEvents;
  readonly #name = element('h2', { class: 'tensor-name', id: 'title-tensor', 'data-testid': 'details-name' });
  readonly #copy: HTMLButtonElement;
  readonly #facts = element('dl', { class: 'facts' });
  readonly #statistics = element('div', { class: 'statistics', 'data-testid': 'statistics', 'aria-live': 'polite' });

  constructor(events: DetailsEvents) {
    this.#events = events;
    this.#copy = plainButton(t('Copy name'), { class: 'link', 'data-testid': 'copy-name' }, () => {
      events.copy(this.#name.textContent);
      this.#copy.textContent = t('Copied');
    });
    const close = plainButton('×', { class: 'link close', 'aria-label': t('Close'), title: t('Close') }, () =>
      events.close(),
    );
    this.element = element(
      'aside',
      {
        class: 'details figure-part',
        'aria-label': t('Tensor'),
        'data-figure': 'tensor',
        'data-testid': 'details',
        hidden: true,
      },
      element('div', { class: 'details-head panel-head' }, this.#name, close),
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
    if (this.#name.textContent !== name) this.#copy.textContent = t('Copy name');
    this.#name.textContent = name;
    this.#facts.replaceChildren(
      ...pairs([
        [t('Type'), dtype],
        [t('Shape'), shapeText(shape)],
        [t('Elements'), formatInteger(elementCount(shape))],
        [t('Size'), t('{0} ({1} bytes)', formatBytes(bytes), formatInteger(bytes))],
        [t('Role'), role === '' ? t('not known') : role],
        ...(list.files().length > 1 ? [[t('File'), file] as const] : []),
      ]),
    );
    this.#showStatistics(state, bytes);
  }

  #showStatistics(state: StatisticsState, bytes: number): void {
    const { kind } = state;
    this.#statistics.dataset.state = kind;
    if (kind === 'none') {
      const compute = button(t('Compute statistics'), { 'data-testid': 'compute' }, () => this.#events.compute());
      this.#statistics.replaceChildren(
        compute,
        element('p', { class: 'muted' }, t('Reads {0} from disk, twice.', formatBytes(bytes))),
      );
    } else if (kind === 'busy') {
      const { fraction, message } = state.busy;
      const bar = element('progress', {
        'aria-label': message,
        ...(fraction === null ? {} : { value: fraction, max: 1 }),
      });
      const cancel = button(t('Cancel'), { 'data-testid': 'cancel-statistics' }, () => this.#events.cancel());
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
    isOtherType ? t('No statistics: this is {0}, they are of {1}.', found, expected) : message,
  );
}

function describe(statistics: TensorStatistics): Node[] {
  const { elements, zeros, nans, infinities } = statistics;
  if (elements === 0) return [element('p', { class: 'muted' }, t('It has no elements.'))];
  const numbers: [label: string, key: string, value: number | null][] = [
    [t('Minimum'), 'minimum', statistics.minimum],
    [t('Maximum'), 'maximum', statistics.maximum],
    [t('Mean'), 'mean', statistics.mean],
    [t('Standard deviation'), 'standardDeviation', statistics.standardDeviation],
    [t('L2 norm'), 'norm', statistics.norm],
  ];
  const list = element('dl', { class: 'facts' });
  for (const [label, key, value] of numbers) {
    const shown = value === null ? '–' : formatValue(value);
    list.append(element('dt', {}, label), element('dd', { 'data-statistic': key, 'data-value': value ?? '' }, shown));
  }
  list.append(
    element('dt', {}, t('Zeros')),
    element('dd', { 'data-statistic': 'zeros', 'data-value': zeros }, shareText(zeros, elements)),
  );
  const odd = nans + infinities;
  list.append(
    element('dt', {}, t('NaN, Inf')),
    element(
      'dd',
      { 'data-statistic': 'nonFinite', 'data-value': odd, class: odd > 0 ? 'failed' : '' },
      odd === 0 ? t('none') : t('{0} NaN, {1} infinite', formatInteger(nans), formatInteger(infinities)),
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
