/**
 * Shades and bars of a text's tokens, drawn on one canvas behind them: a thousand tokens change with every move of the pointer,
 * and as styles of elements that would take several frames.
 * Role: from numbers to rectangles. Tokens, their events and what the numbers mean are others'.
 */
import { element } from './dom';
import { onThemeChange } from './theme';

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
interface Box {
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

export class TextInk {
  readonly canvas = element('canvas', { class: 'text-ink', 'aria-hidden': 'true' });
  /** CSS colours as a canvas knows them. */
  readonly #colors = new Map<string, string>();
  readonly #probe = element('i', { hidden: true });
  #boxes: Box[] = [];
  #ink: Ink | null = null;

  /** @param strip what the tokens stand in: the frame of the canvas */
  constructor(strip: HTMLElement) {
    strip.prepend(this.canvas, this.#probe);
    onThemeChange(() => {
      this.#colors.clear();
      this.#draw();
    });
  }

  /** Reads where the tokens stand. To be called when they have been laid out anew. */
  measure(strip: HTMLElement, tokens: readonly HTMLElement[]): void {
    const frame = strip.getBoundingClientRect();
    this.#boxes = tokens.map((token) => {
      const { left, top, width, height } = token.getBoundingClientRect();
      return { left: left - frame.left, top: top - frame.top, width, height };
    });
    const scale = window.devicePixelRatio;
    const [width, height] = [Math.ceil(frame.width * scale), Math.ceil(frame.height * scale)];
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    this.#draw();
  }

  show(ink: Ink): void {
    this.#ink = ink;
    this.#draw();
  }

  #draw(): void {
    const context = this.canvas.getContext('2d');
    if (context === null || this.#ink === null || this.canvas.width === 0) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.scale(window.devicePixelRatio, window.devicePixelRatio);
    let color = '';
    for (const mark of inkMarks(this.#ink, this.#boxes)) {
      if (mark.color !== color) context.fillStyle = this.#resolve((color = mark.color));
      context.globalAlpha = mark.opacity;
      context.fillRect(mark.left, mark.top, mark.width, mark.height);
    }
  }

  /** A CSS colour without variables. */
  #resolve(color: string): string {
    let known = this.#colors.get(color);
    if (known === undefined) {
      this.#probe.style.color = color;
      this.#colors.set(color, (known = getComputedStyle(this.#probe).color));
    }
    return known;
  }
}

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
