/**
 * What a figure's frame shows, as SVG: boxes with their backgrounds and borders, lines of text, canvases as images, drawings
 * as they are. Controls are left out: they do nothing in a picture.
 * Role: from laid-out elements to SVG elements. It knows the CSS that our figures use, and no more.
 */
import { bottomBars, gradientStops, isSeen, rings } from './cssValues';
import { override, unfold } from './pictureLayout';
import { round, svgElement } from './pictureSvg';
import { copySvg, plainColor } from './svgCopy';
import { linesOf } from './textLines';

/** What a picture leaves out: things to press, and what says so itself. Buttons that carry content stay: rows, headings of columns. */
const LEFT_OUT =
  '[data-no-picture], select, input, textarea, label, .segmented, .chip, .panel-head button, [popover], button.link:not(:is(td, th) *)';
/** What a button carries that is more than a sign. */
const WORDS = /[\p{L}\p{N}]/u;

export interface PictureBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Draws a frame whole, also what is scrolled out of sight in it. */
export function drawFrame(frame: HTMLElement): { content: SVGElement; box: PictureBox } {
  const undo: (() => void)[] = [];
  try {
    unfold(frame, undo);
    const content = svgElement('g', {});
    const drawer = new Drawer(undo);
    drawer.drawElement(frame, content);
    const { left, top, right, bottom } = drawer.extent;
    return { content, box: { x: left, y: top, width: right - left, height: bottom - top } };
  } finally {
    for (const back of undo.reverse()) back();
  }
}

class Drawer {
  readonly extent = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  readonly #undo: (() => void)[];
  readonly #pen = document.createElement('canvas').getContext('2d');
  #clips = 0;

  constructor(undo: (() => void)[]) {
    this.#undo = undo;
  }

  drawElement(from: Element, to: SVGElement): void {
    // Custom elements are the editor's controls.
    if (from.matches(LEFT_OUT) || from.tagName.includes('-')) return;
    if (from instanceof HTMLButtonElement && !WORDS.test(from.textContent)) return;
    const style = getComputedStyle(from);
    if (style.display === 'none' || style.visibility === 'hidden' || style.opacity === '0') return;
    if (from instanceof SVGSVGElement) {
      this.#drawDrawing(from, to);
      return;
    }
    if (!(from instanceof HTMLElement)) return;
    const group = this.#groupOf(from, style, to);
    const box = from.getBoundingClientRect();
    if (box.width > 0 && box.height > 0) this.#drawBox(box, style, group);
    if (from instanceof HTMLCanvasElement) this.#drawCanvas(from, box, style, group);
    if (style.position !== 'static') this.#drawPseudo(from, box, style, group);
    const clipped = this.#clip(from, style, box, group);
    for (const child of from.childNodes) {
      if (child instanceof Element) this.drawElement(child, clipped);
      else if (child instanceof Text) this.#drawText(child, style, clipped);
    }
    if (group !== to && !group.hasChildNodes()) group.remove();
  }

  /** A group where the element is seen through or turned. A turned one is measured unturned. */
  #groupOf(from: HTMLElement, style: CSSStyleDeclaration, to: SVGElement): SVGElement {
    const { opacity, transform, transformOrigin } = style;
    if (opacity === '1' && transform === 'none') return to;
    const group = svgElement('g', { opacity: opacity === '1' ? undefined : opacity });
    if (transform !== 'none') {
      override(from, 'transform', 'none', this.#undo);
      const box = from.getBoundingClientRect();
      const [x = 0, y = 0] = transformOrigin.split(' ').map((length) => parseFloat(length));
      const [left, top] = [box.left + x, box.top + y];
      group.setAttribute('transform', `translate(${left} ${top}) ${transform} translate(${-left} ${-top})`);
    }
    to.append(group);
    return group;
  }

