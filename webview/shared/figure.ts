/** What a page is made of: figures, and the numbers behind each. Role: the contract; drawing is each figure's own. */

export type FigureValue = string | number | null;

/** The numbers behind a figure: what "view as table", CSV and JSON give. */
export interface FigureNumbers {
  /** What the rows are, in words: model, layer, measure. */
  title: string;
  /** Names of the columns, with units where they have any: "KL (nats)". */
  columns: string[];
  rows: FigureValue[][];
  /** What a reader of the table should know: that files hold more, what a column means. */
  note?: string;
}

/** How a figure tells that it still gathers numbers. */
export interface Gathering {
  signal: AbortSignal;
  /** Called with a share from 0 to 1. */
  progress(done: number): void;
}

/** A part of a page that draws itself from the page's view. */
export interface Figure<View> {
  /** Made by `panel` or `part` (panel.ts), which give it a name and the place of its menu. */
  readonly element: HTMLElement;
  /** It is one already, and is not offered as one. */
  readonly isTable?: boolean;
  /** Figures within this one, each with a menu of its own. */
  readonly parts?: readonly Figure<View>[];
  /** Draws all of it. */
  render(view: View): void;
  /** Only follows the pointer; must be cheap. */
  emphasise(view: View): void;
  /** The numbers of what is drawn now; null while there are none. */
  numbers?(view: View): FigureNumbers | null;
  /**
   * All numbers of what is drawn, for files, where a table could not show them: maps. Asks for what is missing.
   * @throws GqaLensError when there are more than a file may hold
   */
  gather?(view: View, gathering: Gathering): Promise<FigureNumbers>;
}

/** What a figure is of: one truth, told by every file that is made of it. null where it does not apply. */
export interface FigureOrigin {
  /** Its name. */
  model: string;
  /** "Llama, 6 layers, MHA of 8 heads". */
  shape: string;
  /** The text that was run. */
  text: string | null;
  layer: string | null;
  conversion: string | null;
  adapter: string | null;
  /** Of the weights, and of the arithmetic. */
  dtype: string | null;
}
