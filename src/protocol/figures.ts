/** What can be done with the figures of a page, by its own menus and by the host's: save, copy, view as table. */

/** What a figure can be saved as: two kinds of pictures, two of numbers. */
export type FigureEnding = 'png' | 'svg' | 'csv' | 'json';

/** A figure as a file: made by the webview, written by the host. */
export interface FigureFile {
  /** Proposed name without ending: "sample-similarity-layer-2". */
  name: string;
  ending: FigureEnding;
  content: string | Uint8Array;
}

/** A figure of a page, for people to choose among. */
export interface FigureInfo {
  /** Unique in its page: "similarity". */
  id: string;
  /** What it is headed by now. */
  title: string;
  /** Whether there are numbers behind it now: then it can be a table, CSV and JSON. */
  hasNumbers: boolean;
}

export type FigureAction =
  | { kind: 'save'; ending: FigureEnding }
  | { kind: 'table' }
  | { kind: 'copy' }
  /** Chooses a KV group, a query head or a token in the whole page. */
  | { kind: 'focus'; on: FigureFocus };

export type FigureFocus = { group: number } | { head: number } | { token: number };

/**
 * What a page tells the editor about a place that a context menu is opened on (data-vscode-context). The names are context
 * keys of package.json's `webview/context`.
 */
export interface FigureContext {
  gqaLensPage: string;
  gqaLensFigure: string;
  gqaLensHasNumbers: boolean;
  /** It is one already. */
  gqaLensIsTable: boolean;
  gqaLensGroup: number | null;
  gqaLensHasGroup: boolean;
  gqaLensHead: number | null;
  gqaLensHasHead: boolean;
  gqaLensToken: number | null;
  gqaLensHasToken: boolean;
}

/** What the host asks of any page with figures. */
export interface FigureViewApi {
  figures(): FigureInfo[];
  /** Does what the figure's menu does. Failures are shown in the page. */
  figureAction(id: string, action: FigureAction): void;
}

/** What any page with figures asks of the host. */
export interface FigureHostApi {
  /** Asks where, and writes the file there whole or not at all. */
  saveFigure(file: FigureFile): Promise<void>;
  copyText(text: string): Promise<void>;
}
