/** What a page is made of: figures, and the numbers behind each. Role: the contract; drawing is each figure's own. */

export type FigureValue = string | number | null;

/** The numbers behind a figure: what "view as table", CSV and JSON give. */
export interface FigureNumbers {
  /** What the rows are, in words: model, layer, measure. */
  title: string;
  /** Names of the columns, with units where they have any: "KL (nats)". */
  columns: string[];
  rows: FigureValue[][];
}

/** A part of a page that draws itself from the page's view. */
export interface Figure<View> {
  readonly element: HTMLElement;
  /** Draws all of it. */
  render(view: View): void;
  /** Only follows the pointer; must be cheap. */
  emphasise(view: View): void;
  /** The numbers of what is drawn now; null while there are none. */
  numbers?(view: View): FigureNumbers | null;
}
