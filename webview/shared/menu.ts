/**
 * A button that opens a menu of actions, after the menu button pattern of the ARIA Authoring Practices: arrow keys, Home,
 * End, first letters, Escape. The browser's popover closes it when anything else is clicked.
 */
import { element } from './dom';

export interface MenuItem {
  /** Test id, and key for `choose`. */
  id: string;
  title: string;
  /** Greyed out, and says why when pointed at. */
  unavailable?: string | null;
  /** A line above it. */
  separated?: boolean;
  choose: () => void;
}

export class MenuButton {
  readonly element: HTMLElement;
  readonly button: HTMLButtonElement;
  readonly #menu: HTMLElement;
  readonly #items: () => readonly MenuItem[];

  /** @param items asked for when the menu opens @param name unique in the page */
  constructor(name: string, label: string, items: () => readonly MenuItem[]) {
    this.#items = items;
    this.#menu = element('div', {
      ...{ class: 'menu', role: 'menu', popover: 'auto', id: `menu-${name}`, 'aria-label': label },
    });
    this.button = element(
      'button',
      {
        ...{ type: 'button', class: 'menu-button', title: label, 'aria-label': label, 'data-testid': `menu-${name}` },
        ...{ 'aria-haspopup': 'menu', 'aria-expanded': 'false', 'aria-controls': `menu-${name}` },
      },
      '⋯',
    );
    this.element = element('div', { class: 'menu-place', 'data-no-picture': true }, this.button, this.#menu);
    this.button.popoverTargetElement = this.#menu;
    this.button.addEventListener('keydown', (event) => {
      if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
      event.preventDefault();
      this.#menu.showPopover();
      this.#focus(event.key === 'ArrowDown' ? 0 : -1);
    });
    this.#menu.addEventListener('beforetoggle', (event) => {
      if (event.newState === 'open') this.#fill();
    });
    this.#menu.addEventListener('toggle', (event) => {
      const isOpen = event.newState === 'open';
      this.button.setAttribute('aria-expanded', String(isOpen));
      if (!isOpen) return;
      this.#place();
      if (!this.#menu.contains(document.activeElement)) this.#focus(0);
    });
    this.#menu.addEventListener('keydown', (event) => this.#press(event));
  }

  #fill(): void {
    this.#menu.replaceChildren(
      ...this.#items().flatMap((item) => [
        ...(item.separated === true ? [element('div', { role: 'separator' })] : []),
        this.#entry(item),
      ]),
    );
  }

  #entry({ id, title, unavailable = null, choose }: MenuItem): HTMLElement {
    const entry = element(
      'div',
      {
        ...{ role: 'menuitem', tabindex: -1, 'data-testid': `item-${id}`, title: unavailable ?? '' },
        'aria-disabled': String(unavailable !== null),
      },
      title,
    );
    entry.addEventListener('click', () => {
      if (unavailable !== null) return;
      this.#close();
      choose();
    });
    return entry;
  }

  /** Below the button, within the window. */
  #place(): void {
    const button = this.button.getBoundingClientRect();
    const menu = this.#menu.getBoundingClientRect();
    const below = button.bottom + 2;
    const top = below + menu.height > window.innerHeight ? Math.max(4, button.top - 2 - menu.height) : below;
    this.#menu.style.top = `${top}px`;
    this.#menu.style.left = `${Math.max(4, Math.min(button.right, window.innerWidth - 4) - menu.width)}px`;
  }

  /** @param place negative ones count from the end */
  #focus(place: number): void {
    const entries = this.#entries();
    entries.at(place % Math.max(1, entries.length))?.focus();
  }

  #entries(): HTMLElement[] {
    return [...this.#menu.querySelectorAll<HTMLElement>('[role="menuitem"]')];
  }

  #close(): void {
    this.#menu.hidePopover();
    this.button.focus();
  }

  #press(event: KeyboardEvent): void {
    const entries = this.#entries();
    const current = entries.findIndex((entry) => entry === document.activeElement);
    const { key } = event;
    if (key === 'ArrowDown') this.#focus(current + 1);
    else if (key === 'ArrowUp') this.#focus(current - 1);
    else if (key === 'Home') this.#focus(0);
    else if (key === 'End') this.#focus(-1);
    else if (key === 'Enter' || key === ' ') entries[current]?.click();
    else if (key === 'Escape' || key === 'Tab') this.#close();
    else if (key.length === 1) {
      const after = [...entries.slice(current + 1), ...entries.slice(0, current + 1)];
      after.find((entry) => entry.textContent.toLowerCase().startsWith(key.toLowerCase()))?.focus();
    } else return;
    event.stopPropagation();
    if (key !== 'Tab') event.preventDefault();
  }
}
