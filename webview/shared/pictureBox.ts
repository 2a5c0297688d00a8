/**
 * The box of an element as SVG: shadow rings, background, gradient, bars, borders, outline.
 * Role: from computed style to SVG elements. It knows the CSS that our figures use, and no more.
 */
import { bottomBars, gradientStops, isSeen, rings } from './cssValues';
import type { PictureSheet } from './pictureSheet';
import { round, svgElement } from './pictureSvg';
import { plainColor } from './svgCopy';

/** Draws the box of an element with this style into `to`, and extends the sheet by it. */
export function drawBox(sheet: PictureSheet, box: DOMRect, style: CSSStyleDeclaration, to: SVGElement): void {
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
    sheet.extend(box.left - grown, box.top - grown, box.right + grown, box.bottom + grown);
  };
  for (const { spread, color } of rings(style.boxShadow)) {
    rect(spread / 2, { fill: 'none', stroke: plainColor(color), 'stroke-width': spread });
  }
  if (isSeen(style.backgroundColor)) rect(0, { fill: plainColor(style.backgroundColor) });
  const gradient = gradientFill(sheet, style.backgroundImage, to);
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
  } else drawSides(sheet, box, sides, to);
  const outline = style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth);
  if (outline > 0 && isSeen(style.outlineColor)) {
    const look = { fill: 'none', stroke: plainColor(style.outlineColor), 'stroke-width': outline };
    rect(parseFloat(style.outlineOffset) + outline / 2, look);
  }
}

/** Borders that differ from side to side. */
function drawSides(
  sheet: PictureSheet,
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
    sheet.extend(Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2));
  });
}

/** A gradient from left to right as a fill; null where there is none. */
function gradientFill(sheet: PictureSheet, image: string, to: SVGElement): string | null {
  const stops = gradientStops(image);
  if (stops === null) return null;
  const id = sheet.newId('gradient');
  const marks = stops.map(({ offset, color }) => svgElement('stop', { offset, 'stop-color': plainColor(color) }));
  to.append(svgElement('linearGradient', { id }, ...marks));
  return `url(#${id})`;
}
