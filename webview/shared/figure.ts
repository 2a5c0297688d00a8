/** A part of a page that draws itself from the page's view. */
export interface Figure<View> {
  readonly element: HTMLElement;
  /** Draws all of it. */
  render(view: View): void;
  /** Only follows the pointer; must be cheap. */
  emphasise(view: View): void;
}
