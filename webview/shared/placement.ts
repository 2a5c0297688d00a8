/** Where a card beside the pointer stands, so that all of it is on the screen. */

const OFFSET = 18;

/** @param at screen position of the pointer. The card must be shown already: its size is read. */
export function placeBeside(card: HTMLElement, at: { x: number; y: number }): void {
  const box = card.getBoundingClientRect();
  const left = at.x + OFFSET + box.width > window.innerWidth ? at.x - OFFSET - box.width : at.x + OFFSET;
  const top = Math.min(at.y + OFFSET, window.innerHeight - box.height - 4);
  card.style.left = `${Math.max(4, left)}px`;
  card.style.top = `${Math.max(4, top)}px`;
}
