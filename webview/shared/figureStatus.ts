/**
 * The line below a figure's title: what is being done with the figure, and a way to stop it.
 * Role: words that come and go. What is done is figureTools.ts.
 */
import { t } from '@vscode/l10n';
import { plainButton } from './controls';
import { element } from './dom';
import type { FigureNumbers, Gathering } from './figure';

/** How long a word stays that goes by itself. */
const WORD_MILLISECONDS = 2500;

export class FigureStatus {
  readonly element = element('p', { class: 'note muted figure-status', role: 'status', hidden: true });
  #gathering: AbortController | null = null;

  say(sentence: string): void {
    this.element.replaceChildren(sentence);
    this.element.hidden = false;
  }

  /** A word that goes by itself. */
  tell(sentence: string): void {
    this.say(sentence);
    setTimeout(() => {
      if (this.element.textContent === sentence) this.hide();
    }, WORD_MILLISECONDS);
  }

  hide(): void {
    this.element.hidden = true;
  }

  /**
   * Says how far a gathering of all numbers has come, and lets the user stop it. Only one at a time: the one before is stopped.
   * @returns the numbers; null when it was stopped
   */
  async gather(work: (gathering: Gathering) => Promise<FigureNumbers>): Promise<FigureNumbers | null> {
    this.#gathering?.abort();
    const controller = new AbortController();
    this.#gathering = controller;
    const cancel = plainButton(t('Cancel'), { class: 'link' }, () => controller.abort());
    const said = element('span');
    this.element.replaceChildren(said, ' ', cancel);
    const progress = (done: number): void => {
      this.element.hidden = false;
      said.textContent = t('Reading the numbers: {0} %', Math.floor(100 * done));
    };
    try {
      return await work({ signal: controller.signal, progress });
    } catch (error) {
      if (controller.signal.aborted) return null;
      throw error;
    } finally {
      if (this.#gathering === controller) {
        this.#gathering = null;
        this.hide();
      }
    }
  }
}