  #drawBox(box: DOMRect, style: CSSStyleDeclaration, to: SVGElement): void {
    const radius = Math.min(parseFloat(style.borderTopLeftRadius), box.width / 2, box.height / 2);
    const rect = (grown: number, look: Record<string, string | number | undefined>): void => {
      to.append(
        svgElement('rect', {
          ...{ x: round(box.left - grown), y: round(box.top - grown) },
          ...{ width: round(box.width + 2 * grown), height: round(box.height + 2 * grown) },
          rx: radius > 0 ? round(radius + grown) : undefined,
          ...look,
        }),
      );
      this.#extend(box.left - grown, box.top - grown, box.right + grown, box.bottom + grown);
    };
    for (const { spread, color } of rings(style.boxShadow)) {
      rect(spread / 2, { fill: 'none', stroke: plainColor(color), 'stroke-width': spread });
    }
    if (isSeen(style.backgroundColor)) rect(0, { fill: plainColor(style.backgroundColor) });
    const gradient = this.#gradient(style.backgroundImage, to);
    if (gradient !== null) rect(0, { fill: gradient });
    for (const { color, height } of bottomBars(style.boxShadow)) {
      const below = { x: round(box.left), y: round(box.bottom - height), width: round(box.width), height };
      if (isSeen(color)) to.append(svgElement('rect', { ...below, fill: plainColor(color) }));
    }
    const sides = ['top', 'right', 'bottom', 'left'].map((side) => ({
      width:
        style.getPropertyValue(`border-${side}-style`) === 'none'
          ? 0
          : parseFloat(style.getPropertyValue(`border-${side}-width`)),
      color: style.getPropertyValue(`border-${side}-color`),
      dashes: style.getPropertyValue(`border-${side}-style`) === 'dashed' ? { 'stroke-dasharray': '4 3' } : {},
    }));
    const [top] = sides;
    if (top !== undefined && sides.every(({ width, color }) => width === top.width && color === top.color)) {
      if (top.width > 0 && isSeen(top.color)) {
        rect(-top.width / 2, { fill: 'none', stroke: plainColor(top.color), 'stroke-width': top.width, ...top.dashes });
      }
    } else this.#drawSides(box, sides, to);
    const outline = style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth);
    if (outline > 0 && isSeen(style.outlineColor)) {
      const look = { fill: 'none', stroke: plainColor(style.outlineColor), 'stroke-width': outline };
      rect(parseFloat(style.outlineOffset) + outline / 2, look);
    }
  }

  /** Boxes that a style sheet puts over an element, without text. */
  #drawPseudo(from: HTMLElement, box: DOMRect, outer: CSSStyleDeclaration, to: SVGElement): void {
    for (const name of ['::before', '::after']) {
      const style = getComputedStyle(from, name);
      if (style.content === 'none' || style.content === 'normal' || style.position !== 'absolute') continue;
      const [left, top] = [parseFloat(style.left), parseFloat(style.top)];
      const [width, height] = [parseFloat(style.width), parseFloat(style.height)];
      if ([left, top, width, height].some((length) => !Number.isFinite(length))) continue;
      const x = box.left + parseFloat(outer.borderLeftWidth) + left;
      const y = box.top + parseFloat(outer.borderTopWidth) + top;
      this.#drawBox(new DOMRect(x, y, width, height), style, to);
    }
  }

  #drawSides(
    box: DOMRect,
    sides: readonly { width: number; color: string; dashes: Record<string, string> }[],
    to: SVGElement,
  ): void {
    const ends = [
      [box.left, box.top, box.right, box.top],
      [box.right, box.top, box.right, box.bottom],
      [box.left, box.bottom, box.right, box.bottom],
      [box.left, box.top, box.left, box.bottom],
    ];
    sides.forEach(({ width, color, dashes }, side) => {
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = ends[side] ?? [];
      if (width === 0 || !isSeen(color)) return;
      to.append(svgElement('line', { x1, y1, x2, y2, stroke: plainColor(color), 'stroke-width': width, ...dashes }));
      this.#extend(Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2));
    });
  }

  /** A gradient from left to right as a fill; null where there is none. */
  #gradient(image: string, to: SVGElement): string | null {
    const stops = gradientStops(image);
    if (stops === null) return null;
    const id = this.#newId('gradient');
    const marks = stops.map(({ offset, color }) => svgElement('stop', { offset, 'stop-color': plainColor(color) }));
    to.append(svgElement('linearGradient', { id }, ...marks));
    return `url(#${id})`;
  }

  #drawCanvas(canvas: HTMLCanvasElement, box: DOMRect, style: CSSStyleDeclaration, to: SVGElement): void {
    if (canvas.width === 0 || canvas.height === 0) return;
    to.append(
      svgElement('image', {
        ...{ x: round(box.left), y: round(box.top), width: round(box.width), height: round(box.height) },
        ...{ href: canvas.toDataURL('image/png'), preserveAspectRatio: 'none' },
        'image-rendering': style.imageRendering === 'auto' ? undefined : style.imageRendering,
      }),
    );
    this.#extend(box.left, box.top, box.right, box.bottom);
  }

  #drawDrawing(drawing: SVGSVGElement, to: SVGElement): void {
    const { left, top, right, bottom, width, height } = drawing.getBoundingClientRect();
    if (width === 0 || height === 0) return;
    const copy = copySvg(drawing);
    for (const [name, value] of Object.entries({ x: left, y: top, width, height })) {
      copy.setAttribute(name, String(round(value)));
    }
    if (getComputedStyle(drawing).overflow === 'visible') copy.setAttribute('overflow', 'visible');
    to.append(copy);
    this.#extend(left, top, right, bottom);
  }

  /** A group that shows what the element lets be seen of a content larger than itself. */
  #clip(from: HTMLElement, style: CSSStyleDeclaration, box: DOMRect, to: SVGElement): SVGElement {
    const cuts = style.overflowX !== 'visible' && from.scrollWidth > from.clientWidth + 1;
    const cutsBelow = style.overflowY !== 'visible' && from.scrollHeight > from.clientHeight + 1;
    if (!cuts && !cutsBelow) return to;
    const id = this.#newId('clip');
    const { left: x, top: y, width, height } = box;
    const clipped = svgElement('g', { 'clip-path': `url(#${id})` });
    to.append(svgElement('clipPath', { id }, svgElement('rect', { x, y, width, height })), clipped);
    return clipped;
  }

  #drawText(text: Text, style: CSSStyleDeclaration, to: SVGElement): void {
    if (text.data.trim() === '') return;
    for (const { content, box } of linesOf(text)) {
      const label = content.trimEnd();
      if (label.trim() === '' || box.width === 0) continue;
      const pen = this.#pen;
      let ascent = 0.8;
      if (pen !== null) {
        pen.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
        const { fontBoundingBoxAscent, fontBoundingBoxDescent } = pen.measureText(label);
        ascent = fontBoundingBoxAscent / (fontBoundingBoxAscent + fontBoundingBoxDescent);
      }
      to.append(
        svgElement(
          'text',
          {
            ...{ x: round(box.left), y: round(box.top + box.height * ascent), fill: plainColor(style.color) },
            ...{ 'font-family': style.fontFamily, 'font-size': style.fontSize },
            'font-weight': style.fontWeight === '400' ? undefined : style.fontWeight,
            'text-decoration': style.textDecorationLine === 'none' ? undefined : style.textDecorationLine,
            'font-style': style.fontStyle === 'normal' ? undefined : style.fontStyle,
          },
          style.textTransform === 'uppercase' ? label.toUpperCase() : label,
        ),
      );
      this.#extend(box.left, box.top, box.right, box.bottom);
    }
  }

  #extend(left: number, top: number, right: number, bottom: number): void {
    const { extent } = this;
    extent.left = Math.min(extent.left, left);
    extent.top = Math.min(extent.top, top);
    extent.right = Math.max(extent.right, right);
    extent.bottom = Math.max(extent.bottom, bottom);
  }

  #newId(kind: string): string {
    return `${kind}-${++this.#clips}`;
  }
}
