/** The top of the structure page: which file it is, and what can be done with it. Role: controls; no figures. */
import { t } from '@vscode/l10n';
import type { StructureSnapshot } from '../../src/protocol/structureView';
import { ProgressBar } from '../shared/banners';
import { button } from '../shared/controls';
import { element } from '../shared/dom';

export class PageHeader {
  readonly element: HTMLElement;
  readonly #name = element('h1');
  readonly #subtitle = element('span', { class: 'muted' });
  readonly #analyse: ReturnType<typeof button>;
  readonly #progress = new ProgressBar(t('Reading'));

  constructor({ analyse, reload }: { analyse: () => void; reload: () => void }) {
    this.#analyse = button(t('Analyse'), { class: 'primary', 'data-testid': 'analyse' }, analyse);
    const again = button(t('Reload'), { 'data-testid': 'reload', title: t('Read the file again') }, reload);
    this.element = element(
      'header',
      { class: 'header' },
      element('div', { class: 'identity' }, this.#name, this.#subtitle),
      element('div', { class: 'choices' }, again, this.#analyse),
      this.#progress.element,
    );
  }

  show({ path, structure, isReading, problem }: StructureSnapshot): void {
    this.#name.textContent = fileName(path);
    this.#name.title = path;
    this.#progress.show(isReading ? { message: t('Reading the file'), fraction: null } : null);
    this.#subtitle.textContent = structure?.summary.familyTitle ?? (isReading ? 'reading…' : '');
    const notRunnable = structure?.summary.notRunnable ?? null;
    this.#analyse.disabled = structure === null || notRunnable !== null;
    this.#analyse.title =
      structure === null
        ? problem === null
          ? t('The file is being read')
          : t('The file cannot be read')
        : (notRunnable ?? t('Run the checkpoint on a text and look at its heads'));
  }
}

/** Last part of a path. */
export function fileName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}
