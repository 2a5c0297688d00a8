/**
 * A drawn SVG as a file of its own: every style that the page gives it written into it, on the page's background.
 * Role: from an element on the page to text or bytes. Where they go is the host's business.
 */

/** The properties that our figures style and that children inherit; the rest is as browsers have it. */
const INHERITED = [
  ...['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-linecap', 'stroke-linejoin', 'paint-order'],
  ...['font-family', 'font-size', 'font-weight', 'text-anchor', 'dominant-baseline'],
];
/** What only the page needs. */
const PAGE_ONLY = /^(style|class|role|tabindex|aria-|data-)/;
const NAMESPACE = 'http://www.w3.org/2000/svg';
/** Pixels of a PNG for each of the screen: sharp when printed. */
const PNG_SCALE = 2;
const PADDING = 12;

/** The figure as an SVG document that any program shows as the page does. @param title what the figure says */
export function svgDocument(figure: SVGSVGElement, title: string): string {
  const { width, height } = sizeOf(figure);
  const copy = figure.cloneNode(true) as SVGSVGElement;
  inlineStyles(figure, copy);
  copy.setAttribute('width', String(width));
  copy.setAttribute('height', String(height));
  copy.setAttribute('viewBox', `${-PADDING} ${-PADDING} ${width} ${height}`);
  const name = document.createElementNS(NAMESPACE, 'title');
  name.textContent = title;
  const background = document.createElementNS(NAMESPACE, 'rect');
  for (const [attribute, value] of Object.entries({ x: -PADDING, y: -PADDING, width, height })) {
    background.setAttribute(attribute, String(value));
  }
  background.setAttribute('fill', getComputedStyle(document.body).backgroundColor);
  copy.prepend(name, background);
  return new XMLSerializer().serializeToString(copy);
}

/** The figure as a PNG of twice its size on the screen. */
export async function pngBytes(figure: SVGSVGElement, title: string): Promise<Uint8Array> {
  const { width, height } = sizeOf(figure);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgDocument(figure, title))}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = width * PNG_SCALE;
  canvas.height = height * PNG_SCALE;
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (blob === null) throw new Error('The figure could not be drawn as a PNG.');
  return new Uint8Array(await blob.arrayBuffer());
}

function sizeOf(figure: SVGSVGElement): { width: number; height: number } {
  const { width, height } = figure.getBoundingClientRect();
  return { width: Math.ceil(width) + 2 * PADDING, height: Math.ceil(height) + 2 * PADDING };
}

/** Writes each element's own look into its copy: what differs from its parent's, in colours that every program knows. */
function inlineStyles(from: Element, to: Element, outside: CSSStyleDeclaration | null = null): void {
  const style = getComputedStyle(from);
  for (const { name } of Array.from(to.attributes)) if (PAGE_ONLY.test(name)) to.removeAttribute(name);
  for (const property of INHERITED) {
    to.removeAttribute(property);
    const value = style.getPropertyValue(property);
    if (value !== outside?.getPropertyValue(property)) to.setAttribute(property, plainColor(value));
  }
  if (style.opacity !== '1') to.setAttribute('opacity', style.opacity);
  Array.from(from.children).forEach((child, index) => {
    const copy = to.children[index];
    if (copy !== undefined) inlineStyles(child, copy, style);
  });
}

/** A mixed colour, which the browser writes as color(srgb …), in the older form; anything else as it is. */
function plainColor(value: string): string {
  const parts = /^color\(srgb ([\d.e-]+) ([\d.e-]+) ([\d.e-]+)(?: \/ ([\d.e-]+))?\)$/.exec(value);
  if (parts === null) return value;
  const [red, green, blue] = parts.slice(1, 4).map((part) => Math.round(Number(part) * 255));
  return `rgba(${red ?? 0}, ${green ?? 0}, ${blue ?? 0}, ${parts[4] ?? '1'})`;
}
