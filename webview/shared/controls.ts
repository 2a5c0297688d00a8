/**
 * The small controls that views share: drop-down, segmented switch, check box, buttons, text boxes. Role: one interface to
 * them; which are the editor's elements (editorElements.ts) and which the browser's own is nobody else's business.
 */
import { element } from './dom';
import type { GrowingText, PushButton, TextLine, TickBox } from './editorElements';
import './editorElements';

export interface Choice {
  value: string;
  title: string;
  /** Shown as a tool tip. */
  description?: string;
  disabled?: boolean;
  /** Drop-downs put choices of one group together under its name; they follow each other in the list. */
  group?: string;
}

/** A labelled drop-down. */
export class Picker {
  readonly element: HTMLElement;
  readonly select: HTMLSelectElement;
  #choices = '';

  constructor(testId: string, label: string, changed: (value: string) => void, hint = '') {
    this.select = element('select', { 'data-testid': testId, 'aria-label': label, title: hint });
    this.select.addEventListener('change', () => changed(this.select.value));
    this.element = element('label', { class: 'picker' }, element('span', {}, label), this.select);
  }

  show(choices: readonly Choice[], value: string): void {
    const key = JSON.stringify(choices);
    if (key !== this.#choices) {
      this.#choices = key;
      this.select.replaceChildren(...options(choices));
    }
    if (this.select.value !== value) this.select.value = value;
    const description = choices.find((choice) => choice.value === value)?.description;
    if (description !== undefined) this.select.title = description;
  }
}

function options(choices: readonly Choice[]): HTMLElement[] {
  const option = ({ value, title, description = '', disabled = false }: Choice): HTMLElement =>
    element('option', { value, title: description, disabled }, title);
  const groups = [...new Set(choices.map(({ group }) => group))];
  return groups.flatMap((group) => {
    const members = choices.filter((choice) => choice.group === group).map(option);
    return group === undefined ? members : [element('optgroup', { label: group }, ...members)];
  });
}

/** Two or three choices side by side: a radio group. */
export class Segmented {
  readonly element: HTMLElement;
  readonly #buttons: HTMLButtonElement[];

  constructor(testId: string, label: string, choices: readonly Choice[], changed: (value: string) => void) {
    this.#buttons = choices.map((choice) => {
      const button = element(
        'button',
        { type: 'button', role: 'radio', 'data-value': choice.value, title: choice.description ?? '' },
        choice.title,
      );
      button.addEventListener('click', () => changed(choice.value));
      return button;
    });
    this.element = element(
      'div',
      { class: 'segmented', role: 'radiogroup', 'aria-label': label, 'data-testid': testId },
      ...this.#buttons,
    );
    this.element.addEventListener('keydown', (event) => this.#press(event, changed));
  }

  show(value: string): void {
    this.element.dataset.value = value;
    for (const button of this.#buttons) {
      const chosen = button.dataset.value === value;
      button.setAttribute('aria-checked', String(chosen));
      button.tabIndex = chosen ? 0 : -1;
    }
  }

  #press(event: KeyboardEvent, changed: (value: string) => void): void {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const current = this.#buttons.findIndex((button) => button.getAttribute('aria-checked') === 'true');
    const next = this.#buttons[(current + step + this.#buttons.length) % this.#buttons.length];
    next?.focus();
    changed(next?.dataset.value ?? '');
  }
}

/** A labelled check box. */
export class CheckBox {
  readonly element: TickBox;

  constructor(testId: string, label: string, hint: string, changed: (checked: boolean) => void) {
    this.element = element('gqa-tick-box', { class: 'check', 'data-testid': testId, title: hint }, label);
    this.element.addEventListener('change', () => changed(this.element.checked));
  }

  show(checked: boolean): void {
    this.element.checked = checked;
  }
}

/**
 * A push button as the editor's own are.
 * @param attributes class "primary" is for the one thing that a page is there for
 */
export function button(
  label: string,
  { class: kind, ...attributes }: { [name: string]: string | boolean; class?: 'primary' },
  pressed: () => void,
): PushButton {
  const isPrimary = kind === 'primary';
  const made = element('gqa-button', { ...attributes, ...(isPrimary ? { class: 'primary' } : {}) }, label);
  made.secondary = !isPrimary;
  made.addEventListener('click', pressed);
  return made;
}

/** A button that looks like something else, by its class: a link in a text, a sign, a row, a heading. */
export function plainButton(
  label: string,
  attributes: Record<string, string | boolean>,
  pressed: () => void,
): HTMLButtonElement {
  const made = element('button', { type: 'button', ...attributes }, label);
  made.addEventListener('click', pressed);
  return made;
}

/** A text box of one line that grows while somebody writes in it. Its `input` events bubble. */
export function textBox(testId: string, label: string, placeholder: string): GrowingText {
  const made = element('gqa-growing-text', { 'data-testid': testId, rows: 1, placeholder });
  made.label = label;
  return made;
}

/** A line of text to search by. Its `input` events bubble. */
export function searchLine(testId: string, label: string, placeholder: string, hint: string): TextLine {
  const made = element('gqa-text-line', { 'data-testid': testId, type: 'search', placeholder, title: hint });
  made.label = label;
  return made;
}
