/** What is said above the figures: why a file could not be read or cannot be run, what could not be done. No controls. */
import { t } from '@vscode/l10n';
import type { ErrorValue } from '../../src/protocol/errors';
import { problemBanner } from '../shared/banners';
import { element } from '../shared/dom';

export interface Problems {
  /** Why the file could not be read. */
  unreadable: ErrorValue | null;
  /** What could not be done with a figure, until it is dismissed. */
  problem: ErrorValue | null;
  dismiss: () => void;
  notRunnable: string | null;
}

/** Everything that is wrong, the worst first. */
export function pageBanners({ unreadable, problem, dismiss, notRunnable }: Problems): HTMLElement[] {
  return [
    ...(unreadable === null ? [] : [problemPage(unreadable)]),
    ...(problem === null ? [] : [problemBanner(problem, dismiss)]),
    ...(notRunnable === null
      ? []
      : [
          element(
            'div',
            { class: 'banner warning', 'data-testid': 'not-runnable' },
            element('p', {}, t('It cannot be run, only looked at. {0}', notRunnable)),
          ),
        ]),
  ];
}

/** What and where, what was expected and found, what to do. */
function problemPage({ message, summary, detail, code }: ErrorValue): HTMLElement {
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
  return element(
    'div',
    { class: 'banner error problem-page', role: 'alert', 'data-testid': 'problem', 'data-code': code },
    element('p', {}, element('b', {}, facts.length === 0 || summary === undefined ? message : `${summary}.`)),
    element('dl', { class: 'facts' }, ...facts),
  );
}
