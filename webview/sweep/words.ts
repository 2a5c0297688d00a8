/** What a sweep was measured on, in words. Pure. */
import { t } from '@vscode/l10n';
import type { SweepResult } from '../../src/protocol/sweep';
import { formatInteger } from '../../src/protocol/numbers';
import { textName } from '../shared/textNames';

/** Text, calibration and adapter, each a part of the status line. */
export function describeText({ text, calibration, methods, rows }: SweepResult): string[] {
  const windows =
    text.windows === 1 ? t('1 window of {0}', text.windowSize) : t('{0} windows of {1}', text.windows, text.windowSize);
  const needsText = [...methods.merges, ...methods.groupings].some((method) => method.needsText === true);
  return [
    t('measured on {0} tokens of {1} ({2})', formatInteger(text.tokens), textName(text.name), windows),
    needsText && calibration !== null
      ? t('solved on {0} tokens of {1}', formatInteger(calibration.tokens), textName(calibration.name))
      : '',
    rows.find(({ adapter }) => adapter !== '')?.adapter ?? '',
  ].filter((part) => part !== '');
}
