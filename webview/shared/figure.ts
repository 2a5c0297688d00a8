/** What a page is made of: figures. Role: the contract; drawing is each figure's own. */
import type { FigureNumbers, Gathering } from './figureNumbers';

export type { FigureNumbers, FigureOrigin, FigureValue, Gathering } from './figureNumbers';

/** A figure while all of it is in the page. */
export interface Whole {
  /** How much of it has not come yet. */
  missing(): number;
  /** What part of the figure the picture is; null: all of it. */
  part(): string | null;
  /** Takes out again what is out of sight. */
  end(): void;
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
  numbers(view: View): FigureNumbers | null;
  /** Puts into the page what of the figure is out of sight and not in it, for the time of a picture. */
  showWhole?(): Whole;
  /**
   * All numbers of what is drawn, for files, where a table could not show them: maps. Asks for what is missing.
   * @throws GqaLensError when there are more than a file may hold
   */
  gather?(view: View, gathering: Gathering): Promise<FigureNumbers>;
}
