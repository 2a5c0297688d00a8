/** What kind of head a map is of, in four numbers below it. They are of the whole map of probabilities, whatever part is seen. */
import { t } from '@vscode/l10n';
import type { AttentionStatistics } from '../../../src/protocol/maps';
import { element } from '../../shared/dom';
import { formatNumber } from '../../shared/format';
import './mapStatistics.css';

export class MapStatistics {
  readonly element = element('dl', { class: 'map-statistics', hidden: true });
  #shown = '';

  /** @param statistics null where there are none: then nothing is said */
  show(statistics: AttentionStatistics | null): void {
    const key = JSON.stringify(statistics);
    if (key === this.#shown) return;
    this.#shown = key;
    this.element.hidden = statistics === null;
    this.element.replaceChildren(...(statistics === null ? [] : numbersOf(statistics)));
  }
}

function numbersOf({ entropy, firstToken, largest, distance }: AttentionStatistics): HTMLElement[] {
  const number = (kind: string, label: string, value: string, title: string): HTMLElement =>
    element('div', { title, 'data-statistic': kind }, element('dt', {}, label), element('dd', {}, value));
  return [
    number(
      'entropy',
      t('entropy'),
      t('{0} bit', formatNumber(entropy, 1)),
      t('Over how much a query spreads its weight: {0} bit, mean over queries', formatNumber(entropy, 3)),
    ),
    number(
      'first',
      t('first token'),
      formatNumber(firstToken, 2),
      t('Weight on the first token: {0}, mean over queries', formatNumber(firstToken, 4)),
    ),
    number(
      'largest',
      t('largest'),
      formatNumber(largest, 2),
      t('Largest weight of a query: {0}, mean over queries', formatNumber(largest, 4)),
    ),
    ...(distance === null
      ? []
      : [
          number(
            'distance',
            t('distance'),
            formatNumber(distance, 1),
            t('Tokens between query and key: {0}, mean by weight', formatNumber(distance, 2)),
          ),
        ]),
  ];
}
