/**
 * Shades and bars of a text's tokens, drawn on one canvas behind them: a thousand tokens change with every move of the pointer,
 * and as styles of elements that would take several frames.
 * Role: the canvas. Which rectangles there are is textInkMarks.ts; tokens, their events and what the numbers mean are others'.
 */
import { element } from './dom';
import { inkMarks, type Box, type Ink } from './textInkMarks';
import { onThemeChange } from './theme';

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
