/** What figures of measures show while there are none: progress with a way to stop, or why there are none and a way to try again. */
import { t } from '@vscode/l10n';
import type { MeasuresState } from '../../src/protocol/diffView';
import { plainButton } from '../shared/controls';
import { element } from '../shared/dom';
import type { DiffActions } from './view';

export function measuringNote({ result, busy, problem }: MeasuresState, actions: DiffActions): HTMLElement[] {
  if (result !== null) return [];
  if (busy !== null) {
    const done = busy.fraction === null ? '' : ` (${Math.round(busy.fraction * 100)} %)`;
    return [
      element('span', { class: 'muted' }, `${busy.message}${done} `),
      plainButton(t('Cancel'), { class: 'link' }, () => actions.cancelMeasures()),
    ];
  }
  if (problem === null) return [];
  return [
    element('span', { class: problem.code === 'cancelled' ? 'muted' : 'failed' }, `${problem.message} `),
    plainButton(t('Measure now'), { class: 'link' }, () => actions.measure('layers')),
  ];
}
