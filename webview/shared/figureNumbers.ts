/** The numbers behind a figure, and what they are of. Types only, known without a page. */

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
  progress: (done: number) => void;
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
  /** Where a picture has no room for all of the figure: what part it shows. */
  part?: string;
}
