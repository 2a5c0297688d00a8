/** What a sweep was measured on, in words. Pure. */
import type { SweepResult } from '../../src/protocol/sweep';
import { formatInteger } from '../shared/format';

/** Text, calibration and adapter, each a part of the status line. */
export function describeText({ text, calibration, methods, rows }: SweepResult): string[] {
  const windows = `${text.windows} window${text.windows === 1 ? '' : 's'} of ${text.windowSize}`;
  const needsText = [...methods.merges, ...methods.groupings].some((method) => method.needsText === true);
  return [
    `measured on ${formatInteger(text.tokens)} tokens of ${text.name} (${windows})`,
    needsText && calibration !== null
      ? `solved on ${formatInteger(calibration.tokens)} tokens of ${calibration.name}`
      : '',
    rows.find(({ adapter }) => adapter !== '')?.adapter ?? '',
  ].filter((part) => part !== '');
}
