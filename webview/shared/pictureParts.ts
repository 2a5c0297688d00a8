/**
 * What a figure's frame shows, as SVG: boxes with their backgrounds and borders, lines of text, canvases as images, drawings
 * as they are. Controls are left out: they do nothing in a picture.
 * Role: going through laid-out elements, with their texts, canvases and drawings. Their boxes are pictureBox.ts.
 */
import { drawBox } from './pictureBox';
import { override, unfold } from './pictureLayout';
import { PictureSheet } from './pictureSheet';
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
    const { left, top, right, bottom } = drawer.sheet.extent;
    return { content, box: { x: left, y: top, width: right - left, height: bottom - top } };
  } finally {
    for (const back of undo.reverse()) back();
  }
}

class Drawer {
  readonly sheet = new PictureSheet();
  readonly #undo: (() => void)[];
  readonly #pen = document.createElement('canvas').getContext('2d');

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
    if (box.width > 0 && box.height > 0) drawBox(this.sheet, box, style, group);
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
      drawBox(this.sheet, new DOMRect(x, y, width, height), style, to);
    }
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
    this.sheet.extend(box.left, box.top, box.right, box.bottom);
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
    this.sheet.extend(left, top, right, bottom);
  }

  /** A group that shows what the element lets be seen of a content larger than itself. */
  #clip(from: HTMLElement, style: CSSStyleDeclaration, box: DOMRect, to: SVGElement): SVGElement {
    const cuts = style.overflowX !== 'visible' && from.scrollWidth > from.clientWidth + 1;
    const cutsBelow = style.overflowY !== 'visible' && from.scrollHeight > from.clientHeight + 1;
    if (!cuts && !cutsBelow) return to;
    const id = this.sheet.newId('clip');
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
      this.sheet.extend(box.left, box.top, box.right, box.bottom);
    }
  }
}
