/**
 * A drawing of the page as an SVG element that looks the same anywhere: the styles that the page gives it written into it.
 * Role: copies; the picture around it is picture.ts.
 */

/** The properties that our figures style and that children inherit; the rest is as browsers have it. */
const INHERITED = [
  ...['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-opacity', 'stroke-dasharray', 'stroke-linecap'],
  ...['stroke-linejoin', 'paint-order', 'font-family', 'font-size', 'font-weight', 'font-style', 'text-anchor'],
  ...['dominant-baseline', 'visibility'],
];
/** What only the page needs. */
const PAGE_ONLY = /^(style|class|id|role|tabindex|aria-|data-)/;

/** The drawing without classes, roles and variables. Its size is the caller's. */
export function copySvg(drawing: SVGSVGElement): SVGSVGElement {
  const copy = drawing.cloneNode(true) as SVGSVGElement;
  inlineStyles(drawing, copy);
  return copy;
}

/** Writes each element's own look into its copy: what differs from its parent's, in colours that every program knows. */
function inlineStyles(from: Element, to: Element, outside: CSSStyleDeclaration | null = null): void {
  const style = getComputedStyle(from);
  // Backwards: what is hidden goes, and the places of the others must not change.
  for (let place = from.children.length - 1; place >= 0; place--) {
    const [child, copy] = [from.children[place], to.children[place]];
    if (child === undefined || copy === undefined) continue;
    if (getComputedStyle(child).display === 'none' && child.tagName !== 'title') copy.remove();
    else inlineStyles(child, copy, style);
  }
  for (const { name } of Array.from(to.attributes)) if (PAGE_ONLY.test(name)) to.removeAttribute(name);
  for (const property of INHERITED) {
    to.removeAttribute(property);
    const value = style.getPropertyValue(property);
    if (value !== outside?.getPropertyValue(property)) to.setAttribute(property, plainColor(value));
  }
  if (style.opacity !== '1') to.setAttribute('opacity', style.opacity);
}

/** A mixed colour, which the browser writes as color(srgb …), in the older form; anything else as it is. */
export function plainColor(value: string): string {
  const parts = /^color\(srgb ([\d.e-]+) ([\d.e-]+) ([\d.e-]+)(?: \/ ([\d.e-]+))?\)$/.exec(value);
  if (parts === null) return value;
  const [red, green, blue] = parts.slice(1, 4).map((part) => Math.round(Number(part) * 255));
  return `rgba(${red ?? 0}, ${green ?? 0}, ${blue ?? 0}, ${parts[4] ?? '1'})`;
}
