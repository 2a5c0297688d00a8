/**
 * The elements of @vscode-elements/elements that the pages use, each under a name of our own, with what it lacks for a keyboard,
 * a screen reader or our pages. Role: nothing else; pages use controls.ts. Which controls are not from that library, and why,
 * says ARCHITECTURE.md.
 */
import { VscodeButton } from '@vscode-elements/elements/dist/vscode-button/vscode-button.js';
import { VscodeCheckbox } from '@vscode-elements/elements/dist/vscode-checkbox/vscode-checkbox.js';
import { VscodeTextarea } from '@vscode-elements/elements/dist/vscode-textarea/vscode-textarea.js';
import { VscodeTextfield } from '@vscode-elements/elements/dist/vscode-textfield/vscode-textfield.js';
import { css } from 'lit';

/** A push button. The space bar presses it and does not scroll the page; one that is disabled says so. */
export class PushButton extends VscodeButton {
  constructor() {
    super();
    this.addEventListener('keydown', (event) => {
      if (event.key === ' ') event.preventDefault();
    });
  }

  override update(changed: Map<PropertyKey, unknown>): void {
    super.update(changed);
    if (changed.has('disabled')) this.ariaDisabled = String(this.disabled);
  }
}

/** A check box. It follows a click on the input itself as well, which is what screen readers do. */
export class TickBox extends VscodeCheckbox {
  constructor() {
    super();
    this.addEventListener('click', (event) => {
      const [target] = event.composedPath();
      if (!(target instanceof HTMLInputElement) || this.disabled) return;
      event.preventDefault();
      this.checked = !this.checked;
      this.dispatchEvent(new Event('change', { bubbles: true }));
    });
  }
}

/** A text box that grows with its text while somebody writes in it. */
export class GrowingText extends VscodeTextarea {
  static override styles = [
    VscodeTextarea.styles,
    css`
      textarea {
        max-height: 3.6em;
        padding: 3px 8px;
        field-sizing: content;
        line-height: 1.4;
      }
      textarea:focus {
        max-height: 9em;
      }
    `,
  ].flat();

  /** Tests find what a user types in by its data-testid: the box itself, not what is around it. */
  protected override firstUpdated(): void {
    nameForTests(this, this.wrappedElement);
  }
}

/** A line of text, e.g. what to search for. */
export class TextLine extends VscodeTextfield {
  protected override firstUpdated(): void {
    nameForTests(this, this.wrappedElement);
  }
}

function nameForTests(outer: HTMLElement, inner: HTMLElement): void {
  const { testid } = outer.dataset;
  if (testid === undefined) return;
  delete outer.dataset.testid;
  inner.dataset.testid = testid;
}

customElements.define('gqa-button', PushButton);
customElements.define('gqa-tick-box', TickBox);
customElements.define('gqa-growing-text', GrowingText);
customElements.define('gqa-text-line', TextLine);

declare global {
  interface HTMLElementTagNameMap {
    'gqa-button': PushButton;
    'gqa-tick-box': TickBox;
    'gqa-growing-text': GrowingText;
    'gqa-text-line': TextLine;
  }
}
