/** Elements of SVG, and lengths as they are written into it. */

const NAMESPACE = 'http://www.w3.org/2000/svg';

/** Makes an SVG element; undefined attributes are left out. */
export function svgElement(
  name: string,
  attributes: Record<string, string | number | undefined>,
  ...children: (Node | string)[]
): SVGElement {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(attribute, String(value));
  }
  made.append(...children);
  return made;
}

/** Two decimals: a hundredth of a pixel. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
