/** From the numbers of a text's tokens to the rectangles behind them. Pure; the canvas is textInk.ts. */

/** One bar of every token. */
export interface TokenBars {
  /** CSS colour. */
  color: string;
  /** [S] length of each token's bar, 0 to 1. */
  lengths: ArrayLike<number>;
}

/** What is drawn behind the tokens. */
export interface Ink {
  /** [S] shade of each token, 0 to 1; null shades none. */
  shade: ArrayLike<number> | null;
  /** [S] a second shade: it takes the lower half of the tokens, and `shade` the upper one. */
  lowerShade: ArrayLike<number> | null;
  /** CSS colour of the shades. */
  color: string;
  /** Bars above the tokens and below them. */
  barsAbove: readonly TokenBars[];
  barsBelow: readonly TokenBars[];
}

/** A token's place, in pixels from the canvas's corner. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** A rectangle to fill. */
export interface InkMark extends Box {
  color: string;
  opacity: number;
}

/** Height of a bar: the strip leaves as much room (textStrip.css). */
const BAR = 3;
/** Shorter bars are left out: they are not seen. */
const SHORTEST_BAR = 0.02;
/** Opacity of the strongest shade: a word stays legible on it; the edge has all of the colour. */
const STRONGEST = 0.28;
const EDGE = 3;

/** The rectangles of an ink: those of a colour follow each other. */
export function inkMarks(ink: Ink, boxes: readonly Box[]): InkMark[] {
  const marks: InkMark[] = [];
  shadeMarks(ink, boxes, marks);
  ink.barsAbove.forEach((bars, row) => {
    const above = ink.barsAbove.length - row;
    barMarks(bars, boxes, ({ top }) => top - above * BAR, marks);
  });
  ink.barsBelow.forEach((bars, row) => barMarks(bars, boxes, ({ top, height }) => top + height + row * BAR, marks));
  return marks;
}

/** The shade within a token's border, strongest at its edge. */
function shadeMarks({ shade, lowerShade, color }: Ink, boxes: readonly Box[], marks: InkMark[]): void {
  boxes.forEach((box, place) => {
    const [left, width, top, height] = [box.left + 1, box.width - 2, box.top + 1, box.height - 2];
    const amount = shade?.[place] ?? 0;
    const lower = lowerShade?.[place] ?? 0;
    const half = lowerShade === null ? height : height / 2;
    if (amount > 0) {
      const edge = lowerShade === null ? top + height - EDGE : top;
      marks.push({ left, width, top, height: half, color, opacity: amount * STRONGEST });
      marks.push({ left, width, top: edge, height: EDGE, color, opacity: amount });
    }
    if (lower > 0) {
      marks.push({ left, width, top: top + half, height: half, color, opacity: lower * STRONGEST });
      marks.push({ left, width, top: top + height - EDGE, height: EDGE, color, opacity: lower });
    }
  });
}

function barMarks(
  { color, lengths }: TokenBars,
  boxes: readonly Box[],
  topOf: (box: Box) => number,
  marks: InkMark[],
): void {
  boxes.forEach((box, place) => {
    const length = lengths[place] ?? 0;
    if (length < SHORTEST_BAR) return;
    const [left, width] = [box.left + 1, (box.width - 2) * length];
    marks.push({ left, width, top: topOf(box), height: BAR, color, opacity: 1 });
  });
}
