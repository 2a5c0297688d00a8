/** Banners that several pages show. */
import { t } from '@vscode/l10n';
import type { ErrorValue } from '../../src/protocol/errors';
import { button } from './controls';
import { element } from './dom';

/** What went wrong, with a button that takes it away. */
export function problemBanner(problem: ErrorValue, dismiss: () => void): HTMLElement {
  return element(
    'div',
    { class: 'banner error', role: 'alert', 'data-testid': 'problem', 'data-code': problem.code },
    element('p', {}, problem.message),
    button(t('Dismiss'), {}, dismiss),
  );
}

/** A thin bar under a header. `fraction` null is "some time". */
export class ProgressBar {
  readonly element: HTMLElement;

  constructor(label: string) {
    this.element = element('div', { class: 'progress', role: 'progressbar', 'aria-label': label, hidden: true });
  }

  show(busy: { message: string; fraction: number | null } | null): void {
    this.element.hidden = busy === null;
    this.element.classList.toggle('endless', busy !== null && busy.fraction === null);
    this.element.style.setProperty('--done', String(busy?.fraction ?? 0));
    if (busy === null) return;
    this.element.setAttribute('aria-valuetext', busy.message);
    this.element.dataset.message = busy.message;
  }
}
