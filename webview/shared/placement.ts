/**
 * Where a card beside the pointer stands, so that all of it is on the screen: away from the nearer edges.
 * Nothing is measured: reading sizes while the pointer moves would lay the page out once more a move.
 */

const OFFSET = 18;

let viewport: { width: number; height: number } | null = null;

/** The window's size, read when it changes. */
function viewportSize(): { width: number; height: number } {
  if (viewport === null) {
    const measure = (): void => {
      viewport = { width: window.innerWidth, height: window.innerHeight };
    };
    window.addEventListener('resize', measure);
    measure();
  }
  return viewport ?? { width: 0, height: 0 };
}

/** Puts a card with a fixed position beside a place. @param at screen position of the pointer */
export function placeBeside(card: HTMLElement, at: { x: number; y: number }): void {
  const { width, height } = viewportSize();
  const set = (near: string, far: string, place: number, size: number): void => {
    const isFirstHalf = place < size / 2;
    card.style.setProperty(isFirstHalf ? near : far, `${(isFirstHalf ? place : size - place) + OFFSET}px`);
    card.style.setProperty(isFirstHalf ? far : near, 'auto');
  };
  set('left', 'right', at.x, width);
  set('top', 'bottom', at.y, height);
}
