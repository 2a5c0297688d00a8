/** Why a file could not be read: what and where, what was expected and found, what to do. */
import { t } from '@vscode/l10n';
import type { ErrorValue } from '../../src/protocol/errors';
import { element } from '../shared/dom';

export function problemPage({ message, detail, code }: ErrorValue): HTMLElement {
  const { file, tensor, expected, found, limit, next } = detail;
  const rows: [label: string, value: string | undefined][] = [
    [t('File'), file],
    [t('Tensor'), tensor],
    [t('Expected'), expected],
    [t('Found'), found],
    [t('Limit'), limit],
    [t('Next'), next],
  ];
  const facts = rows.flatMap(([label, value]) =>
    value === undefined ? [] : [element('dt', {}, label), element('dd', {}, value)],
  );
  // The message repeats the parts that are listed below it: its first words are what happened.
  const summary = facts.length === 0 ? message : message.replace(/ \((?:file|tensor|expected|found|limit) .*$/s, '.');
  return element(
    'div',
    { class: 'banner error problem-page', role: 'alert', 'data-testid': 'problem', 'data-code': code },
    element('p', {}, element('b', {}, summary)),
    element('dl', { class: 'facts' }, ...facts),
  );
}
