/**
 * Tabs (WAI-ARIA): one page at a time, chosen by click or by arrow keys, Home and End.
 * Role: which page is shown. A page is made when it is first shown.
 */
import { element } from '../shared/dom';

export interface Page {
  id: string;
  title: string;
  /** Makes what is on it. */
  make: () => HTMLElement[];
}

export class Tabs {
  readonly list: HTMLElement;
  readonly panels: HTMLElement[];
  readonly #pages: readonly Page[];
  readonly #tabs: HTMLButtonElement[];
  readonly #made = new Set<string>();

  constructor(label: string, pages: readonly Page[]) {
    this.#pages = pages;
    this.#tabs = pages.map(({ id, title }) => {
      const tab = element(
        'button',
        { type: 'button', role: 'tab', id: `tab-${id}`, 'aria-controls': `page-${id}`, 'data-testid': `tab-${id}` },
        title,
      );
      tab.addEventListener('click', () => this.show(id));
      return tab;
    });
    this.list = element('div', { class: 'tabs', role: 'tablist', 'aria-label': label }, ...this.#tabs);
    this.list.addEventListener('keydown', (event) => this.#press(event));
    this.panels = pages.map(({ id }) =>
      element('div', { role: 'tabpanel', id: `page-${id}`, 'aria-labelledby': `tab-${id}`, hidden: true }),
    );
  }

  show(id: string): void {
    this.#pages.forEach((page, place) => {
      const [tab, panel] = [this.#tabs[place], this.panels[place]];
      const shown = page.id === id;
      if (tab === undefined || panel === undefined) return;
      tab.setAttribute('aria-selected', String(shown));
      tab.tabIndex = shown ? 0 : -1;
      panel.hidden = !shown;
      if (!shown || this.#made.has(id)) return;
      this.#made.add(id);
      panel.append(...page.make());
    });
  }

  #press(event: KeyboardEvent): void {
    const count = this.#tabs.length;
    const current = this.#tabs.findIndex((tab) => tab.getAttribute('aria-selected') === 'true');
    const next = {
      ArrowLeft: (current + count - 1) % count,
      ArrowRight: (current + 1) % count,
      Home: 0,
      End: count - 1,
    }[event.key];
    const page = next === undefined ? undefined : this.#pages[next];
    if (next === undefined || page === undefined) return;
    event.preventDefault();
    this.show(page.id);
    this.#tabs[next]?.focus();
  }
}
