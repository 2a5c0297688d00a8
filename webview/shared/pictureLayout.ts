/** Styles for the time of a drawing: everything is laid out whole, and put back before anything is painted. */

/** Sets a style for the time of the drawing. Nothing is painted before it is undone. */
export function override(target: HTMLElement, property: string, value: string, undo: (() => void)[]): void {
  const before = target.style.getPropertyValue(property);
  const priority = target.style.getPropertyPriority(property);
  target.style.setProperty(property, value, 'important');
  undo.push(() => {
    if (before === '') target.style.removeProperty(property);
    else target.style.setProperty(property, before, priority);
  });
}

/** Lets everything that scrolls show all of itself, and the frame be no taller than that, though it stands beside taller ones. */
export function unfold(frame: HTMLElement, undo: (() => void)[]): void {
  override(frame, 'align-self', 'start', undo);
  for (const part of [frame, ...frame.querySelectorAll<HTMLElement>('*')]) {
    if (!(part instanceof HTMLElement)) continue;
    const { overflowX, overflowY } = getComputedStyle(part);
    const scrolls = (overflow: string): boolean => overflow === 'auto' || overflow === 'scroll';
    if (scrolls(overflowY) && part.scrollHeight > part.clientHeight + 1) {
      override(part, 'max-height', 'none', undo);
      override(part, 'height', 'auto', undo);
    }
    if (scrolls(overflowX) && part.scrollWidth > part.clientWidth + 1) {
      override(part, 'width', `${part.scrollWidth}px`, undo);
      override(part, 'max-width', 'none', undo);
    }
    if (scrolls(overflowX) || scrolls(overflowY)) override(part, 'overflow', 'visible', undo);
  }
}
