/** SVG elements as buttons: pointing at them, focusing them, pressing them by pointer or key. Role: events; no drawing. */
import type { BaseType, Selection } from 'd3';

export interface ButtonEvents<Item> {
  /** Pointed at or focused; null when no longer. */
  look: (item: Item | null) => void;
  activate: (item: Item) => void;
  /** Takes a key before Enter and space activate. @returns whether it meant something */
  press?: (event: KeyboardEvent, item: Item) => boolean;
}

/** Pointer, focus and activation. The elements bring role and tabindex. */
export function listenAsButtons<Item>(
  nodes: Selection<SVGGElement, Item, BaseType, unknown>,
  { look, activate, press }: ButtonEvents<Item>,
): void {
  nodes
    .on('pointerenter focus', (_: Event, item) => look(item))
    .on('pointerleave blur', () => look(null))
    .on('click', (_: Event, item) => activate(item))
    .on('keydown', (event: KeyboardEvent, item) => {
      if (press?.(event, item) === true) {
        event.preventDefault();
        return;
      }
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      activate(item);
    });
}
